// Attacks closing: what it waits for is said and nothing else waited for, its grace is one, and nobody is blamed for it.
import { flow, maxLosses } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { after, drive, entriesOf, entriesOfKind, type Place, signal, until, usePlace } from "./fixtures/place.ts";

const never = () => new Promise<never>(() => {});

const hanging = flow("hanging", {
  input: z.object({}),
  build($) {
    const one = $.step("one", { output: z.string(), timeout: "1d" }).by(never);
    const two = $.step("two", { output: z.string(), timeout: "1d" }).by(never);
    return { one, two };
  },
});

const said = (place: Place) => place.warnings.map(({ message, details }) => [message, details] as const);

describe("closing with steps in flight", () => {
  const here = usePlace("memory");

  it("says after a moment, once, which steps it waits for and for how long at most", async () => {
    const { place } = here;
    const engine = await place.open([hanging], { grace: "30s" });
    const run = await engine.start(hanging, {});
    const closed = engine.close();
    await place.clock.advance(999);
    expect(said(place)).toEqual([]);
    await place.clock.advance(1);
    const steps = `${run.id} one, ${run.id} two`;
    expect(said(place)).toEqual([["closing waits for steps in flight", { steps, atMostMs: 29_000 }]]);
    await place.clock.advance(28_999);
    let isClosed = false;
    void closed.then(() => {
      isClosed = true;
    });
    await place.clock.advance(0);
    expect(isClosed).toBe(false);
    await place.clock.advance(1);
    await closed;
    expect(said(place)).toHaveLength(1);
  });

  it("names the first of many, and says nothing when they end in a moment", async () => {
    const { place } = here;
    const gate = signal<string>();
    const made = flow("many", {
      input: z.object({}),
      build: ($) => ({ slow: $.step("slow", { output: z.string() }).by(() => gate.promise) }),
    });
    const engine = await place.open([made, hanging]);
    for (let i = 0; i < 12; i++) await engine.start(hanging, {});
    const closed = engine.close();
    await place.clock.advance(60_000);
    await closed;
    expect(String(said(place)[0]?.[1]["steps"])).toMatch(/^(r\w+ (one|two), ){10}and 14 more$/);
    const next = await place.reopen([made]);
    await next.start(made, {});
    const before = place.warnings.length;
    const quick = next.close();
    gate.resolve("slow");
    await drive(place, quick, 100);
    expect(place.warnings).toHaveLength(before);
  });

  it("says so when it is the store that takes its time", async () => {
    const { place } = here;
    const engine = await place.open([hanging], { grace: 0 });
    await engine.start(hanging, {});
    const gate = signal();
    place.store.gate = gate.promise;
    const closed = engine.close();
    await place.clock.advance(1_000);
    expect(said(place)).toEqual([["closing waits for the store", {}]]);
    gate.resolve();
    await closed;
  });

  it("does not wait for those in line, who have nothing under way; they are tried again, without blame", async () => {
    const { place } = here;
    const calls: number[] = [];
    let hangs = true;
    const made = flow("scarce", {
      input: z.object({ n: z.number() }),
      build: ($, { n }) =>
        $.step("work", { needs: { n }, output: z.number(), timeout: "1d" }).by({
          limit: { name: "gpu", concurrency: 1 },
          run: async ({ n }) => {
            calls.push(n);
            if (hangs) await after(place, 5_000);
            return n;
          },
        }),
    });
    const engine = await place.open([made]);
    const runs = [];
    for (let n = 0; n < 4; n++) runs.push(await engine.start(made, { n }, { key: String(n) }));
    while (calls.length === 0) await place.clock.advance(1);
    const from = place.clock.now();
    await drive(place, engine.close(), 100);
    expect([place.clock.now() - from <= 5_200, calls]).toEqual([true, [0]]);
    hangs = false;
    const next = await place.reopen([made]);
    for (const { id } of runs) await drive(place, (await next.handle(id)).result());
    const lost = await Promise.all(runs.map(({ id }) => entriesOfKind(next, id, "attempt.lost")));
    expect(lost.flat().every(({ because }) => because === "left")).toBe(true);
  });

  it("does not wait for a run that waits for another: what that one cannot begin any more is left to the next engine", async () => {
    const { place } = here;
    const undone: string[] = [];
    const go = signal();
    const paying = flow("paying", {
      input: z.object({}),
      build($) {
        const paid = $.step("pay", {
          kind: "effect",
          output: z.string(),
          compensate: async () => {
            undone.push("pay");
          },
        }).by(async () => "paid");
        return $.approval("sign", { needs: { paid }, decision: z.object({}), desk: "d", timeout: "1d", onTimeout: {} });
      },
    });
    const calling = flow("calling", {
      input: z.object({}),
      build: ($) => $.call("call", { flow: paying, input: {} }),
    });
    const engine = await place.open([calling]);
    const run = await engine.start(calling, {}, { key: "k" });
    const [called] = await drive(place, untilListed(engine, run.id));
    await drive(place, until(engine, called as string, "approval.requested"));
    const stopping = signal();
    place.store.onCommit = (batch) => {
      if (!batch.some(({ summary }) => summary.id === called && summary.status === "stopping")) return;
      place.store.gate = go.promise; // its stop is on its way to the file, and its undoing not begun
      stopping.resolve();
    };
    await engine.cancel(run.id);
    await drive(place, stopping.promise);
    const from = place.clock.now();
    const closed = engine.close();
    await place.clock.advance(1);
    go.resolve();
    await drive(place, closed, 10);
    expect([place.clock.now() - from < 1_000, undone]).toEqual([true, []]);
    const next = await place.reopen([calling]);
    expect(await drive(place, (await next.handle(run.id)).result())).toMatchObject({
      outcome: "cancelled",
      standing: [],
    });
    expect(undone).toEqual(["pay"]);
  });
});

