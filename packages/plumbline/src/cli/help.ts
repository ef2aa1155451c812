/**
 * `--help`: what the command can do, and each of its commands with an example.
 *
 * Boundary: the command list as text. Invariant: whatever is in the list is in the help; there is no second list.
 */
import { type CommandSpec, globalOptions, type OptionSpec, usageOf } from "./command-line.ts";
import { exitCodeWords } from "./exit-code.ts";
import type { Paint } from "./terminal.ts";

type Row = readonly [left: string, words: string];

export function generalHelp(commands: readonly CommandSpec[], paint: Paint): string {
  return [
    "plumbline: durable flows of models, lookups, rules and people\n",
    section("Usage", ["plumbline COMMAND [ARGUMENTS] [OPTIONS]"], paint),
    section(
      "Commands",
      rows(
        commands.map((spec) => [spec.name, spec.summary]),
        paint,
      ),
      paint,
    ),
    section("Options", rows(globalOptions.map(optionRow), paint), paint),
    section(
      "Examples",
      commands
        .slice(0, 1)
        .flatMap(({ examples }) => examples)
        .concat("plumbline runs", "plumbline why last"),
      paint,
    ),
    section("Exit codes", rows(exitRows(), paint), paint),
    "`plumbline COMMAND --help` says more of a command.\n",
  ].join("\n");
}

export function commandHelp(spec: CommandSpec, paint: Paint): string {
  return [
    `${spec.summary}\n`,
    ...(spec.details === undefined ? [] : [`${spec.details}\n`]),
    section("Usage", [`${usageOf(spec)} [OPTIONS]`], paint),
    ...(spec.args.length === 0
      ? []
      : [
          section(
            "Arguments",
            rows(
              spec.args.map((one) => [one.name, one.words]),
              paint,
            ),
            paint,
          ),
        ]),
    section("Options", rows([...spec.options, ...globalOptions].map(optionRow), paint), paint),
    section(spec.examples.length > 1 ? "Examples" : "Example", spec.examples, paint),
    ...(runsFlows.has(spec.name) ? [section("Exit codes", rows(exitRows(), paint), paint)] : []),
  ].join("\n");
}

const runsFlows: ReadonlySet<string> = new Set(["run", "resume", "approve", "reject", "signal", "cancel"]);

function exitRows(): Row[] {
  return exitCodeWords.map(([code, words]) => [String(code), words]);
}

function optionRow({ name, short, value, words }: OptionSpec): Row {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return [short ? `-${short}, ${long}` : long, words];
}

function rows(pairs: readonly Row[], paint: Paint): string[] {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, words]) => `${paint("cyan", left.padEnd(width))}  ${words}`);
}

function section(title: string, lines: readonly string[], paint: Paint): string {
  return `${paint("bold", title)}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
