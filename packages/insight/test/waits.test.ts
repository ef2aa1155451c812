// `why` through calls, signals and the cache, and every kind of entry in words.
import type { Engine, Flow } from "@plumbline/core";
import { expect, it } from "vitest";
import { overviewOf, timeline, why } from "../src/index.ts";
import { check, journalOf, journalsOf, order, pages, refine, route, score, translate } from "./fixtures/patterns.ts";

const pay = (engine: Engine, run: string) =>
  engine.signal({ run, name: "payment", value: { paid: true }, by: "the bank", id: "p-1" });

it("a call leads to the run that was called, and a degraded one is a suspect", async () => {
  const { runs, all } = await journalsOf([check as Flow], [{ id: "1", down: true }]);
  const { record } = runs[0] as (typeof runs)[number];
  const called = all.find(({ summary }) => summary.flow === "collect");
  const told = why(record, "verdict");
  expect(told.steps.map(({ path }) => path)).toEqual(["judge", "collect"]);
  expect(told.steps[1]).toMatchObject({
    answeredBy: called?.summary.id,
    reads: [{ field: "file", value: "no file" }],
    story: { call: { run: called?.summary.id, flow: "collect", outcome: "degraded" } },
  });
  expect(told.suspects).toMatchObject([{ path: "collect", evidence: [{ kind: "called-run", strength: "strong" }] }]);
  expect(called && why(called, "file")).toMatchObject({
    parent: { run: record.summary.id, path: "collect" },
    suspects: [{ path: "ask", evidence: [{ kind: "fallback" }, { kind: "retried" }] }],
  });
  expect(called && overviewOf(called).parent).toMatchObject({ run: record.summary.id, path: "collect" });
});

it("a signal says who sent it; one that nobody sent was decided automatically", async () => {
  const { record } = await journalOf(order(60_000), { id: "7" }, pay);
  const told = why(record, "shipped");
  expect(told.steps.map(({ path }) => path)).toEqual(["ship", "payment"]);
  expect(told.steps[1]?.story.signal).toMatchObject({ via: "signal", id: "p-1", by: "the bank" });
  expect(told.suspects).toEqual([]);
  const { record: silent } = await journalOf(order(5), { id: "7" });
  expect(why(silent, "shipped").suspects).toMatchObject([
    { path: "payment", evidence: [{ kind: "automatic-decision", words: expect.stringContaining("no signal came") }] },
  ]);
});

it("an answer from the cache carries where it came from, and is only a weak suspect", async () => {
  const calls: string[] = [];
  const { runs } = await journalsOf([translate(calls) as Flow], [{ text: "a" }, { text: "a" }]);
  const [first, second] = runs.map(({ record }) => record) as [(typeof runs)[0]["record"], (typeof runs)[0]["record"]];
  expect(calls).toEqual(["a"]);
  const told = why(second, "translated");
  expect(told.steps[0]?.story).toMatchObject({
    isCached: true,
    from: { run: first.summary.id, path: "translate" },
  });
  expect(told.suspects).toMatchObject([
    { evidence: [{ kind: "cached", strength: "weak", words: expect.stringContaining(first.summary.id) }] },
  ]);
  expect(timeline(second).at(-2)).toMatchObject({
    words: expect.stringMatching(/^answered from the cache in .*, kept from run /),
    tone: "good",
  });
});

async function told(target: unknown, input: unknown, during?: Parameters<typeof journalOf>[2]): Promise<string[]> {
  const { record } = await journalOf(target, input, during);
  const moments = timeline(record);
  expect(moments.filter(({ words, kind }) => words === kind)).toEqual([]);
  const inside = moments.filter(({ kind }) => /^(scope|items|turn|sleep|signal|call|timer)\./.test(kind));
  return inside.map(({ path, words, tone }) => `${path}: ${words.replace(/[\d.]+(ms|s|m)\b/g, "0ms")} (${tone})`);
}

it("tells what each kind of node did", async () => {
  expect(await told(route, { message: "hi", sentiment: 0.9 })).toEqual([
    "route: goes into case automatic (plain)",
    "route: answered by case automatic (good)",
  ]);
  expect(await told(score({ graph: "throws" }), { amount: 1 })).toEqual([
    "ask: asks 3 members, 2 must answer (plain)",
    "ask: answered: 2 of 3 votes, 1 missing (warning)",
  ]);
  expect(await told(pages("drop"), { title: "t", pages: [{ scan: "a" }, { scan: "torn" }] })).toEqual([
    "pages: 2 items (plain)",
    "pages: item 0 begins (quiet)",
    "pages: item 1 begins (quiet)",
    "pages: item 1 failed and is done without: pages[1].read failed: it is torn (warning)",
    "pages: answered: 2 items, 1 left out (warning)",
  ]);
  expect(await told(refine(2), { notes: "n" })).toEqual([
    "refine: turn 1 of 3 begins (quiet)",
    "refine: turn 1 is not enough (plain)",
    "refine: turn 2 of 3 begins (quiet)",
    "refine: turn 2 is enough (good)",
    "refine: answered in turn 2 (good)",
  ]);
});

it("tells waits, signals and calls", async () => {
  const waits = await told(order(60_000), { id: "7" }, pay);
  expect(waits).toEqual(
    expect.arrayContaining([
      "cool-off: sleeps for 0ms (plain)",
      "cool-off: wakes up (plain)",
      ": signal payment came from the bank (good)",
      "payment: takes signal payment (good)",
    ]),
  );
  const { runs, all } = await journalsOf([check as Flow], [{ id: "1", down: false }]);
  const words = (record: (typeof all)[number]) => timeline(record).map((one) => one.words.replace(/\d[\d.]*ms/, "0ms"));
  const called = all.find(({ summary }) => summary.flow === "collect") as (typeof all)[number];
  const id = called.summary.id;
  expect(words((runs[0] as (typeof runs)[number]).record).slice(1, 3)).toEqual([
    `calls collect: run ${id}`,
    `run ${id} ended succeeded in 0ms`,
  ]);
  expect(words(called)[0]).toBe(`collect started, called by collect of run ${runs[0]?.record.summary.id}`);
  expect(words(called)).toContain("has its answer, succeeded; held, so that the run that called it can still undo it");
});
