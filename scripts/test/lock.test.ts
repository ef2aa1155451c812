// Proves that a lock file which would not install elsewhere is found.
import { expect, test } from "vitest";
import { problemsIn } from "./fixture-tree.ts";

const problemsOf = (packages: object) =>
  problemsIn({ "packages/engine/src/index.ts": "export {};\n", "package-lock.json": JSON.stringify({ packages }) });

test("a complete lock file without hosts is fine", () => {
  const problems = problemsOf({
    "": {},
    "node_modules/tool": { version: "1.0.0", optionalDependencies: { "@tool/linux": "1.0.0" } },
    "node_modules/tool/node_modules/@tool/linux": { version: "1.0.0", optional: true },
    "node_modules/@plumbline/core": { resolved: "packages/core", link: true },
  });
  expect(problems).toEqual([]);
});

test("a host is a problem", () => {
  expect(problemsOf({ "node_modules/tool": { resolved: "https://host.example/tool.tgz" } })).toEqual([
    "package-lock.json: tool names the host it came from; see .npmrc.",
  ]);
});

test("an optional package that was not locked is a problem", () => {
  expect(problemsOf({ "node_modules/tool": { optionalDependencies: { "@tool/windows": "1.0.0" } } })).toEqual([
    expect.stringContaining("package-lock.json: tool lacks @tool/windows."),
  ]);
});
