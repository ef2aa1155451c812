// Goal: the trees learn what no straight line can, are repeatable, and can tell why.
import { areaUnderCurve, predict, train } from "@plumbline/example-local-models/logistic-regression.ts";
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import { expect, test } from "vitest";
import { predictTrees, trainTrees } from "../src/gradient-boosted-trees.ts";

const SEED = 11;

/** Two columns that mean something only together (exclusive or), one of noise, one label in twenty wrong. */
function puzzle(count: number, seed: number) {
  const random = randomFrom(seed);
  const rows = Array.from({ length: count }, () => [random(), random(), random()]);
  const labels = rows.map(([a = 0, b = 0]) => Number((a > 0.5 !== b > 0.5) !== random() < 0.05));
  return { rows, labels };
}

const training = puzzle(2_000, SEED);
const heldOut = puzzle(1_000, SEED + 1);
const model = trainTrees(training.rows, training.labels, { trees: 80, depth: 3 });

test(`exclusive or: trees find it on held-out rows, a logistic regression does not (seed ${SEED})`, () => {
  const byTrees = heldOut.rows.map((row) => predictTrees(model, row).probability);
  expect(areaUnderCurve(byTrees, heldOut.labels)).toBeGreaterThan(0.9);
  const line = train(training.rows, training.labels, { seed: SEED, epochs: 20 });
  const byLine = heldOut.rows.map((row) => predict(line, row));
  expect(areaUnderCurve(byLine, heldOut.labels)).toBeLessThan(0.6);
});

test(`a probability is what it says, also on rows not seen (seed ${SEED})`, () => {
  const chances = [0.1, 0.5, 0.9];
  const random = randomFrom(SEED);
  const draw = () => {
    const kind = Math.floor(random() * chances.length);
    return { row: [kind, random()], label: Number(random() < (chances[kind] as number)) };
  };
  const seen = Array.from({ length: 3_000 }, draw);
  const fitted = trainTrees(
    seen.map(({ row }) => row),
    seen.map(({ label }) => label),
    { trees: 60, depth: 2 },
  );
  const told = chances.map((_, kind) => predictTrees(fitted, [kind, 0.5]).probability);
  for (const [kind, probability] of told.entries()) expect(probability).toBeCloseTo(chances[kind] as number, 1);
});

test("the noise moves a prediction less than what it depends on", () => {
  const moves = heldOut.rows.map((row) => [...predictTrees(model, row).moved].map(Math.abs));
  const total = (at: number) => moves.reduce((sum, moved) => sum + (moved[at] ?? 0), 0);
  expect(total(2)).toBeLessThan(0.3 * Math.min(total(0), total(1)));
});

test("the same rows give the same model; it survives JSON", () => {
  const again = trainTrees(training.rows, training.labels, { trees: 80, depth: 3 });
  expect(again).toEqual(model);
  expect(JSON.parse(JSON.stringify(model))).toEqual(model);
});

test("rows of one label, or without labels, are refused", () => {
  expect(() => trainTrees([[1], [2]], [0, 0])).toThrow(/both labels/);
  expect(() => trainTrees([[1], [2]], [1])).toThrow(/both labels/);
});
