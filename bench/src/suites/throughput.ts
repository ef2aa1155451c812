/**
 * Throughput: durable steps a second at so many runs at once, beside a bare loop on the same tables.
 *
 * Boundary: which contenders and what is said of them. Invariants: engine and loop are compared in the same durability class
 * and round; of the two bare loops the faster one counts; the headline is the best level of the engine against the best level
 * of the loop, which is the least favourable way to put it.
 */
import { interleaved, median, ratiosOf, samplesOf } from "../rounds.ts";
import type { Bench, Figures, Findings, Goal, Result, Suite } from "../suite.ts";

const unit = "steps/s";
const goals: readonly Goal[] = [
  { of: "value", atLeast: 300_000 },
  { of: { ratioTo: "bare-loop" }, atLeast: 0.75 },
];

export const throughput: Suite = {
  name: "throughput",
  about: "Four durable steps in a row, contracts on, at 1 to 4,000 runs at once, beside a bare loop on the same tables",
  run,
};

async function run(bench: Bench): Promise<Findings> {
  const levels = bench.pick({ full: [1, 100, 1_000, 4_000], quick: [1, 1_000], smallest: [8] });
  const full = await classOf(bench, "full", levels);
  const normal = await classOf(bench, "normal", bench.size === "smallest" ? [] : levels.slice(-1));
  const best = bestLevel(full.engine);
  const bestLoop = bestLevel(full.loop);
  const headline: Result = {
    name: "durable-steps-per-second",
    unit,
    samples: full.engine.get(best) as number[],
    ratios: {
      "bare-loop": ratiosOf(full.engine.get(best) as number[], full.loop.get(bestLoop) as number[]),
    },
    goals,
  };
  return {
    results: [headline, ...full.results, ...normal.results],
    reading: [
      `The engine is fastest at ${best} runs at once, the bare loop at ${bestLoop}; the headline sets the one against the other.`,
      "CPU is that of all threads of the process, also what SQLite and the garbage collector take.",
    ],
    notComparable: [
      "The bare loop has no contracts, timeouts, retries, recovery, lists or watchers: it is what the tables and the disk give.",
      "At one run at once the disk decides; such figures differ by two from one minute to the next.",
    ],
  };
}

interface Class {
  readonly engine: ReadonlyMap<number, number[]>;
  readonly loop: ReadonlyMap<number, number[]>;
  readonly results: readonly Result[];
}

async function classOf(bench: Bench, durability: "full" | "normal", levels: readonly number[]): Promise<Class> {
  const engine = new Map<number, number[]>();
  const loop = new Map<number, number[]>();
  const results: Result[] = [];
  const times = bench.pick({
    full: { warmUpMs: 3_000, forMs: 8_000 },
    quick: { warmUpMs: 700, forMs: 1_200 },
    smallest: { warmUpMs: 20, forMs: 60 },
  });
  for (const atOnce of levels) {
    const params = { atOnce, durability, ...times };
    const found = await interleaved(bench, {
      engine: () => bench.trial("durable-flows", params),
      "loop-thread": () => bench.trial("bare-flows", { ...params, place: "thread" }),
      "loop-alone": () => bench.trial("bare-flows", { ...params, place: "loop" }),
    });
    engine.set(atOnce, samplesOf(found.engine, "stepsPerSecond"));
    loop.set(atOnce, faster(found["loop-thread"], found["loop-alone"]));
    results.push(
      ...atLevel(durability === "full" ? "" : "normal-", atOnce, found.engine, loop.get(atOnce) as number[]),
    );
  }
  return { engine, loop, results };
}

function atLevel(prefix: string, atOnce: number, engine: readonly Figures[], loop: readonly number[]): Result[] {
  const samples = samplesOf(engine, "stepsPerSecond");
  const ratios = { "bare-loop": ratiosOf(samples, loop) };
  return [
    { name: `${prefix}steps-per-second-at-${atOnce}`, unit, samples, ratios },
    { name: `${prefix}bare-loop-steps-per-second-at-${atOnce}`, unit, samples: loop },
    { name: `${prefix}cpu-per-step-at-${atOnce}`, unit: "us", samples: samplesOf(engine, "cpuUsPerStep") },
  ];
}

/** The samples of the contender whose median is higher. */
function faster(one: readonly Figures[], other: readonly Figures[]): number[] {
  const [a, b] = [samplesOf(one, "stepsPerSecond"), samplesOf(other, "stepsPerSecond")];
  return median(a) >= median(b) ? a : b;
}

function bestLevel(levels: ReadonlyMap<number, readonly number[]>): number {
  const [best] = [...levels].reduce((found, next) => (median(next[1]) > median(found[1]) ? next : found));
  return best;
}
