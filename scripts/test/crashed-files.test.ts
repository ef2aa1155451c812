// Proves that CI runs a file once more only where V8 itself ended its process, and nothing else failed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const repository = join(import.meta.dirname, "../..");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plumbline-crashed-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Runs vitest itself on these files, and asks which of them V8 ended. */
function crashedOf(files: Readonly<Record<string, string>>): { status: number | null; said: string } {
  writeFileSync(join(folder, "vitest.config.mjs"), "export default { test: { globals: true } };\n");
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const [report, log] = [join(folder, "report.json"), join(folder, "log")];
  const options = ["run", "--root", folder, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = join(repository, "node_modules/.bin/vitest");
  const { stdout, stderr } = spawnSync(vitest, options, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, CI: "true" },
  });
  writeFileSync(log, stdout + stderr);
  const script = join(repository, "scripts/crashed-files.ts");
  const asked = spawnSync(process.execPath, [script, report, log], { cwd: folder, encoding: "utf8" });
  expect(readFileSync(report, "utf8")).toContain("testResults");
  return { status: asked.status, said: asked.stdout.trim() };
}

const passes = 'test("passes", () => {});\n';
const fails = 'test("fails", () => { throw new Error("x"); });\n';
const ended = (said: string) =>
  `test("ends", () => { process.stderr.write("# ${said}.\\n"); process.kill(process.pid, "SIGTRAP"); return new Promise(() => {}); });\n`;
const byV8 = ended("Check failed: jit_page.has_value()");

test("a file whose process V8 ended is named", () => {
  expect(crashedOf({ "a.test.ts": passes, "b.test.ts": byV8 })).toEqual({ status: 0, said: "b.test.ts" });
});

test.each([
  ["a test failed beside it", { "a.test.ts": fails, "b.test.ts": byV8 }],
  ["a process ended for another reason", { "a.test.ts": passes, "b.test.ts": ended("Check failed: something else") }],
  ["nobody crashed", { "a.test.ts": fails }],
])("none is named when %s", (_, files) => {
  expect(crashedOf(files)).toEqual({ status: 1, said: "" });
});
