// What users get, as they get it: the tarball, installed into an empty folder, runs the README's flow on this Node and prints what
// the README says; and a strict consumer's TypeScript accepts the flow and every declaration file behind it.
// The flow is the README's first block ```ts runnable, its output the ```text block that follows.
import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const repository = join(import.meta.dirname, "../../..");
const minute = 60_000;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plumbline-packed-"));
  execFileSync(process.execPath, [join(repository, "scripts/build.ts"), folder], { stdio: "pipe" });
  const wanted = new Set([...published(), "@types/node", ...packagesIn(readmeFlow().source)]);
  writeFileSync(join(folder, "package.json"), '{ "name": "empty", "private": true, "type": "module" }\n');
  execFileSync("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...[...wanted].map(installable)], {
    cwd: folder,
    env: environmentOutsideNpm(),
    stdio: "pipe",
  });
  writeFileSync(join(folder, "flow.ts"), readmeFlow().source);
}, 3 * minute);

afterAll(() => rmSync(folder, { recursive: true }));

function readmeFlow(): { source: string; output: string } {
  const readme = readFileSync(join(repository, "README.md"), "utf8");
  const found = /^```ts runnable\n(.*?)^```\n.*?^```text\n(.*?)^```$/ms.exec(readme);
  if (!found) throw new Error("README.md has no block ```ts runnable followed by a block ```text with what it prints.");
  return { source: found[1] ?? "", output: found[2] ?? "" };
}

function packagesIn(source: string): string[] {
  const specifiers = [...source.matchAll(/\bfrom "([^".][^"]*)"/g)].map((match) => match[1] ?? "");
  const names = specifiers.map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
  return [...new Set(names.filter((name) => !name.startsWith("node:")))];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
}

function manifestAt(path: string): Manifest {
  return JSON.parse(readFileSync(join(repository, path), "utf8")) as Manifest;
}

function published(): string[] {
  const manifests = globSync("packages/*/package.json", { cwd: repository }).map(manifestAt);
  return manifests.filter((manifest) => !manifest.private).map(({ name }) => name);
}

/** Our own as packed just now, all else in the version that the repository has. */
function installable(name: string): string {
  const { version } = manifestAt(`node_modules/${name}/package.json`);
  return published().includes(name)
    ? `./${name.replace("@", "").replace("/", "-")}-${version}.tgz`
    : `${name}@${version}`;
}

/** `npm test` tells its children where the repository is; npm in an empty folder must not know. */
function environmentOutsideNpm(): NodeJS.ProcessEnv {
  const isOurs = (name: string): boolean =>
    /^npm_(package|lifecycle|config_(local_)?prefix)/.test(name) || name === "INIT_CWD";
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name)));
}

test("the README's flow prints what the README says", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["flow.ts"], {
    cwd: folder,
    encoding: "utf8",
    timeout: minute,
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: readmeFlow().output, stderr: "" });
});

test("every published package loads", () => {
  const program = published()
    .map((name) => `await import("${name}");`)
    .join("\n");
  writeFileSync(join(folder, "load.ts"), `${program}\nconsole.log("loaded");\n`);
  const { stdout, stderr } = spawnSync(process.execPath, ["load.ts"], {
    cwd: folder,
    encoding: "utf8",
    timeout: minute,
  });
  expect({ stdout, stderr }).toEqual({ stdout: "loaded\n", stderr: "" });
});

/** Node as the system has it, where that is too old for us: what a user meets who has not updated. */
const olderNodes = ["/usr/bin/node", "/usr/local/bin/node"].filter((path) => {
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return /^v(1[89]|2[0-3])\./.test(stdout ?? "");
});

test.skipIf(olderNodes.length === 0)(
  "on an older Node the import says which one is needed, and where this one is",
  () => {
    writeFileSync(join(folder, "older.mjs"), 'import "plumbline";\nconsole.log("loaded");\n');
    for (const node of olderNodes) {
      const { status, stdout, stderr } = spawnSync(node, ["older.mjs"], { cwd: folder, encoding: "utf8" });
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr).toMatch(new RegExp(`^Error: plumbline needs Node 24 or newer; this is \\S+ at ${node}$`, "m"));
    }
  },
);

test("a strict consumer's TypeScript accepts the flow and our declaration files", () => {
  writeFileSync(
    join(folder, "all.ts"),
    published()
      .map((name) => `import "${name}";\n`)
      .join(""),
  );
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: strictConsumer, include: ["flow.ts", "all.ts"] }),
  );
  const tsc = spawnSync(join(repository, "node_modules/.bin/tsc"), ["--project", "."], {
    cwd: folder,
    encoding: "utf8",
  });
  // Declarations of packages that are not ours may have faults that are not ours either.
  const isOurs = (line: string): boolean => !/^(node_modules\/(?!@?plumbline\/)| )/.test(line);
  expect(tsc.stdout.split("\n").filter((line) => line !== "" && isOurs(line))).toEqual([]);
});

const strictConsumer = {
  target: "es2024",
  lib: ["es2024", "esnext.disposable"],
  module: "nodenext",
  types: ["node"],
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
};

test("what is installed needs nothing of the repository", () => {
  const manifest = readFileSync(join(folder, "node_modules/plumbline/package.json"), "utf8");
  expect(manifest).not.toMatch(/@plumbline\/|plumbline-source|workspace/);
  expect(globSync("node_modules/plumbline/**/*.ts", { cwd: folder }).filter((path) => !path.endsWith(".d.ts"))).toEqual(
    [],
  );
});

test("the command is installed and starts what was built", () => {
  const { status, stdout, stderr } = spawnSync(join(folder, "node_modules/.bin/plumbline"), ["--help"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("plumbline run");
});
