// The three members of the ensemble, bound to what they look up and to their models.
// Boundary: a payment in, a score out, and nothing between them that one could break for the others.
// Invariant: the members share no judgement: rules know no labels, trees no graph, the graph nothing of the payment itself.
import type { BankRecords } from "./bank-records.ts";
import type { Models } from "./models.ts";
import type { Score } from "./score.ts";
import { scoreByGraph } from "./score-by-graph.ts";
import { scoreByRules } from "./score-by-rules.ts";
import { scoreByTrees } from "./score-by-trees.ts";
import type { Transaction } from "./transaction.ts";

export const MEMBER = ["rules", "trees", "graph"] as const;
export type Member = (typeof MEMBER)[number];

interface Needs {
  readonly transaction: Transaction;
}

export function membersOf(records: BankRecords, models: Models): Record<Member, (needs: Needs) => Score> {
  return {
    rules: ({ transaction }) => scoreByRules(transaction, records.history),
    trees: ({ transaction }) => scoreByTrees(transaction, records.history, models.trees),
    graph: ({ transaction }) => scoreByGraph(transaction, records.graphAt(transaction.at), models.graph),
  };
}
