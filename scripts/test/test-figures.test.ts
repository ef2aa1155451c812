// Proves that CI's last line says what vitest found, and that a file which fails as a whole is not lost in it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const repository = join(import.meta.dirname, "../..");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plumbline-figures-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Runs vitest itself on these test files, so that the report is a real one. */
function figuresOf(files: Readonly<Record<string, string>>): { status: number | null; lines: string[] } {
  writeFileSync(join(folder, "vitest.config.mjs"), "export default { test: { globals: true } };\n");
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const report = join(folder, "report.json");
  const options = ["run", "--root", folder, "--reporter=json", `--outputFile.json=${report}`];
  spawnSync(join(repository, "node_modules/.bin/vitest"), options, { cwd: folder, encoding: "utf8" });
  const { status, stdout } = spawnSync(process.execPath, [join(repository, "scripts/test-figures.ts"), report], {
    encoding: "utf8",
  });
  return { status, lines: stdout.trim().split("\n") };
}

const passes = 'test("passes", () => {});\n';
const fails = 'test("fails", () => { throw new Error("x"); });\n';

test("passed and failed tests are counted, and a failed one fails the run", () => {
  expect(figuresOf({ "a.test.ts": passes })).toEqual({ status: 0, lines: ["Tests: 1 passed, 0 failed"] });
  expect(figuresOf({ "b.test.ts": passes + fails })).toEqual({ status: 1, lines: ["Tests: 2 passed, 1 failed"] });
});

test.each([
  ["does not load", `throw new Error("x");\n${passes}`],
  ["cannot be prepared", `beforeAll(() => { throw new Error("x"); });\n${passes}`],
])("a file that %s counts as failed", (_, text) => {
  const { status, lines } = figuresOf({ "a.test.ts": passes, "b.test.ts": text });
  expect(status).toBe(1);
  expect(lines.at(-1)).toBe("Tests: 1 passed, 1 failed");
  expect(lines).toContainEqual(expect.stringMatching(/^failed as a whole: .*b\.test\.ts$/));
});

test("a run of no tests is no success", () => {
  expect(figuresOf({ "a.test.ts": "test.skip('x', () => {});\n" })).toEqual({
    status: 1,
    lines: ["neither passed nor failed (skipped or to do): 1", "Tests: 0 passed, 0 failed"],
  });
});
