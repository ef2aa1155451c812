// Proves what a release is made of, on a small house: one core, one engine with a worker thread, what users install, one beside it.
// The real packages are installed and run by packages/plumbline/test/packed.test.ts.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { release } from "../packaging/release.ts";
import type { Tarball } from "../packaging/tarball.ts";

const repository = join(import.meta.dirname, "../..");
const source = { "plumbline-source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" };
let root: string;
let made: Tarball[];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "plumbline-release-"));
  for (const file of ["tsconfig.json", "tsconfig.packages.json", "LICENSE"])
    copyFileSync(join(repository, file), join(root, file));
  write("README.md", "# Small house\n");
  for (const tool of [".bin", "@types"]) link(join(repository, "node_modules", tool), `node_modules/${tool}`);
  writePackage("core", { private: true, dependencies: { "types-of-schemas": "1.0.0" } });
  write("packages/core/src/index.ts", 'export type { Plan } from "./plan.ts";\n');
  write("packages/core/src/plan.ts", "/** A plan. */\nexport interface Plan {\n  readonly steps: number;\n}\n");
  writePackage("engine", { private: true, dependencies: { "@plumbline/core": "1.0.0" } });
  write("packages/engine/src/index.ts", 'export { run } from "./run.ts";\n');
  write("packages/engine/src/run.ts", runInThread);
  write(
    "packages/engine/src/thread.ts",
    'import { parentPort } from "node:worker_threads";\n\nparentPort?.postMessage(42);\n',
  );
  write("packages/engine/src/schema.sql", "create table t (a);\n");
  writePackage("plumbline", { dependencies: { "@plumbline/core": "1.0.0", "@plumbline/engine": "1.0.0" } });
  write("packages/plumbline/src/index.ts", 'export * from "@plumbline/core";\nexport * from "@plumbline/engine";\n');
  writePackage("ai", { dependencies: { "@plumbline/core": "1.0.0" } });
  write(
    "packages/ai/src/index.ts",
    'import type { Plan } from "@plumbline/core";\n\nexport const sizeOf = (plan: Plan): number => plan.steps;\n',
  );
  made = release({ root, tarballsInto: join(root, "tarballs"), keepsDist: true });
});

afterAll(() => rmSync(root, { recursive: true }));