async function untilListed(engine: Awaited<ReturnType<Place["open"]>>, parent: string): Promise<string[]> {
  for (;;) {
    const { items } = await engine.list({ parent });
    if (items.length > 0) return items.map(({ id }) => id);
    await new Promise(setImmediate);
  }
}

describe("closing again and again", () => {
  const here = usePlace("sqlite");

  it("rule 5: a step that was decided and not begun at a close is blamed for nothing", async () => {
    const { place } = here;
    let gate = signal();
    let second = 0;
    const made = flow("two", {
      input: z.object({}),
      build($) {
        const names = Array.from({ length: maxLosses + 2 }, (_, i) => `slow${i}`);
        const last = names.reduce<unknown>(
          (before, name) =>
            $.step(name, { needs: { before }, output: z.string() }).by(() => gate.promise.then(() => name)),
          "none",
        );
        return $.step("last", { needs: { last }, output: z.string() }).by(() => `done ${++second}`);
      },
    });
    let engine = await place.open([made]);
    const { id } = await engine.start(made, {});
    for (let closes = 0; closes < maxLosses + 1; closes++) {
      await drive(place, inFlight(engine, id, `slow${closes}`), 1);
      const closing = place.reopen([made]);
      await place.clock.advance(1);
      const { resolve } = gate;
      gate = signal();
      resolve(); // it ends within the grace, and what follows is not begun any more
      engine = await drive(place, closing, 1);
    }
    gate.resolve();
    expect(await drive(place, (await engine.handle(id)).result())).toMatchObject({ output: "done 1" });
    const lost = await entriesOfKind(engine, id, "attempt.lost");
    expect(lost.filter(({ because }) => because === undefined)).toEqual([]);
  });
});

/** Resolves when the journal says that everything before the step has ended. */
async function inFlight(engine: Awaited<ReturnType<Place["open"]>>, id: string, name: string): Promise<void> {
  const before = Number(name.slice(4));
  for (;;) {
    const done = (await entriesOf(engine, id)).filter(({ kind }) => kind === "step.completed").length;
    if (done >= before) break;
    await new Promise(setImmediate);
  }
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}
