/**
 * History: start, show and list with ten million entries in the file, beside a file that is nearly new.
 *
 * Boundary: both files are filled once, by the engine; each round opens them in fresh processes. Invariant: the goal is that
 * nothing grows with the file; half as much again counts as the same, because the deeper index has a level more.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { interleaved, ratiosOf, samplesOf } from "../rounds.ts";
import type { Bench, Findings, Result, Suite } from "../suite.ts";
import { inFolder } from "../trial.ts";

export const history: Suite = {
  name: "history",
  about: "Start, show and list with 10 million entries in the file, beside a file that is nearly new",
  run: (bench) => inFolder((folder) => run(bench, folder)),
};

const entriesPerRun = 6;
const figures = {
  "open-ms": "openMs",
  "start-ms": "startMs",
  "show-ms": "showMs",
  "list-ms": "listMs",
  "list-by-flow-ms": "listFlowMs",
  "list-by-outcome-ms": "listOutcomeMs",
  "list-degraded-ms": "listDegradedMs",
} as const;

async function run(bench: Bench, folder: string): Promise<Findings> {
  const large = { file: join(folder, "large.db"), runs: bench.pick({ full: 1_666_667, quick: 10_000, smallest: 40 }) };
  const small = { file: join(folder, "small.db"), runs: bench.pick({ full: 1_000, quick: 500, smallest: 20 }) };
  const times = bench.pick({ full: 300, quick: 50, smallest: 3 });
  for (const one of [large, small]) {
    const { fillMs } = await bench.trial("history-fill", one);
    bench.say(`${one.runs} runs filled in ${((fillMs as number) / 1000).toFixed(1)} s`);
  }
  const found = await interleaved(bench, {
    large: () => bench.trial("history-use", { ...large, times }),
    small: () => bench.trial("history-use", { ...small, times }),
  });
  const results = Object.entries(figures).map(([name, figure]): Result => {
    const samples = samplesOf(found.large, figure);
    const ratios = { "small-file": ratiosOf(samples, samplesOf(found.small, figure)) };
    return { name, unit: "ms", samples, ratios, goals: [{ of: { ratioTo: "small-file" }, atMost: 1.5 }] };
  });
  return {
    results: [
      ...results,
      {
        name: "file-bytes-per-entry",
        unit: "bytes",
        samples: [statSync(large.file).size / (large.runs * entriesPerRun)],
      },
    ],
    reading: [
      `${(large.runs * entriesPerRun).toLocaleString("en-US")} entries of ${large.runs.toLocaleString("en-US")} runs, beside ${(small.runs * entriesPerRun).toLocaleString("en-US")}.`,
      "Retention by age and count is not measured: this version keeps every run.",
    ],
    notComparable: [
      "The file was just written, so much of it is in the system's cache; a cold disk is slower for show.",
    ],
  };
}
