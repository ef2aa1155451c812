/**
 * Recovery: how long after `kill -9` until every run goes on.
 *
 * Boundary: one trial kills and takes over; sizes stand here.
 */
import { interleaved, samplesOf } from "../rounds.ts";
import type { Bench, Findings, Suite } from "../suite.ts";

export const recovery: Suite = {
  name: "recovery",
  about: "kill -9 with 100,000 runs in flight: the time until all go on",
  run,
};

async function run(bench: Bench): Promise<Findings> {
  const runs = bench.pick({ full: 100_000, quick: 5_000, smallest: 20 });
  const { killed } = await interleaved(bench, { killed: () => bench.trial("recovery", { runs }) });
  const of = (name: string) => samplesOf(killed, name);
  return {
    results: [
      { name: "all-go-on-ms", unit: "ms", samples: of("goingOnMs"), goals: [{ of: "value", atMost: 3_000 }] },
      { name: "engine-open-ms", unit: "ms", samples: of("openMs") },
      { name: "all-ended-ms", unit: "ms", samples: of("endedMs") },
      { name: "go-on-us-per-run", unit: "us", samples: of("goingOnMs").map((ms) => (ms * 1_000) / runs) },
    ],
    reading: [
      `${runs.toLocaleString("en-US")} runs had one durable step and one under way when the process was killed. Time counts from opening the file to the moment at which all of them are performed again, at once as before; the start of the new process is not in it.`,
      "Each step was performed again once, every run ended, none is lost and none doubled: the trial fails otherwise.",
    ],
    notComparable: ["A supervisor needs time of its own to notice a death and to start a process."],
  };
}
