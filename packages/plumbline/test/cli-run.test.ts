// The real command on a real database: what it prints, what it exits with, and that nothing else reaches standard output.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { json, loans, run, workFolder } from "./fixtures/command.ts";

vi.setConfig({ testTimeout: 60_000 }); // every call is a process of its own
const folder = workFolder();

describe("plumbline run", () => {
  it("prints one document, whatever user code prints", async () => {
    const { code, document } = await json(folder, "run", loans, "greet", "--input", '{"name":"Ada"}', "--key", "a");
    expect(code).toBe(0);
    expect(document).toMatchObject({
      id: expect.any(String),
      flow: "greet",
      key: "a",
      status: "ended",
      outcome: "succeeded",
      output: { text: "Hello Ada" },
      degradations: [],
      steps: [
        { path: "write", status: "succeeded", answeredBy: expect.any(String), attempts: 1, ms: expect.any(Number) },
      ],
      cost: { usd: 0, tokens: 0 },
      ms: expect.any(Number),
    });
    const again = await json(folder, "run", loans, "greet", "--input", '{"name":"Ada"}', "--key", "a");
    expect(again.document.id).toBe(document.id);
  });

  it("tells people the outcome and how to find out why", async () => {
    const { code, stdout, stderr } = await run(folder, "run", loans, "fails", "--input", "{}");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fails failed in .*\n\n {2}broken for good\n\n {2}plumbline why r\w+\n$/);
    expect(stderr).toMatch(/break {2}failed: broken for good/);
  });

  it("has a code of its own for degraded, which can be accepted", async () => {
    const broken = join(folder, "degraded.ts");
    writeFileSync(
      broken,
      `import { flow, template } from ${JSON.stringify(join(import.meta.dirname, "../src/index.ts"))};
const any = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
export const one = flow("one", { input: any, build($, input) {
  console.log("printed while loading");
  return { text: $.step("say", { needs: { input }, output: any, retry: { maxAttempts: 1 } })
    .by(() => { console.log("printed while running"); throw new Error("down"); }, template(() => "plain")) };
} });
`,
    );
    const { code, document } = await json(folder, "run", broken, "--input", "1");
    expect([code, document.outcome, document.degradations.length]).toEqual([3, "degraded", 1]);
    expect((await run(folder, "run", broken, "--input", "1", "--accept-degraded")).code).toBe(0);
  });
});

describe("mistakes", () => {
  async function mistake(...args: readonly string[]) {
    const { code, document } = await json(folder, ...args);
    expect(code).toBe(2);
    expect(Object.keys(document.error)).toEqual(["code", "path", "expected", "found", "mend", "message"]);
    expect(document.error.mend).not.toBeNull();
    return document.error;
  }

  it("a file that does not load, and one whose flow is defined wrongly", async () => {
    writeFileSync(join(folder, "broken.ts"), "enum Colour { Red }\nexport const x = Colour.Red;\n");
    writeFileSync(join(folder, "missing.ts"), 'import "./nowhere.ts";\n');
    writeFileSync(
      join(folder, "wrong.ts"),
      `import { flow } from ${JSON.stringify(join(import.meta.dirname, "../src/index.ts"))};\nflow("wrong", { build: () => 1 } as never);\n`,
    );
    mkdirSync(join(folder, "old"));
    writeFileSync(join(folder, "old/package.json"), '{"type":"commonjs"}');
    writeFileSync(join(folder, "old/flows.ts"), 'import "node:fs";\n');
    const [broken, missing, wrong, old] = await Promise.all(
      ["broken.ts", "missing.ts", "wrong.ts", "old/flows.ts"].map((file) => mistake("graph", file)),
    );
    expect(broken).toMatchObject({ code: "file-broken", mend: expect.stringContaining("no enum") });
    expect(missing).toMatchObject({ code: "file-broken", found: expect.stringContaining("nowhere.ts") });
    expect(old).toMatchObject({ code: "file-broken", mend: expect.stringMatching(/type=module.*\.mts$/) });
    expect(wrong).toMatchObject({ code: "contract-missing", path: "wrong.input" });
  });

  it("an input that breaks the contract, a database, a run or a command that is not there", async () => {
    expect(await mistake("run", loans, "greet", "--input", '{"name":1}')).toMatchObject({
      code: "input-invalid",
      path: "greet",
      expected: expect.stringContaining(".name"),
    });
    expect(await mistake("runs", "--db", "nowhere.db")).toMatchObject({ code: "database-unknown", path: "nowhere.db" });
    expect(await mistake("show", "zzz")).toMatchObject({ code: "run-unknown", path: "zzz" });
    const { stdout, stderr, code } = await run(folder, "rnus");
    expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
    expect(stderr).toMatch(
      /^✗ rnus: there is no such command \[usage\]\n {2}expected {2}run, .*\n {2}found {5}rnus\n {2}mend {6}did you mean `plumbline runs`\?\n$/,
    );
  });
});

it("says its version and, for each command, how it is used", async () => {
  expect((await run(folder, "--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const { stdout, code } = await run(folder, "approve", "--help");
  expect(code).toBe(0);
  expect(stdout).toMatch(/plumbline approve ID \[OPTIONS\][\s\S]*--decision JSON[\s\S]*Examples\n[\s\S]*Exit codes/);
});
