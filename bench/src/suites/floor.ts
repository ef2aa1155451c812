/**
 * The floor: what the disk, SQLite and a bare loop give on this machine. Every other figure stands on it.
 *
 * Boundary: nothing of Plumbline runs here but the making of the tables.
 */
import { interleaved, ratiosOf, samplesOf } from "../rounds.ts";
import type { Bench, Findings, Suite } from "../suite.ts";

export const floor: Suite = {
  name: "floor",
  about: "What the disk, SQLite and a bare loop on our tables give, with no engine",
  run,
};

async function run(bench: Bench): Promise<Findings> {
  const disk = bench.pick({
    full: { syncs: 1_000, batches: 400, batchSize: 1_000 },
    quick: { syncs: 200, batches: 40, batchSize: 1_000 },
    smallest: { syncs: 5, batches: 5, batchSize: 100 },
  });
  const times = bench.pick({
    full: { warmUpMs: 3_000, forMs: 8_000 },
    quick: { warmUpMs: 700, forMs: 1_200 },
    smallest: { warmUpMs: 20, forMs: 50 },
  });
  const atOnce = bench.pick({ full: 4_000, quick: 1_000, smallest: 8 });
  const loop = (place: string, durability: string, runs = atOnce) =>
    bench.trial("bare-flows", { place, durability, atOnce: runs, ...times });
  const found = await interleaved(bench, {
    disk: () => bench.trial("disk", disk),
    thread: () => loop("thread", "full"),
    alone: () => loop("loop", "full"),
    normal: () => loop("thread", "normal"),
    one: () => loop("loop", "full", 1),
  });
  const steps = (name: "thread" | "alone" | "normal" | "one") => samplesOf(found[name], "stepsPerSecond");
  const ours = samplesOf(found.disk, "ourStepsPerSecond");
  const unit = "steps/s";
  return {
    results: [
      { name: "fdatasync-p50-ms", unit: "ms", samples: samplesOf(found.disk, "syncP50Ms") },
      { name: "fdatasync-p99-ms", unit: "ms", samples: samplesOf(found.disk, "syncP99Ms") },
      { name: "bare-table-rows-per-second", unit: "rows/s", samples: samplesOf(found.disk, "bareRowsPerSecond") },
      { name: "our-tables-steps-per-second", unit, samples: ours },
      {
        name: "bare-loop-steps-per-second",
        unit,
        samples: steps("thread"),
        ratios: { "our-tables": ratiosOf(steps("thread"), ours) },
      },
      { name: "bare-loop-in-place-steps-per-second", unit, samples: steps("alone") },
      {
        name: "bare-loop-normal-steps-per-second",
        unit,
        samples: steps("normal"),
        ratios: { full: ratiosOf(steps("normal"), steps("thread")) },
      },
      { name: "bare-loop-at-1-steps-per-second", unit, samples: steps("one") },
    ],
    reading: [
      `The bare loop has ${atOnce} runs at once and writes from a thread of its own, as the engine does; "in-place" commits in the loop's thread.`,
      "A four-step run is 4 rows of links, one row of runs and one change of it: 6 writes for 4 steps.",
    ],
    notComparable: [
      "Rows of the bare table have two columns and no index; those of our tables have indexes, a hash chain and instants.",
      "A disk that keeps its promise late (a cache without a battery) makes fdatasync look free.",
    ],
  };
}
