/**
 * Stall: whether the process that holds the engine stays awake, during the flood and when the disk is slow.
 *
 * Boundary: two disks, one flood. Invariant: a slow disk is made by code that is loaded before the C library's (slow-sync.c);
 * where there is no C compiler, or at the smallest size, the slow disk is left out and that is said.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { interleaved, samplesOf } from "../rounds.ts";
import type { Bench, Figures, Findings, Result, Suite } from "../suite.ts";
import { inFolder } from "../trial.ts";

const slowMs = 100;
const goal = [{ of: "value", atMost: 10 }] as const;

export const stall: Suite = {
  name: "stall",
  about: `How late timers, aborts and HTTP answers of the host are during the flood, and with a disk that takes ${slowMs} ms to sync`,
  run: (bench) => inFolder((folder) => run(bench, folder)),
};

async function run(bench: Bench, folder: string): Promise<Findings> {
  const params = bench.pick({
    full: { atOnce: 1_000, warmUpMs: 2_000, forMs: 10_000 },
    quick: { atOnce: 200, warmUpMs: 600, forMs: 1_500 },
    smallest: { atOnce: 4, warmUpMs: 30, forMs: 250 },
  });
  const shim = bench.size === "smallest" ? undefined : slowSync(folder);
  const env = shim === undefined ? {} : { LD_PRELOAD: shim, SLOW_SYNC_MS: String(slowMs) };
  const found = await interleaved<"flood" | "slow">(bench, {
    flood: () => bench.trial("stall", params),
    slow: async () => (shim === undefined ? {} : bench.trial("stall", params, env)),
  });
  return {
    results: [...resultsOf("", found.flood), ...(shim === undefined ? [] : resultsOf("slow-disk-", found.slow))],
    reading: [
      "Lateness counts from the instant at which something was due; beats that a stall swallowed are counted as late as they would have been.",
      "An abort is that of a step whose timeout of 50 ms passes, as its code sees it.",
      ...(shim === undefined
        ? ["The slow disk was not measured: no C compiler on this machine, or the smallest size."]
        : []),
    ],
    notComparable: ["The client of the HTTP server is a thread of the same process: it takes its share of the cores."],
  };
}

function resultsOf(prefix: string, rounds: readonly Figures[]): Result[] {
  const of = (name: string, figure: string, unit = "ms"): Result => ({
    name: `${prefix}${name}`,
    unit,
    samples: samplesOf(rounds, figure),
  });
  return [
    { ...of("timer-p99-ms", "timerP99Ms"), goals: goal },
    of("timer-most-ms", "timerMostMs"),
    { ...of("http-p99-ms", "httpP99Ms"), goals: goal },
    of("http-most-ms", "httpMostMs"),
    { ...of("abort-p99-ms", "abortP99Ms"), goals: goal },
    of("steps-per-second", "stepsPerSecond", "steps/s"),
  ];
}

/** Compiles the slow disk, where there is a compiler. */
function slowSync(folder: string): string | undefined {
  const library = join(folder, "slow-sync.so");
  const source = join(import.meta.dirname, "../trials/slow-sync.c");
  try {
    execFileSync(process.env["CC"] ?? "cc", ["-shared", "-fPIC", "-o", library, source, "-ldl"], { stdio: "ignore" });
    return library;
  } catch {
    return undefined;
  }
}
