// What the members look up: the payments before the one in question, and the graph of the days before it.
// Boundary: the generated payments behind two look-ups; a bank would have a feature store and a graph service here.
// Invariants: whoever asks about a moment is told nothing that became known at or after it; the graph of a day is built
// once, at the day's beginning, and kept.
import { RiskGraph } from "./risk-graph.ts";
import type { LabelledTransaction } from "./transaction.ts";
import { generateTransactions } from "./transaction-generator.ts";
import { TransactionHistory } from "./transaction-history.ts";

const DAY_MS = 86_400_000;

export class BankRecords {
  /** In the order of time. */
  readonly payments: readonly LabelledTransaction[];
  readonly history: TransactionHistory;
  readonly #graphs = new Map<number, RiskGraph>();

  constructor(payments: readonly LabelledTransaction[]) {
    this.payments = payments;
    this.history = new TransactionHistory(payments);
  }

  /** The graph as it stood when the day began. The first question of a day takes about a tenth of a second. */
  graphAt(at: string): RiskGraph {
    const dayMs = Math.floor(Date.parse(at) / DAY_MS) * DAY_MS;
    const kept = this.#graphs.get(dayMs);
    if (kept !== undefined) return kept;
    const made = new RiskGraph(this.payments, dayMs);
    this.#graphs.set(dayMs, made);
    return made;
  }
}

let loaded: BankRecords | undefined;

/** The records of the committed seed. */
export function loadRecords(): BankRecords {
  loaded ??= new BankRecords(generateTransactions());
  return loaded;
}
