// Attacks a run with many called runs under way: what it costs to hear of each must not grow with how many there are.
import { type Engine, flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { activeRuns, drive, entriesOfKind, found, type Place, storeKinds, until, usePlace } from "./fixtures/place.ts";

const calls = 200;

const asking = flow("asking", {
  input: z.object({ n: z.number() }),
  build: ($) => ({ said: $.signal("go", { schema: z.number(), timeout: "1d", onTimeout: -1 }) }),
});

const many = flow("many", {
  input: z.array(z.number()),
  build: ($, items) =>
    $.map("each", {
      over: items,
      concurrency: calls,
      each: ($, item) => $.call("ask", { flow: asking, input: { n: item } }).said,
    }),
});

/** Counts how often each journal is read, from now on or from the next opening on. */
function countReads(place: Place, when: "now" | "from the next opening on"): Map<string, number> {
  const counts = new Map<string, number>();
  const counting = (store: Place["store"]) => {
    store.onRead = (what, run) => {
      if (what === "load") counts.set(run, (counts.get(run) ?? 0) + 1);
    };
  };
  if (when === "now") counting(place.store);
  else place.onOpen = counting;
  return counts;
}

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);

async function begun(place: Place, engine: Engine): Promise<{ readonly id: string; readonly asked: string[] }> {
  const run = await engine.start(
    many,
    Array.from({ length: calls }, (_, i) => i),
    { key: "k" },
  );
  const waiting = () => engine.list({ parent: run.id, status: "waiting", limit: 1_000 });
  await found(place, async () => ((await waiting()).items.length === calls ? [true] : []));
  while (activeRuns(engine) > 0) await place.clock.advance(1);
  const asked = (await entriesOfKind(engine, run.id, "call.requested")).map((entry) => entry.run);
  return { id: run.id, asked };
}

/** Answers one after the other, each when what the one before set in motion is over. */
async function answerAll(place: Place, engine: Engine, asked: readonly string[], apartMs: number): Promise<void> {
  for (const [value, run] of asked.entries()) {
    await drive(place, engine.signal({ run, name: "go", value }), 0);
    await place.clock.advance(apartMs);
  }
}

for (const kind of storeKinds) {
  describe(`many called runs: ${kind}`, () => {
    const here = usePlace(kind);

    for (const apartMs of [0, 5_000]) {
      it(`each is read for its own answer alone, whether its caller is out of memory by then or not (${apartMs} ms apart)`, async () => {
        const { place } = here;
        const engine = await place.open([many]);
        const { id, asked } = await begun(place, engine);
        const read = countReads(place, "now");
        await answerAll(place, engine, asked, apartMs);
        const result = await drive(place, (await engine.handle(id)).result(), 0);
        expect(result.output).toEqual(asked.map((_, value) => value));
        while (activeRuns(engine) > 0) await place.clock.advance(100);
        await found(place, async () => {
          const { items } = await engine.list({ parent: id, status: "ended", limit: 1_000 });
          return items.length === calls ? [true] : [];
        });
        for (const run of asked) expect(read.get(run), run).toBeLessThanOrEqual(2); // for its answer, and to be released
        expect(read.get(id)).toBeLessThanOrEqual(apartMs === 0 ? 10 : calls + 10);
      });
    }

    it("after a crash each is looked at once, and then for its own answer alone", async () => {
      const { place } = here;
      const first = await place.open([many]);
      const { id, asked } = await begun(place, first);
      await place.crash();
      const read = countReads(place, "from the next opening on");
      const engine = await place.open([many]);
      while (activeRuns(engine) > 0) await place.clock.advance(1);
      await answerAll(place, engine, asked, 5_000);
      await drive(place, (await engine.handle(id)).result(), 0);
      for (const run of asked) expect(read.get(run), run).toBeLessThanOrEqual(4);
      expect(read.get(id)).toBeLessThanOrEqual(calls + 10);
    });

    it("runs that are held for a caller that waits cost one look at it, however many come back", async () => {
      const { place } = here;
      const quick = flow("quick", {
        input: z.object({ n: z.number() }),
        build: ($, { n }) => ({ n: $.step("say", { needs: { n }, output: z.number() }).by(({ n }) => n) }),
      });
      const holding = flow("holding", {
        input: z.array(z.number()),
        build($, items) {
          const each = $.map("each", {
            over: items,
            concurrency: calls,
            each: ($, item) => $.call("quick", { flow: quick, input: { n: item } }).n,
          });
          return { each, go: $.signal("go", { schema: z.null(), timeout: "1d", onTimeout: null, after: each }) };
        },
      });
      const first = await place.open([holding]);
      const items = Array.from({ length: calls }, (_, i) => i);
      const run = await drive(place, first.start(holding, items, { key: "k" }), 0);
      await drive(place, until(first, run.id, "signal.awaited"), 0);
      await place.crash();
      const read = countReads(place, "from the next opening on");
      const engine = await place.open([holding]);
      await found(place, async () => (read.has(run.id) && activeRuns(engine) === 0 ? [true] : []));
      expect(read.get(run.id)).toBeLessThanOrEqual(2);
      expect(total(read)).toBeLessThanOrEqual(calls + 2);
      await engine.signal({ run: run.id, name: "go", value: null });
      await drive(place, (await engine.handle(run.id)).result(), 0);
      const held = async () => (await engine.list({ parent: run.id, status: "held", limit: 1 })).items;
      await found(place, async () => ((await held()).length === 0 ? [true] : []));
      expect(total(read)).toBeLessThanOrEqual(2 * calls + 10);
    });

    it("rule 22: a caller that waits is not kept for ever because answers came", async () => {
      const { place } = here;
      const engine = await place.open([many]);
      const { id, asked } = await begun(place, engine);
      await answerAll(place, engine, asked.slice(0, 3), 0);
      await found(place, async () => {
        const answered = await entriesOfKind(engine, id, "call.answered");
        return answered.length === 3 ? [true] : [];
      });
      await place.clock.advance(10_000);
      expect(activeRuns(engine)).toBe(0);
    });
  });
}
