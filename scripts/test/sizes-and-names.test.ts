// Proves that long files, long functions and drawer names are found, at the limit exactly.
import { expect, test } from "vitest";
import { problemsIn } from "./fixture-tree.ts";

const lines = (count: number) => "// a line\n".repeat(count);
const functionOf = (count: number) => `export function long(): void {\n${lines(count - 2)}}\n`;

test("a file of 400 lines is fine, one of 401 is not", () => {
  const problems = problemsIn({ "packages/engine/src/fits.ts": lines(400), "packages/engine/src/long.ts": lines(401) });
  expect(problems).toEqual(["packages/engine/src/long.ts: 401 lines, at most 400. Split it along its nouns."]);
});

test("tests, scripts and examples are under the same limit", () => {
  const paths = ["packages/engine/test/a.test.ts", "scripts/a.ts", "examples/loan/src/a.ts", "apps/studio/src/a.css"];
  expect(problemsIn(Object.fromEntries(paths.map((path) => [path, lines(401)])))).toHaveLength(paths.length);
});

test("a function of 70 lines is fine, one of 71 is not", () => {
  expect(problemsIn({ "packages/engine/src/a.ts": functionOf(70) })).toEqual([]);
  expect(problemsIn({ "packages/engine/src/a.ts": functionOf(71) })).toEqual([
    "packages/engine/src/a.ts:1 long: 71 lines, at most 70. Give its parts names.",
  ]);
});

test.each([
  ["an arrow function", `export const long = () => {\n${lines(69)}};\n`, "long"],
  ["a method", `export class A {\n  long(): void {\n${lines(69)}  }\n}\n`, "long"],
  ["a nameless function", `[1].map(function () {\n${lines(69)}});\n`, "function"],
])("%s counts", (_, text, name) => {
  expect(problemsIn({ "packages/engine/src/a.ts": text })).toEqual([expect.stringContaining(` ${name}: 71 lines`)]);
});

test("a test's functions may be long", () => {
  expect(problemsIn({ "packages/engine/test/a.test.ts": functionOf(100) })).toEqual([]);
});

test.each([
  "utils.ts",
  "types.ts",
  "common.ts",
  "helpers.ts",
  "manager.ts",
  "retry-utils.ts",
  "run-manager.ts",
  "utils/text.ts",
])("%s is a drawer and not a name", (file) => {
  expect(problemsIn({ [`packages/engine/src/${file}`]: "export {};\n" })).toEqual([
    expect.stringContaining("names no thing"),
  ]);
});

test("type tests may be called types.test.ts", () => {
  expect(problemsIn({ "packages/core/test/types.test.ts": "export {};\n" })).toEqual([]);
});
