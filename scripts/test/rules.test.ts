// Every promise that applies has a test that says so, and docs/rules.md tells which.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { page, rules, rulesPage, testsByRule } from "../rules.ts";

test("each rule that applies is named by a test", () => {
  const tests = testsByRule();
  const without = rules.filter(({ number }) => !tests.has(number));
  expect(without.map(({ number, promise }) => `${number}: ${promise}`)).toEqual([]);
});

test("the page of rules is up to date (`npm run rules` writes it)", () => {
  expect(readFileSync(join(import.meta.dirname, "../..", page), "utf8")).toBe(rulesPage());
});
