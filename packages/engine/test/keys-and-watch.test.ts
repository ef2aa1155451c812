// Attacks keys (one run for one key, whoever asks and when) and watching (every committed entry once, from any point).
import { flow, type WatchedEntry } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { sign } from "./fixtures/asking-flow.ts";
import { entriesOf, signal, storeKinds, until, usePlace } from "./fixtures/place.ts";

let calls = 0;
const counting = flow("counting", {
  input: z.any(),
  build: ($, input) => ({
    made: $.step("make", { needs: { input }, kind: "pure", output: z.any() }).by(() => {
      calls++;
      return "made";
    }),
  }),
});

describe.each(storeKinds)("keys on %s", (kind) => {
  const here = usePlace(kind);

  it("rule 25: the same key and input give the same run: one after the other, at once, and after a restart", async () => {
    const { place } = here;
    calls = 0;
    let engine = await place.open([counting]);
    const input = { b: 1, a: [new Date(1), { y: 1, x: 2 }] };
    const reordered = { a: [new Date(1), { x: 2, y: 1 }], b: 1 };
    const together = await Promise.all(Array.from({ length: 20 }, () => engine.start(counting, input, { key: "k" })));
    expect(together.filter((run) => run.created)).toHaveLength(1);
    expect(new Set(together.map((run) => run.id)).size).toBe(1);
    await Promise.all(together.map((run) => run.result()));
    engine = await place.reopen([counting]);
    const again = await engine.start(counting, reordered, { key: "k" });
    expect(again).toMatchObject({ created: false, id: together[0]?.id });
    expect((await again.result()).outcome).toBe("succeeded");
    expect(calls).toBe(1); // nothing of a refused start ever ran
    expect((await entriesOf(engine, again.id)).filter((entry) => entry.kind === "attempt.late")).toEqual([]);
  });

  it("rule 25: another input is a conflict, also a large one; keys belong to their flow", async () => {
    const { place } = here;
    const other = flow("other", { input: z.any(), build: (_, input) => ({ input }) });
    const engine = await place.open([counting, other]);
    const large = { b: "x".repeat(200_000), a: 1 };
    await engine.start(counting, large, { key: "k" });
    await expect(engine.start(counting, { ...large, a: 2 }, { key: "k" })).rejects.toMatchObject({
      code: "key-conflict",
    });
    expect((await engine.start(counting, { a: 1, b: "x".repeat(200_000) }, { key: "k" })).created).toBe(false);
    const elsewhere = await engine.start(other, 1, { key: "k" });
    expect(elsewhere.created).toBe(true);
    expect((await engine.list({ key: "k" })).items).toHaveLength(2);
  });

  it("rule 33: a key that would not come back as it is, is refused", async () => {
    const { place } = here;
    const engine = await place.open([counting]);
    for (const key of ["", "a\0b", "\ud800", "x".repeat(501), 7 as unknown as string]) {
      await expect(engine.start(counting, 1, { key })).rejects.toMatchObject({ code: "option-invalid" });
    }
    const odd = await engine.start(counting, 1, { key: "äöü 💶 ' \" \\ __proto__" });
    expect((await engine.list({ key: "äöü 💶 ' \" \\ __proto__" })).items[0]?.id).toBe(odd.id);
  });

  it("rule 1: nobody hears of a run before its first commit", async () => {
    const { place } = here;
    const engine = await place.open([counting]);
    const gate = signal();
    place.store.gate = gate.promise;
    const committed = signal<string>();
    place.store.onCommit = ([item]) => committed.resolve(item?.summary.id ?? "");
    let acknowledged = false;
    const started = engine.start(counting, 1).then((run) => {
      acknowledged = true;
      return run;
    });
    const id = await committed.promise;
    await new Promise(setImmediate);
    expect(acknowledged).toBe(false);
    expect(await engine.get(id)).toBeUndefined();
    await expect(engine.handle(id)).rejects.toMatchObject({ code: "run-unknown" });
    gate.resolve();
    expect((await (await started).result()).outcome).toBe("succeeded");
  });
});

