// Proves that core's purity is kept: every way to a clock, a timer, chance or the outside is named, and harmless names are not.
import { expect, test } from "vitest";
import { problemsIn } from "./fixture-tree.ts";

const inCore = (text: string) => problemsIn({ "packages/core/src/index.ts": `${text}\n` });

test.each([
  ["Date.now", "export const now = () => Date.now();"],
  ["new Date()", "export const now = () => new Date();"],
  ["Date as a value", "export const now = Date;"],
  ["Date as a value", 'export const now = () => Date["now"]();'],
  ["Date as a value", "export const now = () => Date();"],
  ["Math.random", "export const chance = () => Math.random();"],
  ["Math as a value", "export const { random } = Math;"],
  ["Math as a value", 'export const chance = Math["random"];'],
  ["setTimeout", "export const later = () => setTimeout(() => {}, 1);"],
  ["setInterval", "setInterval(() => {}, 1);"],
  ["queueMicrotask", "queueMicrotask(() => {});"],
  ["performance", "export const now = () => performance.now();"],
  ["crypto", "export const id = () => crypto.randomUUID();"],
  ["process", "export const { env } = process;"],
  ["globalThis", 'export const now = globalThis["performance"];'],
  ["console", 'console.log("x");'],
  ["fetch", "export const get = { fetch };"],
  ["import()", 'export const load = () => import("./index.ts");'],
])("%s in core is a problem: %s", (what, text) => {
  expect(inCore(text)).toContainEqual(expect.stringContaining(`packages/core/src/index.ts:1 ${what}: core is pure`));
});

test("dates made of values, other mathematics and mere names are no problem", () => {
  const problems = inCore(`
    export interface Step { readonly process: string; crypto(): void }
    export const step = { process: "x", console: 1 };
    export const at = (ms: number): Date => new Date(ms);
    export const parsed = Date.parse("2026-01-01T00:00:00Z");
    export const isDate = (value: unknown): boolean => value instanceof Date;
    export const larger = Math.max(1, step.console);
  `);
  expect(problems).toEqual([]);
});

test("other rooms and core's tests may look at the clock", () => {
  const text = "export const now = Date.now();\n";
  expect(problemsIn({ "packages/engine/src/index.ts": text, "packages/core/test/a.test.ts": text })).toEqual([]);
});
