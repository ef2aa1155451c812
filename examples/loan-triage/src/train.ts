// Trains the classifier on the German Credit data and writes data/model.json: `npm run train`.
// Boundary: the only writer of the model file; classify.ts is the only reader.
// Invariants: seed and split are fixed, so a second run writes the same file; what is reported is measured on the 300
// rows that training never saw, and it is the AUC: always answering "good" would be right in 70 % of the cases.
import { writeFileSync } from "node:fs";
import { areaUnderCurve, predict, train } from "@plumbline/example-local-models/logistic-regression.ts";
import { randomFrom, shuffledIndices } from "@plumbline/example-local-models/seeded-random.ts";
import { classOf, type ModelFile, RISK_CLASS } from "./classify.ts";
import { FEATURE_NAMES, featuresOf } from "./credit-features.ts";
import { type GermanCreditRow, loadGermanCredit } from "./german-credit.ts";

export const TRAINING_SEED = 20260302;
const TRAINING_ROWS = 700;

/** Trains from scratch and measures on the held-out rows. Takes well below a second. */
export function trainModel(seed: number = TRAINING_SEED): ModelFile {
  const rows = loadGermanCredit();
  const order = shuffledIndices(rows.length, randomFrom(seed));
  const training = order.slice(0, TRAINING_ROWS).map((index) => rows[index] as GermanCreditRow);
  const heldOut = order.slice(TRAINING_ROWS).map((index) => rows[index] as GermanCreditRow);
  const model = train(training.map(featuresOf), training.map(labelOf), { seed });
  const scores = heldOut.map((row) => predict(model, featuresOf(row)));
  const classes = Object.fromEntries(
    RISK_CLASS.map((name) => {
      const members = heldOut.filter((_, at) => classOf(scores[at] as number) === name);
      return [name, { n: members.length, bad: members.filter((row) => row.outcome === "bad").length }];
    }),
  ) as ModelFile["heldOut"]["classes"];
  return {
    about: "Logistic regression on German Credit (UCI Statlog, Hans Hofmann, CC BY 4.0); written by src/train.ts",
    seed,
    features: [...FEATURE_NAMES],
    model: {
      means: model.means.map(rounded),
      deviations: model.deviations.map(rounded),
      weights: model.weights.map(rounded),
      bias: rounded(model.bias),
    },
    heldOut: { n: heldOut.length, auc: rounded(areaUnderCurve(scores, heldOut.map(labelOf))), classes },
  };
}

function labelOf(row: GermanCreditRow): number {
  return row.outcome === "bad" ? 1 : 0;
}

/** Six decimals: machines may differ in the last bits of exp and log, files should not. */
function rounded(value: number): number {
  return Number(value.toFixed(6));
}

if (import.meta.main) {
  const file = trainModel();
  writeFileSync(new URL("../data/model.json", import.meta.url), `${JSON.stringify(file, null, 2)}\n`);
  console.log(`AUC ${file.heldOut.auc.toFixed(3)} on ${file.heldOut.n} held-out rows (seed ${file.seed})`);
  for (const [name, { n, bad }] of Object.entries(file.heldOut.classes)) {
    console.log(`  ${name}: ${n} rows, ${bad} bad`);
  }
}
