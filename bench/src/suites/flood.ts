/**
 * The flood: three-model scoring with a vote, in process on two threads and durably on one file, with 47 injected failures.
 *
 * Boundary: sizes and what is said. Invariant: the trials refuse to give a figure unless exactly 47 were degraded, none failed,
 * none was lost and none doubled.
 */
import { injectedFaults } from "../flows/member-fault.ts";
import { interleaved, ratiosOf, samplesOf } from "../rounds.ts";
import type { Bench, Findings, Suite } from "../suite.ts";

export const flood: Suite = {
  name: "flood",
  about: `Three-model scoring with a vote and ${injectedFaults} injected failures: in process on two threads, and durable on one file`,
  run,
};

const seed = 47;
/** Three members and the level. */
const stepsPerPayment = 4;

async function run(bench: Bench): Promise<Findings> {
  const inProcess = bench.pick({
    full: { requests: 600_000, threads: 2, atOnce: 200, warmUp: 20_000 },
    quick: { requests: 40_000, threads: 2, atOnce: 200, warmUp: 2_000 },
    smallest: { requests: 200, threads: 2, atOnce: 10, warmUp: 10 },
  });
  const durable = bench.pick({
    full: { forMs: 60_000, atOnce: 4_000, faultsWithin: 50_000, stretchMs: 5_000 },
    quick: { forMs: 2_000, atOnce: 1_000, faultsWithin: 5_000, stretchMs: 500 },
    smallest: { forMs: 50, atOnce: 20, faultsWithin: 100, stretchMs: 50 },
  });
  const found = await interleaved(bench, {
    memory: () => bench.trial("flood-memory", { ...inProcess, seed, engine: true }),
    bare: () => bench.trial("flood-memory", { ...inProcess, seed, engine: false }),
    durable: () => bench.trial("flood-durable", { ...durable, seed }),
  });
  const perSecond = (name: "memory" | "bare" | "durable") => samplesOf(found[name], "requestsPerSecond");
  const unit = "requests/s";
  const durableSteps = perSecond("durable").map((requests) => requests * stepsPerPayment);
  return {
    results: [
      {
        name: "requests-per-second",
        unit,
        samples: perSecond("memory"),
        ratios: { "bare-vote": ratiosOf(perSecond("memory"), perSecond("bare")) },
        goals: [{ of: "value", atLeast: 200_000 }],
      },
      { name: "bare-vote-requests-per-second", unit, samples: perSecond("bare") },
      { name: "durable-requests-per-second", unit, samples: perSecond("durable") },
      {
        name: "durable-slowest-stretch-requests-per-second",
        unit,
        samples: samplesOf(found.durable, "slowestStretch"),
      },
      {
        name: "durable-step-results-per-second",
        unit: "steps/s",
        samples: durableSteps,
        goals: [{ of: "value", atLeast: 200_000 }],
      },
      { name: "degraded", unit: "runs", samples: samplesOf(found.memory, "degraded") },
      { name: "durable-degraded", unit: "runs", samples: samplesOf(found.durable, "degraded") },
    ],
    reading: [
      `${injectedFaults} payments (seed ${seed}) meet a member that throws, rejects, hangs or answers garbage, in nine ways. All were degraded; none failed, was lost or doubled: without that the suite gives no figure.`,
      `In process: ${inProcess.requests.toLocaleString("en-US")} requests on ${inProcess.threads} threads, contracts on. Durable: ${durable.forMs / 1000} s on one file, the slowest ${durable.stretchMs / 1000} s beside the whole; a request records ${stepsPerPayment} step results.`,
      "The models are made up and cost next to nothing, so that the orchestration is what is measured; bare-vote calls them by hand, with no contract, timeout or journal.",
    ],
    notComparable: [
      "A request in process leaves no trace after the process; a durable one is on the disk before it is answered.",
    ],
  };
}
