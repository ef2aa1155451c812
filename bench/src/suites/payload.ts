/**
 * Payload: time and peak memory by the size of a step's output, 1 KiB to 100 MiB, as text and as bytes.
 *
 * Boundary: sizes; one of them is trials/payload.ts.
 */
import { interleaved, ratiosOf, samplesOf } from "../rounds.ts";
import type { Bench, Figures, Findings, Result, Suite } from "../suite.ts";

export const payload: Suite = {
  name: "payload",
  about: "Time and peak memory of a run by the size of a step's output, 1 KiB to 100 MiB",
  run,
};

const sizes: Readonly<Record<string, number>> = {
  "1KiB": 2 ** 10,
  "64KiB": 2 ** 16,
  "1MiB": 2 ** 20,
  "10MiB": 10 * 2 ** 20,
  "100MiB": 100 * 2 ** 20,
};

async function run(bench: Bench): Promise<Findings> {
  const taken = bench.pick({ full: Object.keys(sizes), quick: ["1KiB", "1MiB", "10MiB"], smallest: ["1KiB", "64KiB"] });
  const names = taken.flatMap((size) =>
    (["text", "bytes"] as const).map((kind) => ({ name: `${kind}-${size}`, size, kind })),
  );
  const found = await interleaved(
    bench,
    Object.fromEntries(
      names.map(({ name, size, kind }) => [name, () => bench.trial("payload", { bytes: sizes[size], kind })]),
    ),
  );
  return {
    results: [
      ...names.map(({ name }) => timeOf(name, found[name] ?? [])),
      ...names.map(
        ({ name }): Result => ({
          name: `${name}-peak-mb`,
          unit: "MB",
          samples: samplesOf(found[name] ?? [], "peakMb"),
        }),
      ),
    ],
    reading: [
      "Time is that of a run of two steps: one makes the value, the other one reads it; both and the result are durable.",
      "Peak memory is how far the process's highest resident memory rose during the run; the value itself is in it, twice where text is encoded.",
    ],
    notComparable: ["raw-write writes the same bytes into a file and syncs it once; a run syncs three times."],
  };
}

function timeOf(name: string, rounds: readonly Figures[]): Result {
  const samples = samplesOf(rounds, "ms");
  return {
    name: `${name}-ms`,
    unit: "ms",
    samples,
    ratios: { "raw-write": ratiosOf(samples, samplesOf(rounds, "rawMs")) },
  };
}
