// The two trained models as they are kept: data/models.json, written by train.ts.
// Boundary: reading and refusing; training is train.ts. Invariant: a file that was trained on other features than the
// code computes is refused, because it would score on without anybody noticing.
import { readFileSync } from "node:fs";
import { z } from "zod";
import { GRAPH_FEATURES } from "./score-by-graph.ts";
import { FEATURES } from "./transaction-features.ts";

const Numbers = z.array(z.number());
const Tree = z.object({
  feature: z.array(z.number().int()),
  below: Numbers,
  high: z.array(z.number().int()),
  step: Numbers,
});
const Boosted = z.object({ start: z.number(), trees: z.array(Tree) });

export const Models = z.object({
  about: z.string(),
  seed: z.number(),
  trainedOn: z.object({ payments: z.number(), frauds: z.number() }),
  features: z.array(z.string()),
  graphFeatures: z.array(z.string()),
  /** Over the features of a payment. */
  trees: Boosted,
  /** Over the risks in the graph. */
  graph: Boosted,
});
export type Models = z.infer<typeof Models>;

let loaded: Models | undefined;

export function loadModels(): Models {
  if (loaded === undefined) {
    const file = Models.parse(JSON.parse(readFileSync(new URL("../data/models.json", import.meta.url), "utf8")));
    if (file.features.join() !== FEATURES.join() || file.graphFeatures.join() !== GRAPH_FEATURES.join()) {
      throw new Error("data/models.json was trained on other features: run `npm run train` in examples/risk-scoring");
    }
    loaded = file;
  }
  return loaded;
}
