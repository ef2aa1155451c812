// Scores a payment by gradient-boosted trees over what its card, device and shop did before.
// Boundary: a payment and what was seen before it in, a score out; the trees come from data/models.json.
// Invariant: the reasons are the features that moved the log-odds up most on this very payment, not in general.
import { type BoostedTrees, predictTrees } from "./gradient-boosted-trees.ts";
import { riskOf, type Score } from "./score.ts";
import type { Transaction } from "./transaction.ts";
import { FEATURES, featuresOf } from "./transaction-features.ts";
import type { TransactionHistory } from "./transaction-history.ts";

/** A shift of the log-odds below this is no reason worth telling. */
const TELLING = 0.3;

export function scoreByTrees(transaction: Transaction, history: TransactionHistory, trees: BoostedTrees): Score {
  const row = featuresOf(transaction, history);
  const { probability, moved } = predictTrees(trees, row);
  const reasons = FEATURES.map((feature, at) => ({ feature, value: row[at] as number, push: moved[at] as number }))
    .filter(({ push }) => push > TELLING)
    .sort((a, b) => b.push - a.push)
    .slice(0, 3)
    .map(({ feature, value, push }) => `${feature}: ${Number(value.toFixed(2))} (log-odds +${push.toFixed(1)})`);
  return { risk: riskOf(probability), reasons };
}
