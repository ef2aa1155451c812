// Attacks rule 32 in memory: a store that runs for ever stays flat, and what is forgotten is missed by nobody who may ask for it.
import { flow } from "@plumbline/core";
import { type EngineOptions, MemoryStore, memory, openEngine } from "@plumbline/engine";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { asking } from "./fixtures/asking-flow.ts";

const bytes = flow("bytes", {
  input: z.object({ n: z.number() }),
  build: ($, { n }) =>
    $.step("make", { needs: { n }, output: z.instanceof(Uint8Array) }).by(({ n }) => new Uint8Array(20_000).fill(n)),
});
const parked = asking("parked");

/** An engine on a store that can be looked into. */
async function opened(keep: number | undefined, more: Partial<EngineOptions> = {}) {
  const store = new MemoryStore(keep === undefined ? {} : { keep });
  const warnings: string[] = [];
  const engine = await openEngine({
    store: { open: async () => store },
    flows: [bytes, parked],
    onWarning: ({ message }) => warnings.push(message),
    ...more,
  });
  onTestFinished(() => engine.close());
  return { engine, store, warnings };
}

test("rule 32: of runs that have ended so many are kept, blobs and all; of those that go on every one", async () => {
  const { engine, store } = await opened(3);
  const waiting = await engine.start(parked, {});
  for (let n = 0; n < 50; n++) await (await engine.start(bytes, { n })).result();
  await engine.start(parked, {}); // what has been ended too much is forgotten with the next commit
  expect(store.counts).toMatchObject({ runs: 3 + 2, blobs: 3, keys: 0 });
  const { items } = await engine.list({ flow: "bytes" });
  expect(items).toHaveLength(3);
  await engine.decide({ run: waiting.id, decision: { ok: true } });
  expect(await waiting.result()).toMatchObject({ outcome: "succeeded" });
});

test("rule 32: a thousand by default", async () => {
  const { engine, store } = await opened(undefined);
  await Promise.all(
    Array.from({ length: 1_500 }, (_, n) => engine.start(bytes, { n: n % 7 }).then((run) => run.result())),
  );
  await engine.start(parked, {});
  expect(store.counts.runs).toBe(1_001);
  expect(await engine.list({ limit: 1_000 })).toMatchObject({ items: { length: 1_000 } });
});

test("whoever holds a handle reads its result, whenever that is, also of one that is kept by nobody else", async () => {
  const { engine, store } = await opened(0);
  const runs = await Promise.all(Array.from({ length: 600 }, (_, n) => engine.start(bytes, { n: n % 200 })));
  const parkedRun = await engine.start(parked, {});
  await engine.start(parked, {});
  expect(store.counts.runs).toBe(2);
  for (const [n, run] of runs.entries()) {
    const { output } = await run.result();
    expect(output?.[7]).toBe(n % 200);
    expect((await run.result()).id).toBe(run.id);
  }
  const again = await engine.handle(parkedRun.id);
  await engine.decide({ run: parkedRun.id, decision: { ok: true } });
  await engine.start(parked, {});
  await engine.start(parked, {});
  expect((await again.result()).outcome).toBe("succeeded");
  await expect(engine.handle(parkedRun.id)).rejects.toMatchObject({ code: "run-unknown" });
  expect(await engine.get(parkedRun.id)).toBeUndefined();
});

test("rule 25: a key outlives its run: nothing is started again, and another input is a conflict", async () => {
  const { engine, store } = await opened(1);
  const first = await engine.start(bytes, { n: 1 }, { key: "k" });
  await first.result();
  for (let n = 0; n < 5; n++) await (await engine.start(bytes, { n })).result();
  const again = await engine.start(bytes, { n: 1 }, { key: "k" });
  expect(again).toMatchObject({ created: false, id: first.id });
  expect(await first.result()).toMatchObject({ outcome: "succeeded" });
  await expect(again.result()).rejects.toMatchObject({ code: "run-forgotten", path: first.id });
  await expect(engine.start(bytes, { n: 2 }, { key: "k" })).rejects.toMatchObject({ code: "key-conflict" });
  expect(store.counts.keys).toBe(1);
});

