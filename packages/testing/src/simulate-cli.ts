/**
 * Simulates for as long as it is given: `simulate-cli.ts --seconds 60 --seed 1`. Stops at the first run that breaks a
 * rule, with its seed, its flow and its journal, exit code 1.
 *
 * Boundary: arguments in, lines out; the simulation itself is simulation.ts.
 */
import { parseArgs } from "node:util";
import { shrink } from "./shrink.ts";
import { reportOf, simulate, variedOptions } from "./simulation.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
});
const first = Number(values.seed);
const end = performance.now() + Number(values.seconds) * 1_000;
const outcomes: Record<string, number> = {};
let entries = 0;
let crashes = 0;
let seed = first;
for (; performance.now() < end; seed++) {
  const result = simulate(variedOptions(seed));
  entries += result.journal.length;
  crashes += result.crashes;
  outcomes[result.outcome] = (outcomes[result.outcome] ?? 0) + 1;
  if (result.problems.length === 0) continue;
  process.stdout.write(`${reportOf(shrink(result))}\n`);
  process.exitCode = 1;
  break;
}
process.stdout.write(
  `${seed - first} runs from seed ${first}: ${entries} entries, ${crashes} crashes, ${JSON.stringify(outcomes)}\n`,
);
