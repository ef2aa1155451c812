/**
 * Before and after: four steps over twelve flaky services, wired by hand and through Plumbline.
 *
 * Boundary: sizes and what is said; the services are simulated (flows/flaky-services.ts). Invariants: within a round all ways
 * meet the same services, request by request; what is added is taken over requests that met nothing unusual, beyond the time
 * of the services themselves; like is set against like: what the code by hand does not keep either is in memory.
 */
import { policy } from "../flows/before-after.ts";
import { usual } from "../flows/by-hand.ts";
import { interleaved, median, ratiosOf, samplesOf } from "../rounds.ts";
import type { Bench, Figures, Findings, Goal, Result, Suite } from "../suite.ts";
import type { Way } from "../trials/before-after.ts";

export const beforeAfter: Suite = {
  name: "before-after",
  about:
    "Four steps over twelve simulated flaky services: wired by hand, and through Plumbline in memory and on a file",
  run,
};

const addedGoal: readonly Goal[] = [{ of: "value", atMost: 5 }];
const tailGoal: readonly Goal[] = [{ of: "value", atMost: 1_100 }];
const firstSeed = 10;

async function run(bench: Bench): Promise<Findings> {
  const params = bench.pick({
    full: { requests: 3_000, warmUp: 500, atOnce: 100, rawCommits: 200 },
    quick: { requests: 400, warmUp: 100, atOnce: 50, rawCommits: 50 },
    smallest: { requests: 30, warmUp: 10, atOnce: 40, rawCommits: 3 },
  });
  const found = await interleaved<Way>(bench, {
    "by-hand": eachRound((seed) => bench.trial("before-after", { ...params, seed, way: "by-hand" })),
    "by-hand-hedged": eachRound((seed) => bench.trial("before-after", { ...params, seed, way: "by-hand-hedged" })),
    memory: eachRound((seed) => bench.trial("before-after", { ...params, seed, way: "memory" })),
    file: eachRound((seed) => bench.trial("before-after", { ...params, seed, way: "file" })),
  });
  const durableAdded = addedTo("durable-p50-added-ms", "addedP50Ms", found.file, found["by-hand"]);
  const rawCommit = samplesOf(found.file, "rawCommitMs");
  const usualShare = median(samplesOf(found["by-hand"], "usualPercent"));
  return {
    results: [
      ...timesOf("before", found["by-hand"]),
      ...timesOf("after", found.memory, tailGoal),
      ...timesOf("after-durable", found.file, tailGoal),
      ...timesOf("same-policy-by-hand", found["by-hand-hedged"]),
      { ...addedTo("p50-added-ms", "addedP50Ms", found.memory, found["by-hand"]), goals: addedGoal },
      { ...durableAdded, ratios: { "raw-commit": ratiosOf(durableAdded.samples, rawCommit) }, goals: addedGoal },
      addedTo("same-policy-by-hand-p50-added-ms", "addedP50Ms", found["by-hand-hedged"], found["by-hand"]),
      { name: "raw-commit-p50-ms", unit: "ms", samples: rawCommit },
      ...sharesOf("before", found["by-hand"]),
      ...sharesOf("after", found.memory),
      ...sharesOf("after-durable", found.file),
      ...sharesOf("same-policy-by-hand", found["by-hand-hedged"]),
    ],
    reading: [
      `The services are simulated: timers in the same process, from 40 to 105 ms at the median; now and then one is slow (0.7 to 1.95 s), answers 503, hangs, or is slow at each call of that request. The n-th call of a service for a request goes the same in every way. ${params.requests.toLocaleString("en-US")} requests a way and round, ${params.atOnce} at once, another seed each round.`,
      `Before: Promise.all over the three services of a step, a timeout of ${usual.timeoutMs} ms, ${usual.attempts - 1} retries after ${usual.delayMs} ms and more, answers parsed, a default in place of an answer that can be done without.`,
      `After: each call declares a timeout of ${policy.timeoutMs} ms, ${policy.attempts} attempts, a hedge (the same service asked again when its answer is late), and a substitute where the code by hand has its default.`,
      `Added is the median over the requests that met nothing unusual (${Math.round(usualShare)} of 100): their time beyond that of the services, less the same for the code by hand.`,
      "Substituted answers are degraded in substance. Marked ones tell their caller so; Plumbline also marks those that a hedge gave. The code by hand marks none.",
      "Every answer was checked: those to whom nothing unusual happened were whole, the others whole, or substituted where that is allowed, or lacking; without that the suite gives no figure.",
    ],
    notComparable: [
      "The tail falls because of the policy: hedges and the timeouts that they allow. Whoever writes the same policy by hand has the same tail, see same-policy-by-hand; Plumbline's part is that it is declared, and that the run says what became of it. A timeout of 500 ms in the code before would have failed requests that merely had to wait.",
      "The code by hand does not hedge, share breakers, keep a journal, resume after a crash, record what was late, or tell that an answer holds a default. It does have timeouts that stop the work, retries with growing delays, parsed answers and defaults.",
      "Slow calls are independent of each other here but for those that are slow at each call of a request. Where a service is slow for everybody, a hedge adds load and helps little.",
      "In memory nothing survives the process, as nothing does of the code by hand; durable is one file, synced at each commit, and most of what it adds is the disk's: a request waits for four commits in a row at the least, and raw commits are timed on the same disk right after, 20 ms apart and with nobody else committing.",
      "The four steps are twelve declared calls: what is retried, hedged and recorded is a call of a service.",
      "Hours to find the cause of an incident are not measured here.",
    ],
  };
}

/** A seed of its own for each round, the same for every way. */
function eachRound(measure: (seed: number) => Promise<Figures>): () => Promise<Figures> {
  let seed = firstSeed;
  return () => measure(seed++);
}

function timesOf(name: string, rounds: readonly Figures[], goals?: readonly Goal[]): Result[] {
  return [
    { name: `${name}-p50-ms`, unit: "ms", samples: samplesOf(rounds, "p50Ms") },
    { name: `${name}-p99-ms`, unit: "ms", samples: samplesOf(rounds, "p99Ms"), ...(goals ? { goals } : {}) },
  ];
}

/** Round by round, so that both have met the same. */
function addedTo(name: string, figure: string, rounds: readonly Figures[], others: readonly Figures[]): Result {
  const without = samplesOf(others, figure);
  const samples = samplesOf(rounds, figure).map((ms, round) => ms - (without[round] as number));
  return { name, unit: "ms", samples };
}

function sharesOf(name: string, rounds: readonly Figures[]): Result[] {
  return [
    { name: `${name}-substituted-percent`, unit: "%", samples: samplesOf(rounds, "substitutedPercent") },
    { name: `${name}-marked-percent`, unit: "%", samples: samplesOf(rounds, "markedPercent") },
    { name: `${name}-failed-percent`, unit: "%", samples: samplesOf(rounds, "failedPercent") },
  ];
}