test("rule 10: a run that was called is not forgotten before the run that called it has ended", async () => {
  const failing = flow("failing", {
    input: z.object({}),
    build: ($) =>
      $.step("fail", { output: z.string(), retry: { maxAttempts: 1 } }).by(() => {
        throw new Error("down");
      }),
  });
  const calling = flow("calling", {
    input: z.object({}),
    build($) {
      const called = $.call("call", { flow: failing, input: {} });
      const verdict = $.approval("sign", { decision: z.object({}), desk: "d", timeout: "1h", onTimeout: {} });
      return { called, verdict };
    },
  });
  const survivor = flow("survivor", {
    input: z.object({}),
    build($) {
      const called = $.call("call", { flow: bytes, input: { n: 1 } });
      return $.approval("sign", { needs: { called }, decision: z.object({}), desk: "d", timeout: "1h", onTimeout: {} });
    },
  });
  const { engine, store, warnings } = await opened(0, { flows: [calling, survivor, bytes] });
  const run = await engine.start(survivor, {});
  while ((await engine.list({ desk: "*" })).items.length === 0) await new Promise(setImmediate);
  for (let n = 0; n < 5; n++) await (await engine.start(bytes, { n })).result();
  expect((await engine.list({ parent: run.id })).items).toMatchObject([{ status: "held" }]);
  const failed = await engine.start(calling, {});
  expect(await failed.result()).toMatchObject({ outcome: "failed" });
  await engine.decide({ run: run.id, decision: {} });
  expect(await run.result()).toMatchObject({ outcome: "succeeded" });
  for (let n = 0; n < 3; n++) await (await engine.start(bytes, { n })).result(); // the last one is there until the next
  expect([store.counts, warnings]).toEqual([{ runs: 1, blobs: 1, keys: 0 }, []]);
});

test("rule 18: what comes late of a run that is forgotten goes nowhere, and harms nobody", async () => {
  const gate = Promise.withResolvers<string>();
  const late = flow("late", {
    input: z.object({}),
    build: ($) =>
      $.step("ask", { output: z.string(), timeout: 5, retry: { maxAttempts: 1 } }).by(
        () => gate.promise,
        () => "second",
      ),
  });
  const { engine, warnings } = await opened(0, { flows: [late, bytes] });
  const run = await engine.start(late, {});
  expect(await run.result()).toMatchObject({ output: "second" });
  for (let n = 0; n < 3; n++) await (await engine.start(bytes, { n })).result();
  gate.resolve("first");
  for (let n = 0; n < 3; n++) await (await engine.start(bytes, { n })).result();
  expect([warnings, await run.result()]).toMatchObject([[], { output: "second" }]);
});

test("rule 32: pages of a list go on where they were, whatever is forgotten meanwhile", async () => {
  const { engine } = await opened(20);
  for (let n = 0; n < 20; n++) await (await engine.start(bytes, { n })).result();
  const first = await engine.list({ limit: 5 });
  for (let n = 0; n < 10; n++) await (await engine.start(bytes, { n })).result();
  const second = await engine.list({ limit: 100, cursor: first.next as string });
  const ids = [...first.items, ...second.items].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(second.items.length).toBeLessThanOrEqual(15);
  expect(second.items.every(({ startedAt }) => startedAt <= (first.items.at(-1)?.startedAt as number))).toBe(true);
});

test.each<[string, unknown]>([
  ["a text", "10"],
  ["a part of one", 0.5],
  ["less than none", -1],
])("rule 33: keep is no number of runs: %s", (_what, keep) => {
  expect(() => memory({ keep: keep as number })).toThrow(
    expect.objectContaining({ code: "option-invalid", path: "memory.keep" }),
  );
});

test("rule 33: an option that there is not", () => {
  expect(() => memory({ keeps: 1 } as never)).toThrow(expect.objectContaining({ mend: "did you mean keep?" }));
});
