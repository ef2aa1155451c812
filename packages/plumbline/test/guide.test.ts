// What the guide shows runs as it is written and prints what the guide says: each block ```ts runnable and the ```text after it.
// And the catalogue of errors has every code of the command.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const runFile = promisify(execFile);
const repository = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(repository, path), "utf8");

/** Every block ```ts runnable of the guide with the heading it stands under and the block ```text after it. */
function examples(): { readonly heading: string; readonly source: string; readonly output: string }[] {
  const guide = read("docs/guide.md");
  const blocks = guide.matchAll(/^```ts runnable\n(.*?)^```\n(.*?)^```text\n(.*?)^```$/gms);
  const found = [...blocks].map(({ index, 1: source = "", 2: between = "", 3: output = "" }) => {
    expect(between.trim()).toBe("prints");
    return {
      heading:
        guide
          .slice(0, index)
          .match(/^#+ .*$/gm)
          ?.at(-1) ?? "",
      source,
      output,
    };
  });
  expect(found.length).toBe(guide.match(/^```ts runnable$/gm)?.length);
  return found;
}

test.concurrent.each(examples())("$heading: prints what the guide says", { timeout: 60_000 }, async (example) => {
  const folder = mkdtempSync(join(tmpdir(), "plumbline-guide-"));
  try {
    symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"), "junction");
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
    writeFileSync(join(folder, "example.ts"), example.source);
    const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
    const options = { cwd: folder, env, timeout: 30_000 };
    const { stdout, stderr } = await runFile(
      process.execPath,
      ["--conditions=plumbline-source", "example.ts"],
      options,
    );
    expect({ stdout, stderr }).toEqual({ stdout: example.output, stderr: "" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the guide has a section for each pattern", () => {
  const headings = examples().map(({ heading }) => heading);
  for (const pattern of ["branch", "ensemble", "map", "loop", "call", "signal", "cache"]) {
    expect(headings.filter((heading) => heading.includes(pattern))).toHaveLength(1);
  }
});

test("the catalogue has every code of the command", () => {
  const [, union = ""] = /^type CliCode =([^;]+);/m.exec(read("packages/plumbline/src/cli/problem.ts")) ?? [];
  const codes = [...union.matchAll(/\| "([a-z-]+)"/g)].map(([, code = ""]) => code);
  const listed = [...read("docs/reference/errors.md").matchAll(/^(?:- |\| )`([a-z-]+)`/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(10);
  expect(codes.filter((code) => !listed.includes(code))).toEqual([]);
});
