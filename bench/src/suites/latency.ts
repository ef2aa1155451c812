/**
 * Latency: the four-step flow one at a time, in units of a raw commit of the same disk; and how many commits flows make.
 *
 * Boundary: one run alone; what happens under load is throughput.ts. Invariant: flow and raw commit take turns.
 */
import { interleaved, ratiosOf, samplesOf } from "../rounds.ts";
import type { Bench, Figures, Findings, Result, Suite } from "../suite.ts";

export const latency: Suite = {
  name: "latency",
  about: "Four steps one run at a time: durable, with pure steps, in memory; and how many commits each shape makes",
  run,
};

/** A flow of four reads needs four commits before its answer at the least; the goal is 1.2 times that. */
const readGoal = 4 * 1.2;
const pureGoal = 1.5;

async function run(bench: Bench): Promise<Findings> {
  const params = bench.pick({
    full: { turns: 2_000, memoryTurns: 40_000, warmUp: 300 },
    quick: { turns: 150, memoryTurns: 3_000, warmUp: 50 },
    smallest: { turns: 3, memoryTurns: 5, warmUp: 1 },
  });
  const { flows } = await interleaved(bench, { flows: () => bench.trial("one-at-a-time", params) });
  const of = (name: string) => samplesOf(flows, name);
  const raw = of("rawP50");
  const commits = await bench.trial("commits", { kinds: bench.pick({ full: 20, quick: 20, smallest: 3 }) });
  const timed = (name: string, samples: readonly number[], to?: readonly number[], atMost?: number): Result => ({
    name,
    unit: "ms",
    samples,
    ...(to ? { ratios: { "raw-commit": ratiosOf(samples, to) } } : {}),
    ...(atMost === undefined ? {} : { goals: [{ of: { ratioTo: "raw-commit" }, atMost }] }),
  });
  return {
    results: [
      timed("p50-ms", of("readP50"), raw, readGoal),
      timed("p99-ms", of("readP99"), of("rawP99")),
      timed("p99.9-ms", of("readP999"), of("rawP999")),
      timed("pure-p50-ms", of("pureP50"), raw, pureGoal),
      timed("pure-p99-ms", of("pureP99"), of("rawP99")),
      timed("raw-commit-p50-ms", raw),
      timed("raw-commit-p99-ms", of("rawP99")),
      { ...timed("memory-p50-ms", of("memoryP50")), goals: [{ of: "value", atMost: 0.008 }] },
      timed("memory-p99-ms", of("memoryP99")),
      ...commitResults(commits),
    ],
    reading: [
      "Time is from the call of start to the result in hand. The ratio of a percentile is to the same percentile of a raw commit.",
      "A raw commit is one row of links by SQLite in the same thread; the engine's commits are made by a thread of their own, which costs a message each way.",
    ],
    notComparable: ["Figures in memory are without any disk: nothing survives the process."],
  };
}

function commitResults(commits: Figures): Result[] {
  return Object.entries(commits).map(([name, count]) => ({
    name: `commits-${name}`,
    unit: "commits",
    samples: [count],
  }));
}
