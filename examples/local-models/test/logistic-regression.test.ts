// Goal: training finds what is in the data, repeatably, and the AUC is the chance of ranking a pair rightly.
import { areaUnderCurve, measureColumns, predict, train } from "@plumbline/example-local-models/logistic-regression.ts";
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import { expect, test } from "vitest";

const SEED = 11;

test(`weights have the signs of the rule that made the labels (seed ${SEED})`, () => {
  const { rows, labels } = noisyRule();
  const model = train(rows, labels, { seed: SEED });
  expect(model.weights[0]).toBeGreaterThan(0.5);
  expect(model.weights[1]).toBeLessThan(-0.5);
  expect(Math.abs(model.weights[2] as number)).toBeLessThan(0.2);
  expect(
    areaUnderCurve(
      rows.map((row) => predict(model, row)),
      labels,
    ),
  ).toBeGreaterThan(0.85);
});

test(`the same seed gives the same model (seed ${SEED})`, () => {
  const { rows, labels } = noisyRule();
  expect(train(rows, labels, { seed: SEED })).toEqual(train(rows, labels, { seed: SEED }));
});

test("a constant column standardises to nothing instead of dividing by zero", () => {
  expect(
    measureColumns([
      [3, 1],
      [3, 5],
    ]),
  ).toEqual({ means: [3, 3], deviations: [1, 2] });
  const model = train(
    [
      [3, 1],
      [3, 5],
    ],
    [0, 1],
    { seed: 1 },
  );
  expect(predict(model, [3, 5])).toBeGreaterThan(predict(model, [3, 1]));
});

test("the AUC is that of pairs: all right, all wrong, ties half, one label only", () => {
  expect(areaUnderCurve([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])).toBe(1);
  expect(areaUnderCurve([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1])).toBe(0);
  expect(areaUnderCurve([0.5, 0.5, 0.5], [0, 1, 0])).toBe(0.5);
  expect(areaUnderCurve([1, 2, 3, 4], [0, 1, 0, 1])).toBe(0.75);
  expect(areaUnderCurve([1, 2], [1, 1])).toBeNaN();
});

test("uneven rows and rows of another width are refused", () => {
  expect(() => train([[1, 2], [1]], [0, 1], { seed: 1 })).toThrow("rows of one length");
  expect(() => train([], [], { seed: 1 })).toThrow("rows of one length");
  const model = train([[1], [2]], [0, 1], { seed: 1 });
  expect(() => predict(model, [1, 2])).toThrow("a row of 2 features for a model of 1");
});

/** Label 1 is likely where the first feature is high and the second low; the third means nothing. */
function noisyRule(): { rows: number[][]; labels: number[] } {
  const random = randomFrom(SEED);
  const rows = Array.from({ length: 600 }, () => [random() * 10, random() * 1000, random()]);
  const labels = rows.map(([a = 0, b = 0]) => (a / 10 - b / 1000 + (random() - 0.5) * 0.6 > 0 ? 1 : 0));
  return { rows, labels };
}
