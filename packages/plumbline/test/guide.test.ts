// The guide's flow runs as it is written and prints what the guide says: its first block ```ts runnable and the ```text after it.
// And the catalogue of errors has every code of the command.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const repository = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(repository, path), "utf8");

test("the guide's flow prints what the guide says", { timeout: 60_000 }, () => {
  const [, source, output] = /^```ts runnable\n(.*?)^```\n.*?^```text\n(.*?)^```$/ms.exec(read("docs/guide.md")) ?? [];
  if (source === undefined) throw new Error("docs/guide.md has no block ```ts runnable followed by a block ```text.");
  const folder = mkdtempSync(join(tmpdir(), "plumbline-guide-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"), "junction");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(folder, "claim.ts"), source);
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=plumbline-source", "claim.ts"], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    timeout: 30_000,
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: output, stderr: "" });
});

test("the catalogue has every code of the command", () => {
  const [, union = ""] = /^type CliCode =([^;]+);/m.exec(read("packages/plumbline/src/cli/problem.ts")) ?? [];
  const codes = [...union.matchAll(/\| "([a-z-]+)"/g)].map(([, code = ""]) => code);
  const listed = [...read("docs/reference/errors.md").matchAll(/^(?:- |\| )`([a-z-]+)`/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(10);
  expect(codes.filter((code) => !listed.includes(code))).toEqual([]);
});
