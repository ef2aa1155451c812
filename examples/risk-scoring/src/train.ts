// Trains both models on days 10 to 39 of the generated payments and writes data/models.json: `npm run train`.
// Boundary: the only writer of the model file; models.ts is the only reader.
// Invariants: nothing of the held-out days is looked at; no option was chosen by looking at them either, but on days 30 to
// 39 after training on those before; same seed, same file.
import { writeFileSync } from "node:fs";
import { BankRecords } from "./bank-records.ts";
import { type BoostedTrees, trainTrees } from "./gradient-boosted-trees.ts";
import type { Models } from "./models.ts";
import { GRAPH_FEATURES, graphFeaturesOf } from "./score-by-graph.ts";
import { FEATURES, featuresOf } from "./transaction-features.ts";
import { GENERATOR_SEED, generateTransactions, HELD_OUT_FROM_MS, TRAINING_FROM_MS } from "./transaction-generator.ts";

/** Takes some seconds, most of them for the graph of every day. */
export function trainModels(records: BankRecords, seed: number): Models {
  const rows = records.payments.filter(({ atMs }) => atMs >= TRAINING_FROM_MS && atMs < HELD_OUT_FROM_MS);
  // What nobody has complained of by the end of training counts as honest, though some of it is not.
  const labels = rows.map(({ fraud }) => Number(fraud !== undefined && fraud.confirmedAtMs < HELD_OUT_FROM_MS));
  const trees = trainTrees(
    rows.map((payment) => featuresOf(payment, records.history)),
    labels,
    { trees: 100, depth: 4, learningRate: 0.1 },
  );
  const graph = trainTrees(
    rows.map((payment) => graphFeaturesOf(payment, records.graphAt(payment.at))),
    labels,
    { trees: 60, depth: 3, learningRate: 0.1 },
  );
  return {
    about: "Boosted trees, over payments and over the risks of the graph; GENERATED payments; written by src/train.ts",
    seed,
    trainedOn: { payments: rows.length, frauds: labels.filter((label) => label === 1).length },
    features: [...FEATURES],
    graphFeatures: [...GRAPH_FEATURES],
    trees: withRoundedNumbers(trees),
    graph: withRoundedNumbers(graph),
  };
}

function withRoundedNumbers({ start, trees }: BoostedTrees): Models["trees"] {
  return {
    start: rounded(start),
    trees: trees.map(({ feature, below, high, step }) => ({
      feature: [...feature],
      below: below.map(rounded),
      high: [...high],
      step: step.map(rounded),
    })),
  };
}

/** Five decimals: machines may differ in the last bits of exp and log, files should not. */
function rounded(value: number): number {
  return Number(value.toFixed(5)) + 0; // not -0, which JSON does not know
}

if (import.meta.main) {
  const models = trainModels(new BankRecords(generateTransactions()), GENERATOR_SEED);
  const { trees, graph, ...head } = models;
  const text = (name: string, { start, trees: list }: BoostedTrees) =>
    ` "${name}": { "start": ${start}, "trees": [\n${list.map((tree) => `  ${JSON.stringify(tree)}`).join(",\n")}\n ] }`;
  const file = `${JSON.stringify(head, null, 1).slice(0, -2)},\n${text("trees", trees)},\n${text("graph", graph)}\n}\n`;
  writeFileSync(new URL("../data/models.json", import.meta.url), file);
  console.log(
    `trained on ${models.trainedOn.payments} generated payments, ${models.trainedOn.frauds} of them known as fraud`,
  );
}
