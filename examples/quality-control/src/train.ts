// Trains the classifier on generated surfaces and writes data/model.json: `npm run train --workspace ...`.
// Boundary: the only writer of the model file; classify.ts is the only reader; figures are measure.ts.
// Invariants: seeds are fixed, so a second run writes the same file; tuning and held-out frames are never looked at.
import { writeFileSync } from "node:fs";
import { train } from "@plumbline/example-local-models/logistic-regression.ts";
import { type ModelFile, REGION_CLASS, type RegionClass } from "./classify.ts";
import { detect, type Region } from "./detect.ts";
import { SIDE } from "./frame.ts";
import type { Surface } from "./metal-surface.ts";
import { REGION_FEATURES } from "./region-features.ts";
import { type SetPlan, surfacesOf, TRAINING_SET } from "./surface-set.ts";

const TRAINING_SEED = 20260411;

export function trainModel(plan: SetPlan = TRAINING_SET): ModelFile {
  const rows: { features: readonly number[]; label: RegionClass }[] = [];
  let frames = 0;
  for (const surface of surfacesOf(plan)) {
    frames++;
    for (const region of detect(surface.frame).regions) {
      rows.push({ features: region.features, label: labelOf(region, surface) });
    }
  }
  const features = rows.map((row) => row.features);
  const models = Object.fromEntries(
    REGION_CLASS.map((name) => {
      const labels = rows.map(({ label }) => (label === name ? 1 : 0));
      const model = train(features, labels, { seed: TRAINING_SEED, epochs: 120, l2: 0.002 });
      return [name, rounded(model)];
    }),
  ) as ModelFile["models"];
  return {
    about:
      "Four logistic regressions, one class against the rest, on regions of generated surfaces; written by src/train.ts",
    seed: TRAINING_SEED,
    trainedOn: { frames, regions: rows.length },
    features: [...REGION_FEATURES],
    models,
  };
}

/** A region is the defect when it covers some of it, and a false alarm otherwise. */
function labelOf({ box }: Region, { kind, mask }: Surface): RegionClass {
  let covered = 0;
  for (let y = box.top; y <= box.bottom; y++) {
    for (let x = box.left; x <= box.right; x++) covered += mask[y * SIDE + x] as number;
  }
  return kind !== "ok" && covered >= 3 ? kind : "none";
}

/** Six decimals: machines may differ in the last bits of exp and log, files should not. */
function rounded(model: ReturnType<typeof train>) {
  const round = (value: number) => Number(value.toFixed(6));
  return {
    means: model.means.map(round),
    deviations: model.deviations.map(round),
    weights: model.weights.map(round),
    bias: round(model.bias),
  };
}

if (import.meta.main) {
  const file = trainModel();
  writeFileSync(new URL("../data/model.json", import.meta.url), `${JSON.stringify(file, null, 2)}\n`);
  const { frames, regions } = file.trainedOn;
  console.log(`trained on ${regions} regions of ${frames} generated frames (seed ${file.seed})`);
}
