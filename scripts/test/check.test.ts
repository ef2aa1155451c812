// Proves that `npm run check` fails on each of its parts: one small sound tree, then one wrong file at a time.
// The rules are the repository's own, copied, so that a rule switched off there fails here.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const repository = join(import.meta.dirname, "../..");
const rules = [".gitignore", "biome.json", "knip.jsonc", "tsconfig.json", "tsconfig.packages.json"];
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "plumbline-check-"));
  for (const rule of rules) copyFileSync(join(repository, rule), join(root, rule));
  symlinkSync(join(repository, "node_modules"), join(root, "node_modules"));
  writeJson("package.json", { name: "tree", private: true, type: "module", workspaces: ["packages/*"] });
  writeJson("packages/engine/package.json", {
    name: "@plumbline/engine",
    type: "module",
    exports: { ".": { "plumbline-source": "./src/index.ts" } },
  });
  writeJson("packages/server/package.json", { name: "@plumbline/server", exports: "./src/index.ts" });
  write("packages/server/src/index.ts", "export {};\n");
  write("packages/engine/src/index.ts", 'export { larger } from "./larger.ts";\n');
  write("packages/engine/src/larger.ts", "export function larger(a: number): number {\n  return a + 1;\n}\n");
});

afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function writeJson(path: string, value: unknown): void {
  write(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

function check(...names: string[]): { code: number | null; text: string } {
  const ran = spawnSync(process.execPath, [join(repository, "scripts/check.ts"), ...names], {
    cwd: root,
    encoding: "utf8",
  });
  return { code: ran.status, text: ran.stdout + ran.stderr };
}

test("a sound tree passes with one line", () => {
  expect(check()).toEqual({ code: 0, text: expect.stringMatching(/^check: fine \([\d.]+ s\)\n$/) });
});

test.each([
  ["lint", "format", "export const a = {b:1}\n"],
  ["lint", "noExplicitAny", "export const a: any = 1;\n"],
  ["lint", "noUnusedVariables", "const a = 1;\n"],
  ["lint", "noUnusedImports", 'import { larger } from "./larger.ts";\n'],
  ["lint", "useImportType", 'import { A } from "./b.ts";\n\nexport const a = (x: A): A => x;\n'],
  ["lint", "noFloatingPromises", "async function a(): Promise<void> {}\na();\n"],
  ["lint", "noConsole", 'console.log("x");\n'],
  ["types", "TS2322", "export const a: number = [];\n"],
  ["types", "TS2375", "export const a: { b?: number } = { b: undefined } as { b: number | undefined };\n"],
  ["declarations", "TS9010", "export const a = [1].map((x) => x);\n"],
  ["house", "engine may not import server", 'import "@plumbline/server";\n'],
  ["dead-code", "Unused files", "export const a = 1;\n"],
])("%s fails: %s", (name, said, text) => {
  write("packages/engine/src/wrong.ts", text);
  const { code, text: output } = check(name);
  expect(output).toContain(said);
  expect(output).toContain(`check: ${name} failed`);
  expect(code).toBe(1);
});

test("dead code fails: an export that nobody imports", () => {
  write("packages/engine/src/larger.ts", "export const smaller = 1;\nexport const larger = 2;\n");
  expect(check("dead-code")).toEqual({ code: 1, text: expect.stringMatching(/Unused exports.*smaller/s) });
});

test("dead code fails: a package that nobody declared", () => {
  write("packages/engine/src/larger.ts", 'import "hono";\n\nexport const larger = 2;\n');
  expect(check("dead-code")).toEqual({ code: 1, text: expect.stringMatching(/Unlisted dependencies.*hono/s) });
});

test("every part that fails is said, and only those", () => {
  write("packages/engine/src/larger.ts", 'import "@plumbline/server";\nexport const larger: number = "";\n');
  const { code, text } = check("types", "house", "lint");
  expect(code).toBe(1);
  expect(text).toContain("check: types, house failed");
});

test("a part that does not exist is an error of its own", () => {
  expect(check("spelling")).toEqual({
    code: 2,
    text: expect.stringContaining("No such check: spelling. There are: lint,"),
  });
});
