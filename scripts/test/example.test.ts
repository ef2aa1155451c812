// Goal: `npm run example` finds examples by folder, runs the named one, and says what there is when it is asked wrongly; with
// --json standard output is one document, whatever the example prints. On a small house, and the list of the real one.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { examplesIn } from "../examples/example-list.ts";
import { nearestName } from "../examples/nearest-name.ts";

const repository = join(import.meta.dirname, "../..");
let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "plumbline-example-"));
  const about = (text: string) => `export const about = ${JSON.stringify(text)};\n`;
  const main = (body: string) => `export async function main(options: { readonly json: boolean }) { ${body} }\n`;
  const print = 'console.log(options.json ? JSON.stringify(options) : "hello from greet");';
  write("greet/src/example.ts", `${about("Says hello")}export const switches = { loud: "loudly" };\n${main(print)}`);
  write("chatty/src/example.ts", `${about("Prints too much")}${main('console.log("loading"); console.log("{}");')}`);
  write("broken/src/example.ts", `${about("Breaks")}${main('throw new Error("no model");')}`);
  write("unmet/src/example.ts", `${about("Misses its figures")}${main('process.exitCode = 1; console.log("{}");')}`);
  write("lingering/src/example.ts", `${about("Leaves a timer")}${main("setInterval(() => {}, 1_000);")}`);
  write("models/src/vectors.ts", "export {};\n");
  write("batch/package.json", manifest("batch", { demo: "node demo.mjs" }));
  write("batch/demo.mjs", "console.log(JSON.stringify(process.argv.slice(2)));\n");
  writeFileSync(
    join(root, "package.json"),
    JSON.stringify({ private: true, type: "module", workspaces: ["examples/*"] }),
  );
});
afterAll(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  const file = join(root, "examples", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function manifest(name: string, scripts: Record<string, string>): string {
  return JSON.stringify({ name: `@house/${name}`, version: "1.0.0", description: "Has a demo of its own", scripts });
}

function example(...words: string[]) {
  const script = join(repository, "scripts/example.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], { cwd: root, encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("which there are", () => {
  const all = ["batch", "broken", "chatty", "greet", "lingering", "unmet"];

  test("folders with src/example.ts or a demo of their own, and no others, without loading them", () => {
    expect(examplesIn(root).map(({ name }) => name)).toEqual(all);
    const { status, stdout } = example("--list", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout).examples).toContainEqual({ name: "greet", about: "Says hello" });
    expect(JSON.parse(stdout).examples).toContainEqual({ name: "batch", about: "Has a demo of its own" });
  });

  test("no name shows the list and is an error", () => {
    const { status, stdout } = example();
    expect(status).toBe(2);
    for (const name of all) expect(stdout).toContain(name);
    expect(example("--list").stdout).toBe(stdout);
  });

  test("a wrong name is told what there is, and the nearest", () => {
    const { status, stdout, stderr } = example("greeet");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Did you mean greet?");
    expect(stderr).toContain(all.join(", "));
    expect(JSON.parse(example("greeet", "--json").stdout).error.message).toBe(stderr.trim());
    expect(example("xylophone").stderr).not.toContain("Did you mean");
  });

  test("every example of this repository says what it is about, in one line", () => {
    const real = examplesIn(repository);
    const folders = readdirSync(join(repository, "examples"));
    const withModule = folders.filter((name) => existsSync(join(repository, "examples", name, "src/example.ts")));
    expect(real.map(({ name }) => name)).toEqual([...new Set(["loan-triage", ...withModule])].sort());
    for (const { name, about } of real)
      expect([name, about]).toEqual([name, expect.stringMatching(/^[A-Z0-9].{19,159}$/)]);
  });
});

describe("running one", () => {
  test("prints what it prints, and with --json its document", () => {
    expect(example("greet")).toEqual({ status: 0, stdout: "hello from greet\n", stderr: "" });
    expect(JSON.parse(example("greet", "--json").stdout)).toEqual({ json: true, loud: false });
    expect(JSON.parse(example("--json", "greet", "--loud").stdout)).toEqual({ json: true, loud: true });
  });

  test("an option that it does not take is refused before anything runs", () => {
    const { status, stdout, stderr } = example("greet", "--lout");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("greet takes --json, --loud, and no --lout. Did you mean --loud?");
  });

  test("a script of its own gets the options as they are", () => {
    expect(example("batch", "--json", "--db", "x.db")).toMatchObject({
      status: 0,
      stdout: '["--json","--db","x.db"]\n',
    });
  });

  test("one that throws, misses its figures, or prints more than a document ends with 1", () => {
    const broken = example("broken", "--json");
    expect([broken.status, JSON.parse(broken.stdout)]).toEqual([1, { error: { message: "no model" } }]);
    expect(example("unmet", "--json")).toEqual({ status: 1, stdout: "{}\n", stderr: "" });
    const chatty = example("chatty", "--json");
    expect(chatty.status).toBe(1);
    expect(JSON.parse(chatty.stdout).error.message).toContain("must print one JSON document");
  });

  test("what it leaves open does not keep the command waiting", () => {
    expect(example("lingering").status).toBe(0);
  });
});

test("the nearest name is a few slips away, or has the word in it", () => {
  const names = ["approval-desk", "chatbot", "large-state"];
  expect(["chatbox", "approval", "largestate", "CHATBOT"].map((word) => nearestName(word, names))).toEqual([
    "chatbot",
    "approval-desk",
    "large-state",
    "chatbot",
  ]);
  expect(nearestName("zebra", names)).toBeUndefined();
});
