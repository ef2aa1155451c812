// Runs one example: loads its module and calls `main`, or starts the script "demo" of its folder.
// Boundary: which example, and what becomes of a mistake, is scripts/example.ts. An example's module exports `about`, `main`
// and, where it takes more than --json, `switches`: names with what they are for. `main` is given all of them as booleans.
// Invariant: with --json standard output gets exactly one JSON document or nothing: what an example prints is held back until then.
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import type { Example } from "./example-list.ts";
import { nearestName } from "./nearest-name.ts";

interface ExampleModule {
  readonly main: (options: Readonly<Record<string, boolean>> & { readonly json: boolean }) => Promise<void>;
  readonly switches?: Readonly<Record<string, string>>;
}

/** Asked wrongly: nothing has run. */
export class UsageError extends Error {}

/** The exit code. @throws UsageError when the example does not take such options */
export async function runExample({ name, file, workspace }: Example, options: readonly string[]): Promise<number> {
  if (file === undefined) return runDemo(workspace as string, options);
  const { main, switches = {} } = (await import(pathToFileURL(file).href)) as ExampleModule;
  demandKnown(name, options, ["json", ...Object.keys(switches)]);
  const given = Object.fromEntries(Object.keys(switches).map((option) => [option, options.includes(`--${option}`)]));
  const json = options.includes("--json");
  const document = json ? holdBackOutput() : undefined;
  try {
    await main({ ...given, json });
  } finally {
    document?.giveBack();
  }
  if (document) process.stdout.write(demandDocument(name, document.text()));
  return Number(process.exitCode ?? 0);
}

function runDemo(workspace: string, options: readonly string[]): number {
  const args = ["run", "--silent", "demo", "--workspace", workspace, "--", ...options];
  const { status, error } = spawnSync("npm", args, { stdio: "inherit", shell: process.platform === "win32" });
  if (error) throw error;
  return status ?? 1;
}

function demandKnown(name: string, options: readonly string[], known: readonly string[]): void {
  const unknown = options.find((option) => !known.includes(option.replace(/^--/, "")) || !option.startsWith("--"));
  if (unknown === undefined) return;
  const near = nearestName(unknown.replace(/^-+/, ""), known);
  const offer = near === undefined ? "" : ` Did you mean --${near}?`;
  throw new UsageError(`${name} takes ${known.map((one) => `--${one}`).join(", ")}, and no ${unknown}.${offer}`);
}

function holdBackOutput(): { text(): string; giveBack(): void } {
  const original = process.stdout.write;
  let text = "";
  process.stdout.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    const callback = typeof encoding === "function" ? encoding : done;
    if (typeof callback === "function") process.nextTick(callback as () => void);
    return true;
  }) as typeof process.stdout.write;
  return {
    text: () => text,
    giveBack: () => {
      process.stdout.write = original;
    },
  };
}

function demandDocument(name: string, text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    const begin = JSON.stringify(text.slice(0, 200));
    throw new Error(`with --json ${name} must print one JSON document and nothing else; it printed ${begin}`, {
      cause: error,
    });
  }
}
