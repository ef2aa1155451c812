/**
 * From words on the command line to a command with its arguments and options.
 *
 * Boundary: which commands there are is command-list.ts; what they do is theirs. On node:util's parseArgs, read by its
 * tokens so that every mistake is told in our own words. Invariants: options may stand anywhere; an option that another
 * command has is refused for this one and said so; nothing is guessed, but the nearest name is offered.
 */
import { parseArgs } from "node:util";
import type { ExitCode } from "./exit-code.ts";
import { CliError } from "./problem.ts";
import type { Given, Session } from "./session.ts";

export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** What its value is called; absent for switches. */
  readonly value?: string;
  readonly words: string;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly optional?: true;
  readonly words: string;
  /** Files are completed as such. */
  readonly isFile?: true;
}

export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly args: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  readonly load: () => Promise<(session: Session) => Promise<ExitCode>>;
}

export type Parsed =
  | { readonly kind: "command"; readonly spec: CommandSpec; readonly given: Given }
  | { readonly kind: "help"; readonly spec?: CommandSpec }
  | { readonly kind: "version" };

export const globalOptions: readonly OptionSpec[] = [
  { name: "db", value: "FILE", words: "the database; default plumbline.db in this folder" },
  { name: "json", words: "print one JSON document to standard output, and nothing else there" },
  { name: "help", short: "h", words: "say how this command is used" },
  { name: "version", short: "V", words: "print the version" },
];

export function parseCommandLine(argv: readonly string[], commands: readonly CommandSpec[]): Parsed {
  const { words, options } = tokensOf(argv, commands);
  if (options.has("version")) return { kind: "version" };
  const [first, ...args] = words;
  if (first === undefined || first === "help") {
    const about = first === "help" ? args[0] : undefined;
    return { kind: "help", ...(about === undefined ? {} : { spec: commandNamed(about, commands) }) };
  }
  const spec = commandNamed(first, commands);
  if (options.has("help")) return { kind: "help", spec };
  const allowed = optionsOf(spec);
  for (const name of options.keys()) if (!allowed.includes(name)) throw unknownOption(`--${name}`, allowed, spec);
  demandArguments(spec, args);
  return { kind: "command", spec, given: { args, options } };
}

/** True when the words ask for JSON, also when they cannot be understood otherwise. */
export function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}

/** Its own first, then those of every command. */
function optionsOf(spec: CommandSpec | undefined): string[] {
  return [...(spec?.options ?? []), ...globalOptions].map(({ name }) => name);
}

function tokensOf(argv: readonly string[], commands: readonly CommandSpec[]) {
  const specs = [...globalOptions, ...commands.flatMap((spec) => spec.options)];
  const config = Object.fromEntries(
    specs.map(({ name, short, value }) => [
      name,
      { type: value === undefined ? ("boolean" as const) : ("string" as const), ...(short ? { short } : {}) },
    ]),
  );
  const { tokens } = parseArgs({ args: [...argv], options: config, strict: false, tokens: true });
  const words: string[] = [];
  const options = new Map<string, string | true>();
  const unknown: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const spec = specs.find((one) => one.name === name);
    if (!spec) {
      unknown.push(rawName);
      continue;
    }
    if (options.has(name)) throw usage(`${rawName} is given twice`, { path: rawName, mend: "give it once" });
    options.set(name, optionValue(spec, rawName, value, specs));
  }
  if (unknown[0] !== undefined) {
    const command = commands.find((one) => one.name === words[0]);
    throw unknownOption(unknown[0], optionsOf(command), command);
  }
  return { words, options };
}

function optionValue(
  spec: OptionSpec,
  raw: string,
  value: string | undefined,
  specs: readonly OptionSpec[],
): string | true {
  if (spec.value === undefined) {
    if (value === undefined) return true;
    throw usage(`${raw} is a switch`, { path: raw, expected: raw, found: `${raw}=${value}`, mend: "give it no value" });
  }
  // `--input --json` is a forgotten value, and not the text "--json".
  const isOption = value?.startsWith("--") && specs.some(({ name }) => value === `--${name}`);
  if (value !== undefined && !isOption) return value;
  throw usage(`${raw} wants a value`, { path: raw, expected: `${raw} ${spec.value}`, found: "none", mend: spec.words });
}

function commandNamed(name: string, commands: readonly CommandSpec[]): CommandSpec {
  const spec = commands.find((one) => one.name === name);
  if (spec) return spec;
  const names = commands.map((one) => one.name);
  const near = nearest(name, names);
  throw usage("there is no such command", {
    path: name,
    expected: names.join(", "),
    found: name,
    mend: near ? `did you mean \`plumbline ${near}\`?` : "`plumbline --help` says what each does",
  });
}

function unknownOption(raw: string, known: readonly string[], spec?: CommandSpec): CliError {
  const near = nearest(raw.replace(/^-+/, ""), known);
  const help = spec ? `plumbline ${spec.name} --help` : "plumbline --help";
  return usage(spec ? `\`plumbline ${spec.name}\` has no such option` : "there is no such option", {
    path: raw,
    expected: known.map((name) => `--${name}`).join(", "),
    found: raw,
    mend: near && near !== raw.replace(/^-+/, "") ? `did you mean --${near}?` : `\`${help}\` lists them`,
  });
}

function demandArguments(spec: CommandSpec, args: readonly string[]): void {
  const required = spec.args.filter(({ optional }) => !optional).length;
  if (args.length >= required && args.length <= spec.args.length) return;
  const missing = spec.args[args.length];
  const found = args.length === 0 ? "no argument" : args.join(" ");
  throw usage(args.length < required && missing ? `${missing.name} is missing` : "too many arguments", {
    path: spec.name,
    expected: usageOf(spec),
    found,
    mend: missing && args.length < required ? missing.words : "text with spaces needs quotes",
  });
}

export function usageOf({ name, args }: CommandSpec): string {
  const words = args.map((one) => (one.optional ? `[${one.name}]` : one.name));
  return ["plumbline", name, ...words].join(" ");
}

function usage(what: string, details: ConstructorParameters<typeof CliError>[2]): CliError {
  return new CliError("usage", what, details);
}

/** The nearest name within two slips of the finger. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const ranked = names.map((name) => [distance(word, name), name] as const).sort(([a], [b]) => a - b);
  const [best] = ranked;
  return best && best[0] <= Math.min(2, Math.ceil(word.length / 3)) ? best[1] : undefined;
}

/** Letters to change, add, take out or swap with their neighbour. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const change = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(change, at(i - 1, j) + 1, at(i, j - 1) + 1, isSwap ? at(i - 2, j - 2) + 1 : change));
    }
  }
  return at(a.length, b.length);
}
