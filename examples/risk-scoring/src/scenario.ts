// The payments of the demonstration: real ones of the generated town's day 52, which no model saw, and what is made to go
// wrong with each.
// Boundary: data; running is example.ts. Invariant: what must come of each is written down here and asserted by the test,
// the failures of the vote included: one fraud is missed.
import { loadRecords } from "./bank-records.ts";
import type { Fault } from "./member-faults.ts";
import type { Member } from "./members.ts";
import type { RiskLevel } from "./risk-level.ts";
import { Transaction } from "./transaction.ts";

export interface Scenario {
  readonly name: string;
  /** A payment of the generated town. */
  readonly id: string;
  readonly tells: string;
  readonly faults?: Readonly<Partial<Record<Member, Fault>>>;
  readonly level: RiskLevel;
}

export const scenarios: readonly Scenario[] = [
  { name: "everyday", id: "T-026439", tells: "groceries in the morning", level: "low" },
  { name: "ring", id: "T-026675", tells: "a cash-out of a fraud ring", level: "high" },
  { name: "stolen", id: "T-026408", tells: "a thief with a stolen card", level: "high" },
  { name: "missed", id: "T-026412", tells: "a thief whom only the trees notice", level: "low" },
  {
    name: "hanging",
    id: "T-026766",
    tells: "a ring's cash-out, the graph never answers",
    faults: { graph: "hangs" },
    level: "high",
  },
  {
    name: "throwing",
    id: "T-026656",
    tells: "a ring's cash-out, the trees throw",
    faults: { trees: "throws" },
    level: "high",
  },
  {
    name: "nonsense",
    id: "T-026822",
    tells: "an honest payment, the rules answer a risk of 17",
    faults: { rules: "talks nonsense" },
    level: "low",
  },
  {
    name: "two-gone",
    id: "T-026458",
    tells: "an honest trip, the graph hangs and the trees throw",
    faults: { graph: "hangs", trees: "throws" },
    level: "unknown",
  },
];

/** The payment of a scenario as it would come in, and what the town knows of it. */
export function paymentOf({ id }: Scenario): { readonly transaction: Transaction; readonly truth: string } {
  const payment = loadRecords().payments.find((other) => other.id === id);
  if (payment === undefined) throw new Error(`the generated town has no payment ${id}`);
  return { transaction: Transaction.parse(payment), truth: payment.fraud?.pattern ?? "honest" };
}
