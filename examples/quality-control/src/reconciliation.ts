// Holds the warehouse's books against what the runs answered: every unit tracked, none twice.
// Boundary: pure; books and outcomes in, sentences about what does not agree out (none when all is well).
// Invariants: a unit is moved at most once; one whose run ended well lies in exactly the bin that the answer names; one
// whose run failed lies in none, has no label, and is set aside; the warehouse knows no other unit.
import type { Outcome } from "plumbline";
import type { Books } from "./inventory/client.ts";
import type { LedgerRow } from "./inventory/stock-ledger.ts";
import type { UnitDecision } from "./unit-decision.ts";

export interface EndedUnit {
  readonly unit: string;
  readonly outcome: Outcome;
  readonly output?: UnitDecision | undefined;
}

export interface Reconciliation {
  readonly problems: readonly string[];
  readonly moved: number;
  /** Units whose movement was taken back. */
  readonly undone: readonly string[];
  readonly stock: number;
  readonly scrap: number;
  /** Units whose run failed: in no bin, for somebody to look after. */
  readonly setAside: readonly string[];
}

export function reconcile(ended: readonly EndedUnit[], books: Books): Reconciliation {
  const { movements, counts } = books;
  const known = new Set(ended.map(({ unit }) => unit));
  const strangers = movements.filter(({ unit }) => unit !== null && !known.has(unit));
  const setAside = ended.filter((one) => decisionOf(one) === undefined).map(({ unit }) => unit);
  const problems = [
    ...ended.flatMap((one) => problemsOf(one, books)),
    ...strangers.map(({ unit, movementId }) => `${movementId} moved ${unit}, which no run knows`),
  ];
  if (known.size !== ended.length) problems.push(`${ended.length} runs for ${known.size} units`);
  if (counts.stock + counts.scrap + setAside.length !== known.size) {
    problems.push(`${counts.stock} in stock, ${counts.scrap} in scrap, ${setAside.length} set aside of ${known.size}`);
  }
  const unitsOf = (kind: LedgerRow["kind"]) => movements.flatMap((row) => (row.kind === kind ? (row.unit ?? []) : []));
  return { problems, moved: unitsOf("moved").length, undone: unitsOf("undone"), ...counts, setAside };
}

function problemsOf(ended: EndedUnit, { movements, labels }: Books): string[] {
  const { unit, outcome } = ended;
  const placed = decisionOf(ended)?.placed;
  const own = movements.filter((row) => row.unit === unit);
  const moved = own.filter(({ kind }) => kind === "moved");
  const undone = new Set(own.filter(({ kind }) => kind === "undone").map(({ movementId }) => movementId));
  const standing = moved.filter(({ movementId }) => !undone.has(movementId));
  const valid = labels.filter((label) => label.unit === unit && label.valid);
  const problems: string[] = [];
  if (moved.length > 1) problems.push(`${unit}: moved ${moved.length} times`);
  if (placed === undefined && standing.length > 0) problems.push(`${unit}: ${outcome}, and it lies in a bin`);
  if (placed !== undefined) {
    const lies = standing.map(({ bin, movementId }) => `${bin} ${movementId}`).join(", ");
    if (lies !== `${placed.bin} ${placed.movementId}`) {
      problems.push(`${unit}: answered ${placed.bin} ${placed.movementId}, and the warehouse says "${lies}"`);
    }
  }
  const labelled = placed?.bin === "stock" ? placed.labelId : "";
  if (valid.map(({ labelId }) => labelId).join() !== labelled) {
    problems.push(`${unit}: ${valid.length} labels, and the answer says "${labelled}"`);
  }
  return problems;
}

function decisionOf({ outcome, output }: EndedUnit): UnitDecision | undefined {
  return outcome === "succeeded" || outcome === "degraded" ? output : undefined;
}
