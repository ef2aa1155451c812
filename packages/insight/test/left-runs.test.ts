// A run whose engine was closed in the middle, and one whose process died there: how both read, and that only the second is suspicious.
import { type Entry, flow, type RunRecord } from "@plumbline/core";
import { memory, openEngine } from "@plumbline/engine";
import { expect, it } from "vitest";
import { z } from "zod";
import { timeline, why } from "../src/index.ts";

/** The first attempt outlasts the grace of its engine; the next engine's answers. */
async function leftRecord(): Promise<RunRecord> {
  const begun = Promise.withResolvers<void>();
  const slow = flow("slow", {
    input: z.object({}),
    build: ($) =>
      $.step("read", { output: z.string() }).by((_needs, { attempt, signal }) => {
        if (attempt > 1) return "read";
        begun.resolve();
        return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      }),
  });
  const options = { store: memory(), flows: [slow], grace: 1, onWarning: () => {} };
  const first = await openEngine(options);
  const { id } = await first.start(slow, {});
  await begun.promise;
  await first.close();
  const next = await openEngine(options);
  try {
    await (await next.handle(id)).result();
    return (await next.get(id)) as RunRecord;
  } finally {
    await next.close();
  }
}

function killed(entry: Entry): Entry[] {
  if (entry.kind === "run.left") return [];
  if (entry.kind !== "attempt.lost") return [entry];
  const { because: _because, ...lost } = entry;
  return [lost];
}

it("a run that was left says so, in a line of its own, and what was under way was let go of", async () => {
  const record = await leftRecord();
  expect(timeline(record).map(({ path, words, tone }) => [path, words.replace(/[\d.]+ms/, "0ms"), tone])).toEqual([
    ["", "slow started", "plain"],
    ["", "left: the engine was closed; what was under way is tried again", "plain"],
    ["read", "attempt 1 was let go of by its engine", "quiet"],
    ["read", "answered in 0ms", "good"],
    ["", "succeeded", "good"],
  ]);
});

it("rule 5: a clean close makes no step suspicious, a process that died does", async () => {
  const record = await leftRecord();
  const dead = { ...record, entries: record.entries.flatMap(killed) };
  const [left, lost] = [why(record), why(dead)];
  expect(left.suspects).toEqual([]);
  expect(left.steps[0]?.story.attempts.map(({ result }) => result)).toEqual(["left", "answered"]);
  expect(lost.suspects.map(({ path, evidence }) => [path, evidence[0]?.kind])).toEqual([["read", "lost"]]);
  expect(timeline(dead)[1]?.words).toBe("attempt 1 was lost with its process");
});