const runInThread = `import { Worker } from "node:worker_threads";
import type { Plan } from "@plumbline/core";

export async function run(plan: Plan): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  new Worker(new URL("./thread.ts", import.meta.url)).on("message", resolve);
  return plan.steps + (await promise);
}
`;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function link(target: string, path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

function writePackage(room: string, fields: object): void {
  const name = room === "plumbline" ? room : `@plumbline/${room}`;
  const manifest = { name, version: "1.0.0", type: "module", files: ["dist"], exports: { ".": source }, ...fields };
  write(`packages/${room}/package.json`, JSON.stringify(manifest));
  link(join(root, "packages", room), `node_modules/${name}`);
}

const built = (path: string): string => readFileSync(join(root, "packages", path), "utf8");

/** The manifest and file list as a user would get them. */
function unpacked(room: string): { manifest: Record<string, unknown>; files: string[] } {
  const tarball = made.find(({ name }) => name.endsWith(room))?.path ?? "";
  const into = join(root, "unpacked", room);
  mkdirSync(into, { recursive: true });
  const ran = spawnSync("tar", ["-xvzf", tarball, "-C", into], { encoding: "utf8" });
  const files = ran.stdout
    .trim()
    .split("\n")
    .map((path) => path.replace("package/", ""));
  return { manifest: JSON.parse(readFileSync(join(into, "package/package.json"), "utf8")), files: files.sort() };
}

test("every package that is not private becomes a tarball, with its size", () => {
  expect(made.map(({ name }) => name).sort()).toEqual(["@plumbline/ai", "plumbline"]);
  for (const { unpackedBytes, packedBytes } of made) {
    expect(unpackedBytes).toBeGreaterThan(packedBytes);
    expect(packedBytes).toBeGreaterThan(100);
  }
});

test("plumbline carries the rooms it depends on, licence, README and what is no TypeScript", () => {
  expect(unpacked("plumbline").files).toEqual(
    ["LICENSE", "README.md", "package.json", "dist/engine/schema.sql"]
      .concat(
        ["index", "core/index", "core/plan", "engine/index", "engine/run", "engine/thread"].flatMap((file) => [
          `dist/${file}.js`,
          `dist/${file}.d.ts`,
        ]),
      )
      .sort(),
  );
});

test("its manifest names what the rooms need, the Node it needs, and nothing of the workspace", () => {
  expect(unpacked("plumbline").manifest).toMatchObject({
    dependencies: { "types-of-schemas": "1.0.0" },
    engines: { node: ">=24" },
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
  });
  expect(JSON.stringify(unpacked("plumbline").manifest)).not.toMatch(/@plumbline|plumbline-source/);
});

test("imports of rooms become paths, in declarations too, and TypeScript's endings JavaScript's", () => {
  expect(built("plumbline/dist/index.js")).toBe(
    'export * from "./core/index.js";\nexport * from "./engine/index.js";\n',
  );
  expect(built("plumbline/dist/engine/run.d.ts")).toContain('import type { Plan } from "../core/index.js";');
  expect(built("plumbline/dist/core/index.d.ts")).toContain('from "./plan.js"');
  expect(built("plumbline/dist/engine/run.js")).toContain('new URL("./thread.js", import.meta.url)');
});

test("what is beside plumbline takes core from plumbline", () => {
  expect(built("ai/dist/index.d.ts")).toContain('import type { Plan } from "plumbline";');
  expect(unpacked("ai").manifest).toMatchObject({ dependencies: {}, peerDependencies: { plumbline: "^1.0.0" } });
});

test("a room that plumbline has a door for is taken through it", () => {
  const { name, exports, ...rest } = JSON.parse(built("plumbline/package.json"));
  const door = { "plumbline-source": "./src/core.ts", default: "./dist/core.js" };
  write("packages/plumbline/src/core.ts", 'export * from "@plumbline/core";\n');
  write("packages/plumbline/package.json", JSON.stringify({ name, exports: { ...exports, "./core": door }, ...rest }));
  try {
    release({ root, tarballsInto: join(root, "tarballs"), keepsDist: true });
    expect(built("ai/dist/index.d.ts")).toContain('import type { Plan } from "plumbline/core";');
    expect(built("plumbline/dist/core.js")).toBe('export * from "./core/index.js";\n');
  } finally {
    rmSync(join(root, "packages/plumbline/src/core.ts"));
    write("packages/plumbline/package.json", JSON.stringify({ name, exports, ...rest }));
  }
});

test("what was built runs, its worker thread too", () => {
  write(
    "run.mjs",
    'import { run } from "./packages/plumbline/dist/index.js";\nconsole.log(await run({ steps: 3 }));\n',
  );
  const ran = spawnSync(process.execPath, [join(root, "run.mjs")], { encoding: "utf8" });
  expect(ran).toMatchObject({ stdout: "45\n", stderr: "", status: 0 });
});

test.each([
  ["a package that no manifest declares", 'import "left-out";\n', "plumbline imports left-out without declaring it"],
  ["what does not compile", "export const a: number = '';\n", "TS2322"],
])("a release fails on %s", (_, text, said) => {
  write("packages/engine/src/wrong.ts", text);
  write("node_modules/left-out/package.json", '{ "types": "./index.d.ts" }');
  write("node_modules/left-out/index.d.ts", "export {};\n");
  try {
    expect(() => release({ root, tarballsInto: join(root, "tarballs"), keepsDist: false })).toThrow(said);
  } finally {
    rmSync(join(root, "packages/engine/src/wrong.ts"));
  }
});

test("a release fails above 5 MB unpacked", () => {
  write("packages/engine/src/large.sql", "-".repeat(5_000_001));
  try {
    expect(() => release({ root, tarballsInto: join(root, "tarballs"), keepsDist: false })).toThrow("at most 5 MB");
  } finally {
    rmSync(join(root, "packages/engine/src/large.sql"));
  }
});
