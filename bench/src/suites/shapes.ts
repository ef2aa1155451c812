/**
 * Shapes: what a step costs in a chain, a fan-out, an ensemble, a branch, a nested map, a loop, and as they grow.
 *
 * Boundary: which shapes and sizes; one is timed by trials/shape.ts. Invariant: the goal is that a step costs the same in the
 * large as in the small; a quarter more counts as the same.
 */
import { interleaved, ratiosOf, samplesOf } from "../rounds.ts";
import type { Bench, Findings, Result, Suite } from "../suite.ts";

export const shapesSuite: Suite = {
  name: "shapes",
  about: "What one step costs in each shape of flow, as graph and fan-out grow",
  run,
};

const flat = 1.25;
const small = { chain: "chain-10", "fan-out": "fan-out-10" } as const;
const kinds = ["wide-10", "ensemble-3", "branch", "nested-map-10x10", "loop-10"];

async function run(bench: Bench): Promise<Findings> {
  const grown = bench.pick({
    full: ["chain-100", "chain-1000", "fan-out-100", "fan-out-1000", "fan-out-100000"],
    quick: ["chain-100", "fan-out-100", "fan-out-1000"],
    smallest: ["chain-20"],
  });
  const atOnce = bench.pick({ full: 200, quick: 40, smallest: 3 });
  const stores = { memory: "", sqlite: "durable-" } as const;
  const results: Result[] = [];
  for (const store of ["memory", "sqlite"] as const) {
    const steps = bench.pick({ full: 200_000, quick: 4_000, smallest: 30 });
    // At the smallest size each shape runs on one of the stores.
    const sorts =
      bench.size === "smallest" ? kinds.filter((_, index) => (index % 2 === 0) === (store === "memory")) : kinds;
    const names = [...Object.values(small), ...grown, ...sorts];
    const found = await interleaved(
      bench,
      Object.fromEntries(
        names.map((shape) => [`${shape} ${store}`, () => bench.trial("shape", { shape, store, steps, atOnce })]),
      ),
    );
    const of = (name: string) => samplesOf(found[`${name} ${store}`] ?? [], "usPerStep");
    for (const name of names) results.push(resultOf(stores[store], name, of));
  }
  return {
    results,
    reading: [
      "A step is one call of user code with its contract; what scopes (items, turns, cases) cost beside is spread over the steps in them.",
      `In memory one run at a time; on a file so many runs that about ${atOnce} steps are under way, so that commits are shared alike.`,
    ],
    notComparable: [
      "Shapes with few steps a run carry the start and the end of the run on few shoulders: a branch of one step carries both alone.",
    ],
  };
}

function resultOf(prefix: string, name: string, of: (name: string) => number[]): Result {
  const result = { name: `${prefix}${name}-us-per-step`, unit: "us", samples: of(name) };
  const family = name.startsWith("chain") ? small.chain : name.startsWith("fan-out") ? small["fan-out"] : undefined;
  if (family === undefined) return { ...result, ratios: { [small.chain]: ratiosOf(of(name), of(small.chain)) } };
  if (family === name) return result;
  const ratios = { [family]: ratiosOf(of(name), of(family)) };
  return { ...result, ratios, goals: [{ of: { ratioTo: family }, atMost: flat }] };
}
