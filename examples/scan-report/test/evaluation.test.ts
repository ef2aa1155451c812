// Goal: the committed models are as good on scans that they have not seen as data/evaluation.json says.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Evaluation, evaluateGroup, GROUPS } from "../src/evaluate.ts";

const evaluation = JSON.parse(readFileSync(new URL("../data/evaluation.json", import.meta.url), "utf8")) as Evaluation;
const share = 12;

test("every group was evaluated on 100 scans", () => {
  expect(Object.keys(evaluation)).toEqual(Object.keys(GROUPS));
  expect(Object.values(evaluation).map(({ n }) => n)).toEqual(Object.keys(GROUPS).map(() => 100));
});

// The first of each group's seeds: enough to notice that the weights and the claims do not belong together.
test.each(["none, plain", "benign-like, plain", "malignant-like, hard", "stripes"])(
  `${share} scans again: %s`,
  async (name) => {
    const claimed = evaluation[name] as Evaluation[string];
    const again = await evaluateGroup(name, share);
    expect(again.found).toBeGreaterThanOrEqual((claimed.found / 100) * share - 1);
    expect(again.meanOverlap).toBeGreaterThan(claimed.meanOverlap - 0.1);
    expect(Math.abs(again.agreed / share - claimed.agreed / 100)).toBeLessThan(0.25);
  },
);

test("what is promised on the front page: plain regions are found, disturbed slices always go to a person", () => {
  expect(evaluation["benign-like, plain"]?.found).toBeGreaterThanOrEqual(98);
  expect(evaluation["malignant-like, plain"]?.found).toBeGreaterThanOrEqual(98);
  expect(evaluation["stripes"]?.agreed).toBe(0);
});
