// The pure core under random flows, faults and crashes: no rule is broken in thousands of runs, and the simulator sees it when one is.
import { expect, test } from "vitest";
import { reportOf, shrink, simulate, variedOptions } from "../src/index.ts";

const runs = 3_000;

test(`${runs} simulated runs break no rule`, { timeout: 120_000 }, () => {
  const outcomes = new Set<string>();
  for (let seed = 1; seed <= runs; seed++) {
    const result = simulate(variedOptions(seed));
    outcomes.add(result.outcome);
    if (result.problems.length > 0) throw new Error(reportOf(shrink(result)));
  }
  expect([...outcomes].sort()).toEqual(["cancelled", "degraded", "failed", "succeeded"]);
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
