// Says which class of drawing a marked region is more like.
// Boundary: measured figures in, an opinion out. The classes are those of the generator and no medical ones.
// Invariant: without a region there is no opinion to have: the class is "none" and the probability is 0.
import { predict } from "@plumbline/example-local-models/logistic-regression.ts";
import { z } from "zod";
import type { Features } from "./features.ts";
import { classifierRow, loadFindingModels } from "./finding-models.ts";
import { LESION } from "./phantom.ts";

export const Classification = z.object({
  lesion: z.enum(LESION),
  /** That the region is drawn as malignant-like. */
  probability: z.number().min(0).max(1),
});
export type Classification = z.infer<typeof Classification>;

export function classify({ region }: Features): Classification {
  if (region === null) return { lesion: "none", probability: 0 };
  const probability = predict(loadFindingModels().classifier, classifierRow(region));
  return { lesion: probability < 0.5 ? "benign-like" : "malignant-like", probability };
}
