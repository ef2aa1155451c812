// Goal: the committed model is what the training script makes of the committed data, and its claimed AUC is true.
import { expect, test } from "vitest";
import { classify, classOf, HIGH_RISK_FROM, loadModelFile, STANDARD_BELOW } from "../src/classify.ts";
import { loadGermanCredit } from "../src/german-credit.ts";
import { loadSamples } from "../src/samples.ts";
import { TRAINING_SEED, trainModel } from "../src/train.ts";

test("the data is all of it: 1,000 rows, 300 of them bad", () => {
  const rows = loadGermanCredit();
  expect(rows).toHaveLength(1000);
  expect(rows.filter(({ outcome }) => outcome === "bad")).toHaveLength(300);
});

test(`training again gives the committed model and AUC (seed ${TRAINING_SEED})`, () => {
  const committed = loadModelFile();
  const again = trainModel();
  expect(again.heldOut.n).toBe(300);
  expect(again.heldOut.auc).toBeCloseTo(committed.heldOut.auc, 3);
  expect(committed.heldOut.auc).toBeGreaterThan(0.72);
  again.model.weights.forEach((weight, at) => {
    expect(weight).toBeCloseTo(committed.model.weights[at] ?? Number.NaN, 4);
  });
});

test("the held-out classes are worth their names: bad loans are rarer in standard than in high-risk", () => {
  const { classes } = loadModelFile().heldOut;
  const shareOfBad = (name: keyof typeof classes) => classes[name].bad / classes[name].n;
  expect(shareOfBad("standard")).toBeLessThan(0.2);
  expect(shareOfBad("high-risk")).toBeGreaterThan(0.5);
});

test("the thresholds belong to the classes above them", () => {
  expect(classOf(STANDARD_BELOW - 0.001)).toBe("standard");
  expect(classOf(STANDARD_BELOW)).toBe("manual-review");
  expect(classOf(HIGH_RISK_FROM)).toBe("high-risk");
});

test("a form is classified with the reasons that moved it most", () => {
  const risky = loadSamples().find(({ kind }) => kind === "high-risk");
  if (risky === undefined) throw new Error("no high-risk sample");
  const { drivers, probabilityBad } = classify(risky.fields);
  expect(probabilityBad).toBeGreaterThan(HIGH_RISK_FROM);
  expect(drivers).toHaveLength(3);
  expect(drivers.some(({ raisesRisk }) => raisesRisk)).toBe(true);
});
