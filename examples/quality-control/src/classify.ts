// What kind of defect a frame's regions are, or none: a trained model of 18 region features.
// Boundary: regions in, one classification of the frame out; finding them is detect.ts, what follows from it judge.ts.
// Invariants: pure; the only reader of data/model.json, which src/train.ts alone writes; probabilities sum to 1; a frame is
// as suspicious as its most suspicious region.
import { readFileSync } from "node:fs";
import { type LogisticModel, predict } from "@plumbline/example-local-models/logistic-regression.ts";
import { z } from "zod";
import type { Detection, Region } from "./detect.ts";
import { DEFECT } from "./metal-surface.ts";
import { REGION_FEATURES } from "./region-features.ts";

/** `none`: brush marks, glare, dust. */
export const REGION_CLASS = ["none", ...DEFECT] as const;
export type RegionClass = (typeof REGION_CLASS)[number];

const Probability = z.number().min(0).max(1);

export const Classification = z.object({
  class: z.enum(REGION_CLASS),
  /** That there is a defect at all. */
  defect: Probability,
  /** That it is one of `class`. */
  certainty: Probability,
  probabilities: z.record(z.enum(REGION_CLASS), Probability),
  /** Which of the detection's regions decided; none when there is none. */
  region: z.int().nonnegative().optional(),
});
export type Classification = z.infer<typeof Classification>;

/** A check across the fields: what a model that is broken gets wrong first. */
export function sumsToOne({ probabilities }: Classification): true | string {
  const sum = Object.values(probabilities).reduce((total, probability) => total + probability, 0);
  return Math.abs(sum - 1) < 1e-6 || `the probabilities sum to ${sum.toFixed(3)}`;
}

export interface ModelFile {
  readonly about: string;
  readonly seed: number;
  readonly trainedOn: { readonly frames: number; readonly regions: number };
  readonly features: readonly string[];
  /** One against the rest, for each class. */
  readonly models: Readonly<Record<RegionClass, LogisticModel>>;
}

export function loadModel(): ModelFile {
  const file = JSON.parse(readFileSync(new URL("../data/model.json", import.meta.url), "utf8")) as ModelFile;
  if (file.features.join() !== REGION_FEATURES.join()) {
    throw new Error("data/model.json was trained on other features: `npm run train`");
  }
  return file;
}

/** The classification of a frame by a model; `loadModel()` gives the committed one. */
export function classify({ regions }: Detection, { models }: ModelFile): Classification {
  const judged = regions.map((region, index) => ({ index, probabilities: probabilitiesOf(region, models) }));
  const worst = judged.toSorted((a, b) => a.probabilities.none - b.probabilities.none)[0];
  if (worst === undefined) return nothingFound;
  const { index, probabilities } = worst;
  const best = REGION_CLASS.toSorted((a, b) => probabilities[b] - probabilities[a])[0] as RegionClass;
  return { class: best, defect: 1 - probabilities.none, certainty: probabilities[best], probabilities, region: index };
}

/**
 * When there is no model: the strongest region by its shape. It cannot tell a defect from a brush mark, so its probability
 * of a defect is one half, which the rule sends to an inspector.
 */
export function classifyByShape({ regions }: Detection): Classification {
  const [strongest] = regions;
  if (strongest === undefined) return nothingFound;
  const { box, area } = strongest;
  const [width, height] = [box.right - box.left + 1, box.bottom - box.top + 1];
  const slender = Math.max(width, height) > 2.5 * Math.min(width, height) || area < (width * height) / 3;
  const kind = slender ? "scratch" : area < 120 ? "pit" : "stain";
  const probabilities = { none: 0.5, scratch: 0, pit: 0, stain: 0, [kind]: 0.5 };
  return { class: kind, defect: 0.5, certainty: 0.5, probabilities, region: 0 };
}

const nothingFound: Classification = {
  class: "none",
  defect: 0,
  certainty: 1,
  probabilities: { none: 1, scratch: 0, pit: 0, stain: 0 },
};

function probabilitiesOf({ features }: Region, models: ModelFile["models"]): Record<RegionClass, number> {
  const scores = REGION_CLASS.map((name) => predict(models[name], features));
  const sum = scores.reduce((total, score) => total + score, 0);
  return Object.fromEntries(REGION_CLASS.map((name, at) => [name, (scores[at] as number) / sum])) as Record<
    RegionClass,
    number
  >;
}
