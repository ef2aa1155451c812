// Says whether a scan is unlike those that are usual: clean ones, and ones with a benign-like region.
// Boundary: measured figures in, an opinion out; it has never seen a malignant-like drawing, nor stripes.
// Invariant: it looks at the whole slice too, so that it can object where the network has marked nothing.
import { z } from "zod";
import type { Features } from "./features.ts";
import { type Detector, loadFindingModels, shapeRow, textureRow } from "./finding-models.ts";
import { anomalyScore } from "./isolation-forest.ts";

export const Anomaly = z.object({
  unusual: z.boolean(),
  score: z.number().min(0).max(1),
  /** What the score is about: the marked region, or the slice as a whole. */
  about: z.enum(["region", "slice"]),
});
export type Anomaly = z.infer<typeof Anomaly>;

export function detectAnomaly(features: Features): Anomaly {
  const models = loadFindingModels();
  const slice = judged("slice", models.slice, textureRow(features));
  const region = features.region === null ? slice : judged("region", models.region, shapeRow(features.region));
  // A disturbed slice comes first: what is marked in it may be the disturbance.
  return slice.unusual || !region.unusual ? slice : region;
}

function judged(about: Anomaly["about"], { forest, threshold }: Detector, row: readonly number[]): Anomaly {
  const score = anomalyScore(forest, row);
  return { about, score, unusual: score > threshold };
}
