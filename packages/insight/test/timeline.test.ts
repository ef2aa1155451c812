// The journal in words: one moment an entry, whatever the entry.
import { expect, it } from "vitest";
import { overviewOf, timeline } from "../src/index.ts";
import { application, type Faults, journalOf, loan } from "./fixtures/loan.ts";

async function told(faults: Faults): Promise<string[]> {
  const { record } = await journalOf(loan(faults), application, faults);
  const moments = timeline(record);
  expect(moments.map(({ kind }) => kind)).toEqual(record.entries.map(({ kind }) => kind));
  return moments.map(({ path, words }) => `${path}: ${words.replace(/[\d.]+(ms|s)\b/g, "0ms")}`);
}

it("tells a degraded run from start to end", async () => {
  const words = await told({ garbage: true, modelDown: true });
  expect(words).toEqual([
    ": loan started",
    'extract: attempt 1 broke the contract: check "income is positive": -1',
    "extract: tries again in 0ms",
    "extract: answered in 0ms",
    "similar: answered in 0ms",
    "summarise: attempt 1 of model failed: the model is down and so is its cousin",
    "summarise: tries again in 0ms",
    "summarise: attempt 2 of model failed: the model is down and so is its cousin",
    "summarise: goes on with last good",
    expect.stringContaining("summarise: attempt 3 of last good failed:"),
    "summarise: goes on with template",
    "summarise: answered by template in 0ms",
    "underwriter: waits for desk underwriting, at most 1m",
    "underwriter: decided by ada: known customer",
    "book: its condition holds",
    "book: attempt 1 begins: an effect",
    "book: answered in 0ms",
    ": degraded",
  ]);
});

it("tells a note alone where nothing was done yet", async () => {
  const { record } = await journalOf(loan(), application);
  const slot = record.entries.find(({ kind }) => kind === "step.completed") as { slot: number };
  const progressed = { kind: "attempt.progressed", at: 0, slot: slot.slot, attempt: 1 } as const;
  const [started, ...rest] = record.entries;
  const marks = [
    { ...progressed, fraction: 0, note: "runs alone" },
    { ...progressed, fraction: 0 },
    { ...progressed, fraction: 0.5, note: "page 1" },
  ];
  const moments = timeline({ ...record, entries: [started as (typeof rest)[number], ...marks, ...rest] });
  expect(moments.slice(1, 4).map(({ words }) => words)).toEqual(["runs alone", "0 %", "50 % page 1"]);
});

it("tells what was skipped, and who did not answer", async () => {
  const words = await told({ timeoutMs: 5 });
  expect(words.slice(-5)).toEqual([
    "underwriter: waits for desk underwriting, at most 0ms",
    "underwriter: nobody answered in time",
    "underwriter: decided automatically: nobody answered in time",
    "book: skipped: its condition does not hold",
    ": degraded",
  ]);
});

it("gives a run in one document", async () => {
  const { record, result } = await journalOf(loan({ bankDown: true }), application, { bankDown: true });
  expect(overviewOf(record)).toMatchObject({
    summary: { id: result.id, outcome: "failed" },
    standing: [{ path: "book", certainty: "in-doubt" }],
    failure: { message: expect.stringContaining("the bank refused") },
    partial: { extract: '{"income":4000,"amount":10000}' },
  });
  const { record: good } = await journalOf(loan(), application);
  expect(overviewOf(good)).toMatchObject({
    output: '{"approved":true,"via":"person","reference":"LN-1","note":"v1"}',
    partial: {},
    steps: [{ path: "extract", status: "succeeded" }, {}, {}, { answeredBy: "person" }, {}],
  });
});
