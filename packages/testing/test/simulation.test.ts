// The pure core under random flows, faults and crashes: no rule is broken in thousands of runs, everything that can happen does, and a failing run is told.
import { expect, test } from "vitest";
import { reportOf, type SimulationResult, shrink, simulate, variedOptions } from "../src/index.ts";

const runs = 3_000;

/** Kinds of entries, with what makes two of one kind different things. */
function happenings({ journal }: SimulationResult): string[] {
  return journal.map((text) => {
    const { kind, via, key } = JSON.parse(text) as { kind: string; via?: string; key?: unknown };
    if (kind === "scope.stopped") return key === undefined ? "a node is undone" : "an item is undone";
    return kind === "signal.answered" ? `${kind} via ${via}` : kind;
  });
}

test(`${runs} simulated runs break no rule, and between them everything happens`, { timeout: 120_000 }, () => {
  const outcomes = new Set<string>();
  const seen = new Set<string>();
  for (let seed = 1; seed <= runs; seed++) {
    const result = simulate(variedOptions(seed));
    outcomes.add(result.outcome);
    if (result.problems.length > 0) throw new Error(reportOf(shrink(result)));
    for (const one of happenings(result)) seen.add(one);
  }
  expect([...outcomes].sort()).toEqual(["cancelled", "degraded", "failed", "succeeded"]);
  expect([...seen]).toEqual(
    expect.arrayContaining([
      "a node is undone",
      "an item is undone",
      "answer.lost",
      "call.answered",
      "compensation.abandoned",
      "items.listed",
      "scope.closed",
      "scope.failed",
      "signal.answered via signal",
      "signal.answered via timeout",
      "sleep.started",
      "turn.completed",
    ]),
  );
});

test("the same options give the same run, to the last entry", () => {
  for (const seed of [7, 77, 777]) {
    const [first, second] = [simulate(variedOptions(seed)), simulate(variedOptions(seed))];
    expect(second.journal).toEqual(first.journal);
    expect(second.crashes).toBe(first.crashes);
  }
});

test("a failing run is told with its seed, its flow and its journal, and shrunk", () => {
  const result = { ...simulate(variedOptions(3)), problems: ["rule 0: made up"] };
  const report = reportOf(shrink(result));
  expect(report).toContain("seed 3: 1 problems");
  expect(report).toContain("rule 0: made up");
  expect(report).toContain('"kind":"run.started"');
});
