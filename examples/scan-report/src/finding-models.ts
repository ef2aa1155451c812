// The two small models that judge the measured figures, as train-findings.ts wrote them.
// Boundary: the file and what its columns mean; asking the models is classify.ts and anomaly.ts.
// Invariant: training and asking turn figures into columns by the same functions, or the file is refused.
import { readFileSync } from "node:fs";
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import { z } from "zod";
import type { Features, Region } from "./features.ts";
import { growForest, type IsolationForest } from "./isolation-forest.ts";

const CLASSIFIER = ["area", "diameter", "mean", "deviation", "contrast", "irregularity", "rim"] as const;
const SHAPE = ["area", "deviation", "irregularity", "rim"] as const;
const TEXTURE = ["unrest", "unrestShare"] as const;

const Usual = z.object({
  /** What counts as usual; the forest is grown from it, because it is larger than that. */
  rows: z.array(z.array(z.number())),
  /** The score above which something is unusual. */
  threshold: z.number(),
});

const ModelFile = z.object({
  about: z.string(),
  seed: z.number(),
  columns: z.array(z.string()),
  classifier: z.object({
    means: z.array(z.number()),
    deviations: z.array(z.number()),
    weights: z.array(z.number()),
    bias: z.number(),
  }),
  /** Benign-like regions, and slices that are clean or have one. */
  usual: z.object({ region: Usual, slice: Usual }),
});
export type ModelFile = z.infer<typeof ModelFile>;

/** Recorded in the file, so that weights never meet columns that they do not belong to. */
export const COLUMNS: readonly string[] = [...CLASSIFIER, ...SHAPE, ...TEXTURE];

/** What the classifier sees of a region. */
export function classifierRow(region: Region): number[] {
  return CLASSIFIER.map((column) => region[column]);
}

/** What the detector sees of a region. */
export function shapeRow(region: Region): number[] {
  return SHAPE.map((column) => region[column]);
}

/** What the detector sees of the whole slice. */
export function textureRow({ slice }: Features): number[] {
  return TEXTURE.map((column) => slice[column]);
}

export function forestOf(rows: readonly (readonly number[])[], seed: number): IsolationForest {
  return growForest(rows, { random: randomFrom(seed) });
}

export interface Detector {
  readonly forest: IsolationForest;
  readonly threshold: number;
}

export interface FindingModels extends Pick<ModelFile, "classifier"> {
  readonly region: Detector;
  readonly slice: Detector;
}

let loaded: FindingModels | undefined;

/** The committed models. Throws when they were trained on other columns. */
export function loadFindingModels(): FindingModels {
  if (loaded === undefined) {
    const path = new URL("../data/findings.json", import.meta.url);
    const { classifier, columns, usual, seed } = ModelFile.parse(JSON.parse(readFileSync(path, "utf8")));
    if (columns.join() !== COLUMNS.join()) {
      throw new Error("data/findings.json was trained on other columns: run `npm run train` in examples/scan-report");
    }
    const detector = ({ rows, threshold }: z.infer<typeof Usual>): Detector => ({
      forest: forestOf(rows, seed),
      threshold,
    });
    loaded = { classifier, region: detector(usual.region), slice: detector(usual.slice) };
  }
  return loaded;
}
