/**
 * Parked: a million runs that wait for a person, and ten thousand timers in one second.
 *
 * Boundary: the file is filled once, by the engine; each round opens it in a fresh process.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { interleaved, samplesOf } from "../rounds.ts";
import type { Bench, Findings, Suite } from "../suite.ts";
import { inFolder } from "../trial.ts";

export const parked: Suite = {
  name: "parked",
  about: "A million runs that wait for a person: memory, start-up, time to decide one; and 10,000 timers in one second",
  run: (bench) => inFolder((folder) => run(bench, folder)),
};

async function run(bench: Bench, folder: string): Promise<Findings> {
  const runs = bench.pick({ full: 1_000_000, quick: 20_000, smallest: 20 });
  const decisions = bench.pick({ full: 1_000, quick: 100, smallest: 3 });
  const timers = bench.pick({
    full: { runs: 10_000, leadMs: 6_000, withinMs: 1_000 },
    quick: { runs: 1_000, leadMs: 4_000, withinMs: 1_000 },
    smallest: { runs: 5, leadMs: 300, withinMs: 50 },
  });
  const file = join(folder, "parked.db");
  const { fillMs } = await bench.trial("parked-fill", { file, runs });
  bench.say(`${runs} runs parked in ${((fillMs as number) / 1000).toFixed(1)} s`);
  const found = await interleaved(bench, {
    open: () => bench.trial("parked-open", { file, runs, decisions }),
    timers: () => bench.trial("timers", timers),
  });
  const of = (name: string) => samplesOf(found.open, name);
  return {
    results: [
      {
        name: "resident-bytes-per-run",
        unit: "bytes",
        samples: of("bytesPerRun"),
        goals: [{ of: "value", atMost: 200 }],
      },
      { name: "start-up-ms", unit: "ms", samples: of("startUpMs"), goals: [{ of: "value", atMost: 2_000 }] },
      { name: "decide-p50-ms", unit: "ms", samples: of("decideP50Ms") },
      { name: "decide-p99-ms", unit: "ms", samples: of("decideP99Ms") },
      { name: "file-bytes-per-run", unit: "bytes", samples: [statSync(file).size / runs] },
      { name: "timers-late-p50-ms", unit: "ms", samples: samplesOf(found.timers, "lateP50Ms") },
      { name: "timers-late-p99-ms", unit: "ms", samples: samplesOf(found.timers, "lateP99Ms") },
      { name: "timers-all-fired-ms", unit: "ms", samples: samplesOf(found.timers, "allMs") },
    ],
    reading: [
      `${runs.toLocaleString("en-US")} runs wait. Resident memory is what the process holds more than with an empty file open, page cache of SQLite included.`,
      `${timers.runs.toLocaleString("en-US")} runs sleep until instants spread over one second; lateness is from the instant to the result in hand, one more step included.`,
    ],
    notComparable: ["The file is filled with durability normal, for time's sake; it is opened and decided with full."],
  };
}
