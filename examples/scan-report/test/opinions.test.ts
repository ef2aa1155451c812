// Goal: classifier and detector give their own opinions, and whatever they do not agree on goes to a person.
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import { expect, test } from "vitest";
import { detectAnomaly } from "../src/anomaly.ts";
import { classify } from "../src/classify.ts";
import { combine } from "../src/combine.ts";
import { measure } from "../src/features.ts";
import { anomalyScore, growForest } from "../src/isolation-forest.ts";
import { drawPhantom, type Wish } from "../src/phantom.ts";
import { preprocess } from "../src/preprocess.ts";

/** With the true mask: the network has a test of its own. */
const featuresOf = (seed: number, wish: Omit<Wish, "size">) => {
  const phantom = drawPhantom(seed, { ...wish, size: 128 });
  return measure(preprocess(phantom), phantom.mask);
};

test("the forest gives high scores to what lies outside, however far outside it learned", () => {
  const random = randomFrom(1);
  const rows = Array.from({ length: 200 }, () => [random(), random()]);
  const forest = growForest(rows, { random: randomFrom(2) });
  const inside = rows.map((row) => anomalyScore(forest, row));
  expect(anomalyScore(forest, [3, 0.5])).toBeGreaterThan(Math.max(...inside));
  expect(anomalyScore(forest, [-2, -2])).toBeGreaterThan(Math.max(...inside));
  expect(anomalyScore(growForest(rows, { random: randomFrom(2) }), [3, 0.5])).toBe(anomalyScore(forest, [3, 0.5]));
  expect(() => growForest([[1]], { random })).toThrow("two rows");
});

test("plain regions of either class are told apart, and most rightly (20 each, seeds from 4,000,000)", () => {
  const right = (lesion: "benign-like" | "malignant-like") =>
    Array.from({ length: 20 }, (_, at) => classify(featuresOf(4_000_000 + at, { lesion }))).filter(
      (opinion) => opinion.lesion === lesion,
    ).length;
  expect(right("benign-like")).toBeGreaterThanOrEqual(18);
  expect(right("malignant-like")).toBeGreaterThanOrEqual(18);
});

test("without a region the classifier has no opinion, and the detector still objects to a disturbed slice", () => {
  const clean = featuresOf(4_000_100, { lesion: "none" });
  expect(classify(clean)).toEqual({ lesion: "none", probability: 0 });
  expect(detectAnomaly(clean).unusual).toBe(false);
  expect(detectAnomaly(featuresOf(4_000_100, { lesion: "none", stripes: true }))).toMatchObject({
    unusual: true,
    about: "slice",
  });
});

test.each([
  ["both see nothing", "none", 0, false, "region", true],
  ["both see the usual", "benign-like", 0.1, false, "region", true],
  ["both object", "malignant-like", 0.95, true, "region", true],
  ["only the detector objects", "benign-like", 0.1, true, "region", false],
  ["only the classifier objects", "malignant-like", 0.95, false, "region", false],
  ["nothing marked in a slice that is odd", "none", 0, true, "slice", false],
  ["a disturbed slice does not confirm a region", "malignant-like", 0.95, true, "slice", false],
  ["the classifier is unsure", "benign-like", 0.45, false, "region", false],
] as const)("%s", (_, lesion, probability, unusual, about, agreed) => {
  const finding = combine({ lesion, probability }, { unusual, score: 0.6, about });
  expect(finding).toMatchObject({ lesion, agreed });
  expect(finding.reasons).toHaveLength(agreed ? 0 : 1);
});
