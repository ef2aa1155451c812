/**
 * `npm run bench -- SUITE [--json] [--quick] [--rounds N] [--cpu-profile]`: runs one suite, prints and writes what it found.
 *
 * Boundary: words to an exit code. Invariants: 0 is fine, whether goals were met or not; 1 the suite failed or a result was
 * wrong; 2 asked wrongly; with --json standard output is one document, errors included.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeFindings } from "./findings-file.ts";
import { documentOf, readingOf, tableText } from "./findings-text.ts";
import { runSuite } from "./run-suite.ts";
import type { Suite } from "./suite.ts";
import { suites } from "./suites.ts";

const usage = `npm run bench -- SUITE [--json] [--quick] [--rounds N] [--cpu-profile]
${suites.map(({ name, about }) => `  ${name.padEnd(12)}  ${about}`).join("\n")}
--quick: small sizes, to try a suite out. --cpu-profile: profiles of every thread under bench/.scratch/profiles.`;
const room = join(import.meta.dirname, "..");

class UsageError extends Error {}

interface Asked {
  readonly suite: Suite;
  readonly json: boolean;
  readonly quick: boolean;
  readonly rounds: number | undefined;
  readonly profile: boolean;
}

function asked(words: readonly string[]): Asked {
  const options = {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    "cpu-profile": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  const { values, positionals } = parsed;
  if (values.help || positionals.length !== 1) throw new UsageError(usage);
  const suite = suites.find(({ name }) => name === positionals[0]);
  if (!suite) throw new UsageError(`There is no suite "${positionals[0]}". ${usage}`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 3)) {
    throw new UsageError("--rounds takes a whole number from 3 on: a median of fewer says nothing.");
  }
  return { suite, json: values.json, quick: values.quick, rounds, profile: values["cpu-profile"] };
}

async function main({ suite, json, quick, rounds, profile }: Asked): Promise<void> {
  const run = await runSuite(suite, {
    size: quick ? "quick" : "full",
    ...(rounds === undefined ? {} : { rounds }),
    ...(profile ? { profileTo: join(room, ".scratch/profiles") } : {}),
    say: (text) => console.error(text),
  });
  const page = writeFindings(run, join(room, "results"));
  if (json) console.log(JSON.stringify(documentOf(run), undefined, 2));
  else console.log(`\n${tableText(run.findings.results)}\n\n${readingOf(run).join("\n")}\n\n${page}`);
}

try {
  await main(asked(process.argv.slice(2)));
} catch (error) {
  const { message } = error as Error;
  if (process.argv.includes("--json")) console.log(JSON.stringify({ error: { message } }, undefined, 2));
  console.error(error instanceof UsageError ? message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
