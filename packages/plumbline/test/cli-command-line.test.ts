// Words to commands: what is understood, what is refused, and that help and completion know every command.
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { asksForJson, parseCommandLine } from "../src/cli/command-line.ts";
import { commands } from "../src/cli/command-list.ts";
import { completionCommand } from "../src/cli/completion.ts";
import { commandHelp, generalHelp } from "../src/cli/help.ts";
import { problemDocument, problemOf, renderProblem } from "../src/cli/problem.ts";
import { Interrupts, outputOf, type Paint } from "../src/cli/terminal.ts";

const plain: Paint = (_style, text) => text;
const parse = (...argv: readonly string[]) => parseCommandLine(argv, commands);

function refused(...argv: readonly string[]) {
  try {
    parse(...argv);
  } catch (error) {
    return problemOf(error);
  }
  throw new Error("it was understood");
}

describe("parsing", () => {
  it("takes options anywhere, also values that begin with a dash", () => {
    expect(parse("--db", "x.db", "run", "f.ts", "--input", "-5", "greet", "--json")).toMatchObject({
      kind: "command",
      spec: { name: "run" },
      given: {
        args: ["f.ts", "greet"],
        options: new Map<string, string | true>([
          ["db", "x.db"],
          ["input", "-5"],
          ["json", true],
        ]),
      },
    });
    expect(parse("why", "--", "-run-").kind).toBe("command");
  });

  it("helps wherever help is asked for", () => {
    expect(parse()).toEqual({ kind: "help" });
    expect(parse("help", "why")).toMatchObject({ kind: "help", spec: { name: "why" } });
    expect(parse("run", "-h")).toMatchObject({ kind: "help", spec: { name: "run" } });
    expect(parse("-V")).toEqual({ kind: "version" });
  });

  it.each([
    [["aprove"], "aprove", "did you mean `plumbline approve`?"],
    [["runs", "--outcom", "failed"], "--outcom", "did you mean --outcome?"],
    [["runs", "--note", "x"], "--note", "`plumbline runs --help` lists them"],
    [["run", "f.ts", "--input"], "--input", "the input, or @FILE; @- reads standard input"],
    [["run", "f.ts", "--input", "--json"], "--input", "the input, or @FILE; @- reads standard input"],
    [["runs", "--json=yes"], "--json", "give it no value"],
    [["runs", "--limit", "1", "--limit", "2"], "--limit", "give it once"],
    [["run"], "run", "a TypeScript or JavaScript file that exports flows"],
    [["runs", "extra"], "runs", "text with spaces needs quotes"],
  ])("refuses %j at %s", (argv, path, mend) => {
    expect(refused(...argv)).toMatchObject({ code: "usage", path, mend, exitCode: 2 });
  });

  it("names the command's own options only", () => {
    const expected = "--desk, --limit, --db, --json, --help, --version";
    expect(refused("approvals", "--colour")).toMatchObject({ path: "--colour", expected });
    expect(refused("approvals", "--note", "x")).toMatchObject({ path: "--note", expected });
  });

  it("knows JSON is wanted before anything is understood", () => {
    expect([asksForJson(["nonsense", "--json"]), asksForJson(["run", "--", "--json"])]).toEqual([true, false]);
  });
});

it("help shows every command, option and an example", () => {
  for (const spec of commands) {
    expect(generalHelp(commands, plain)).toContain(spec.summary);
    const help = commandHelp(spec, plain);
    expect(help).toContain(`plumbline ${spec.name}`);
    expect(spec.examples.length).toBeGreaterThan(0);
    for (const { name, words } of spec.options)
      expect(help).toMatch(new RegExp(`--${name}.* ${words.slice(0, 8).replace(/[()]/g, ".")}`));
  }
});

it.each(["bash", "zsh", "fish"])("completes commands in %s", async (shell) => {
  let text = "";
  const out = outputOf({}, (part) => {
    text += part;
  });
  const given = { args: [shell], options: new Map() };
  const quiet = { err: out, json: false, db: "x", interrupts: new Interrupts(), now: () => 0, told: new Map() };
  await completionCommand({ given, out, ...quiet }, commands);
  for (const { name } of commands) expect(text).toContain(name);
  expect(text).toMatch(/accept-degraded/);
  const checked = spawnSync(shell, ["-n"], { input: text, encoding: "utf8" });
  if (!checked.error) expect(checked.stderr).toBe(""); // where this shell is installed
});

it("tells errors of others without their stack, and its own faults with it", () => {
  const foreign = Object.assign(new Error("x: what [run-unknown]\n  expected: a\n  found:    b"), {
    name: "PlumblineError",
    code: "run-unknown",
    path: "x",
    expected: "a",
    found: "b\u001b[2J",
  });
  const problem = problemOf(foreign);
  expect(problemDocument(problem)).toEqual({
    error: { code: "run-unknown", path: "x", expected: "a", found: "b\u001b[2J", mend: null, message: "what" },
  });
  expect(renderProblem(problem, plain)).toBe("✗ x: what [run-unknown]\n  expected  a\n  found     b\n");
  expect(renderProblem(problemOf(new TypeError("oops")), plain)).toMatch(/✗ oops \[unexpected\]\n\s+at /);
});
