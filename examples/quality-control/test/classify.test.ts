// Goal: a frame is classified by its most suspicious region, and called pass, fail or unsure with a reason.
import { expect, test } from "vitest";
import { Classification, classify, loadModel, sumsToOne } from "../src/classify.ts";
import { detect } from "../src/detect.ts";
import { judge, Verdict } from "../src/judge.ts";
import { drawSurface } from "../src/metal-surface.ts";
import { trainModel } from "../src/train.ts";

const model = loadModel();
const SMALL = { firstSeed: 9_000_000, ofEach: 3 };

test("training is repeatable", () => {
  expect(trainModel(SMALL)).toEqual(trainModel(SMALL));
});

test("without a region there is no defect, and the unit passes", () => {
  const classification = classify({ regions: [], noise: 2 }, model);
  expect(classification).toMatchObject({ class: "none", defect: 0 });
  expect(judge(classification)).toEqual({ call: "pass", class: "none", reason: "nothing stands out" });
});

test("the most suspicious region decides, wherever it stands in the list", () => {
  const { frame } = drawSurface({ seed: 21, kind: "scratch", difficulty: "plain" });
  const [scratch] = detect(frame).regions;
  const glare = detect(drawSurface({ seed: 22, kind: "ok", difficulty: "uneven-light" }).frame).regions;
  if (scratch === undefined || glare.length === 0) throw new Error("the seeds show nothing any more");
  const classification = classify({ regions: [...glare, scratch], noise: 2 }, model);
  expect(classification).toMatchObject({ class: "scratch", region: glare.length });
  expect(sumsToOne(Classification.parse(classification))).toBe(true);
  expect(judge(classification)).toMatchObject({ call: "fail", class: "scratch" });
});

test("probabilities that do not sum to 1 are named", () => {
  const probabilities = { none: 0.5, scratch: 0.5, pit: 0.5, stain: 0 };
  expect(sumsToOne({ class: "pit", defect: 0.5, certainty: 0.5, probabilities })).toBe(
    "the probabilities sum to 1.500",
  );
});

test.each([
  [0.19, "pass"],
  [0.2, "unsure"],
  [0.89, "unsure"],
  [0.9, "fail"],
])("a defect of probability %d: %s", (defect, call) => {
  const probabilities = { none: 1 - defect, scratch: defect, pit: 0, stain: 0 };
  const verdict = judge({ class: "scratch", defect, certainty: defect, probabilities, region: 0 });
  expect(Verdict.parse(verdict).call).toBe(call);
});

test("without a picture nothing passes and nothing fails", () => {
  expect(judge(undefined)).toMatchObject({ call: "unsure", reason: "there is no usable picture" });
});