describe.each(storeKinds)("watching on %s", (kind) => {
  const here = usePlace(kind);
  const asking = flow("asking", {
    input: z.object({}),
    build($) {
      const one = $.step("one", { output: z.number() }).by(() => 1);
      const two = $.step("two", { needs: { one }, output: z.number() }).by(({ one }) => one + 1);
      return {
        verdict: $.approval("sign", {
          needs: { two },
          ...sign(),
        }),
      };
    },
  });

  it("rule 1: from any point on, live until the end, each entry once and only when it is committed", async () => {
    const { place } = here;
    const engine = await place.open([asking]);
    const run = await engine.start(asking, {});
    const watch = async (from: number) => {
      const seen: WatchedEntry[] = [];
      for await (const watched of engine.watch(run.id, { from })) {
        const stored = await entriesOf(engine, run.id);
        expect(stored[watched.index]).toEqual(watched.entry); // whoever sees it, finds it
        seen.push(watched);
      }
      return seen;
    };
    const live = [0, 1, 3, 5, 99].map(watch);
    await until(engine, run.id, "approval.requested");
    const joined = watch(2);
    await engine.decide({ run: run.id, decision: { ok: true } });
    await run.result();
    const entries = await entriesOf(engine, run.id);
    const from = (index: number) => entries.map((entry, i) => ({ index: i, entry })).slice(index);
    expect(await Promise.all(live)).toEqual([from(0), from(1), from(3), from(5), []]);
    expect(await joined).toEqual(from(2));
    expect(await watch(0)).toEqual(from(0)); // and of a run that has ended
    expect(await watch(entries.length)).toEqual([]);
    await engine.decide({ run: run.id, decision: { ok: false }, id: "late" });
    expect(await watch(0)).toEqual(from(0));
    expect(await watch(entries.length + 5)).toEqual([]);
  });

  it("rule 1: whoever stops watching is forgotten; closing tells those who watch", async () => {
    const { place } = here;
    const engine = await place.open([asking]);
    const run = await engine.start(asking, {});
    const stop = new AbortController();
    const aborted = (async () => {
      for await (const _ of engine.watch(run.id, { signal: stop.signal }));
    })();
    for await (const _ of engine.watch(run.id)) break;
    await until(engine, run.id, "approval.requested");
    const watching = (async () => {
      for await (const _ of engine.watch(run.id));
    })();
    watching.catch(() => {});
    stop.abort();
    await aborted;
    await new Promise(setImmediate);
    await engine.close();
    await expect(watching).rejects.toMatchObject({ code: "engine-closed" });
    await expect(run.result()).rejects.toMatchObject({ code: "engine-closed" });
    expect((engine as unknown as { host: { watchers: { size: number } } }).host.watchers.size).toBe(0);
    await expect(
      (async () => {
        for await (const _ of engine.watch(run.id));
      })(),
    ).rejects.toMatchObject({ code: "engine-closed" });
  });
});

describe("a slow watcher", () => {
  const here = usePlace("memory");

  it("rule 32: one that does not keep up is cut off with an error, after what it had been sent and without a gap", async () => {
    const { place } = here;
    const go = signal();
    const many = flow("many", {
      input: z.object({}),
      build($) {
        const first = $.step("first", { output: z.number() }).by(async () => {
          await go.promise;
          return 1;
        });
        // Each step fails twice and is retried at once: five entries a step.
        const all = Array.from({ length: 2_500 }, (_, i) =>
          $.step(`s${i}`, { needs: { first }, output: z.number(), retry: { delay: 0 } }).by((_, { attempt }) => {
            if (attempt < 3) throw new Error("again");
            return 1;
          }),
        );
        return { all };
      },
    });
    const engine = await place.open([many]);
    const run = await engine.start(many, {});
    const watching = engine.watch(run.id)[Symbol.asyncIterator]();
    expect((await watching.next()).value?.index).toBe(0);
    const next = watching.next();
    go.resolve();
    const seen = [(await next).value?.index];
    await run.result();
    const rest = (async () => {
      for (let one = await watching.next(); !one.done; one = await watching.next()) seen.push(one.value.index);
    })();
    await expect(rest).rejects.toMatchObject({ code: "watch-too-slow" });
    expect(seen).toEqual(seen.map((_, i) => i + 1));
    const resumed: number[] = [];
    for await (const { index } of engine.watch(run.id, { from: seen.length + 1 })) resumed.push(index);
    expect(resumed[0]).toBe(seen.length + 1);
    expect(resumed.length + seen.length + 1).toBe((await entriesOf(engine, run.id)).length);
  });
});
