// `npm run example -- NAME [--json]`: runs one example on its samples. `--list` says which there are.
// Boundary: words to an exit code; finding examples is examples/example-list.ts, running one examples/run-example.ts.
// Invariants: 0 is fine, 1 the example failed, 2 asked wrongly and nothing has run; with --json standard output is one document,
// errors included (`npm run --silent example -- NAME --json`, or npm's own lines come first); the process ends when the example has.
import { type Example, examplesIn } from "./examples/example-list.ts";
import { nearestName } from "./examples/nearest-name.ts";
import { runExample, UsageError } from "./examples/run-example.ts";

const usage = "npm run example -- NAME [--json]      (--list: which there are)";

async function main(words: readonly string[], examples: readonly Example[]): Promise<number> {
  const [name] = words.filter((word) => !word.startsWith("-"));
  const options = words.filter((word) => word !== name);
  if (name === undefined) {
    const asksForList = options.includes("--list") || options.includes("--help");
    const unknown = options.find((option) => !["--list", "--json", "--help"].includes(option));
    if (unknown !== undefined) throw new UsageError(`There is no option ${unknown}. ${usage}`);
    process.stdout.write(options.includes("--json") ? listDocument(examples) : listText(examples));
    return asksForList ? 0 : 2;
  }
  const example = examples.find((one) => one.name === name);
  if (example === undefined) throw unknownExample(name, examples);
  return runExample(example, options);
}

function listText(examples: readonly Example[]): string {
  const width = Math.max(...examples.map(({ name }) => name.length));
  const lines = examples.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`);
  return `${[usage, "", ...lines].join("\n")}\n`;
}

function listDocument(examples: readonly Example[]): string {
  return `${JSON.stringify({ examples: examples.map(({ name, about }) => ({ name, about })) }, undefined, 2)}\n`;
}

function unknownExample(name: string, examples: readonly Example[]): UsageError {
  const names = examples.map((one) => one.name);
  const near = nearestName(name, names);
  const offer = near === undefined ? "" : ` Did you mean ${near}?`;
  return new UsageError(`There is no example "${name}".${offer} There are: ${names.join(", ")}.`);
}

// A reader that hangs up (`| head`) has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
const words = process.argv.slice(2);
let code: number;
try {
  code = await main(words, examplesIn(process.cwd()));
} catch (error) {
  const { message } = error as Error;
  const isUsage = error instanceof UsageError;
  if (words.includes("--json")) process.stdout.write(`${JSON.stringify({ error: { message } }, undefined, 2)}\n`);
  console.error(isUsage ? message : error);
  code = isUsage ? 2 : 1;
}
// A model may have left threads and timers: what was written leaves the process, then it is over.
process.stdout.write("", () => process.exit(code));
