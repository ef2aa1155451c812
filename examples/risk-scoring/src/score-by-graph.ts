// Scores a payment by where it stands in the graph: how near its device, shop and card are to confirmed fraud.
// Boundary: a payment and the graph of the days before in, a score out; nothing of the payment itself (amount, hour,
// country) is looked at, so that this member errs where others do not.
// Invariant: what the graph has not seen yet counts as usual, and the trees that read it are told that it is new.
import { type BoostedTrees, predictTrees } from "./gradient-boosted-trees.ts";
import type { RiskGraph } from "./risk-graph.ts";
import { riskOf, type Score } from "./score.ts";
import type { Transaction } from "./transaction.ts";

export const GRAPH_FEATURES = [
  "risk of the device",
  "risk of the shop",
  "risk of the card",
  "device is new",
  "card is new",
  "cards on the device",
] as const;

export function graphFeaturesOf({ card, device, merchant }: Transaction, graph: RiskGraph): number[] {
  return [
    logOdds(graph.riskOf(device) ?? graph.usual),
    logOdds(graph.riskOf(merchant) ?? graph.usual),
    logOdds(graph.riskOf(card) ?? graph.usual),
    Number(graph.riskOf(device) === undefined),
    Number(graph.riskOf(card) === undefined),
    Math.log1p(graph.neighboursOf(device)),
  ];
}

export function scoreByGraph(transaction: Transaction, graph: RiskGraph, trees: BoostedTrees): Score {
  const risk = riskOf(predictTrees(trees, graphFeaturesOf(transaction, graph)).probability);
  return { risk, reasons: reasonsOf(transaction, graph) };
}

function reasonsOf({ card, device, merchant }: Transaction, graph: RiskGraph): string[] {
  return [card, device, merchant]
    .map((name) => ({ name, times: (graph.riskOf(name) ?? 0) / graph.usual, confirmed: graph.confirmedOn(name) }))
    .filter(({ times }) => times >= 2)
    .sort((a, b) => b.times - a.times)
    .map(({ name, times, confirmed }) => {
      const own = confirmed === 0 ? "no confirmed fraud of its own" : `${confirmed} confirmed frauds of its own`;
      return `${name} stands ${times.toFixed(0)} times as near to fraud as usual, with ${own}`;
    });
}

function logOdds(risk: number): number {
  const kept = Math.min(Math.max(risk, 1e-4), 1 - 1e-4);
  return Math.log(kept / (1 - kept));
}
