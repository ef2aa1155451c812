// Holds the bank's ledger against what the runs answered: the one question that matters to the applicant.
// Boundary: pure; rows, files and outcomes in, sentences about what does not agree out (none when all is well).
// Invariants: a loan is booked at most once; a run that ended without success leaves no loan; a granted one leaves
// exactly one, and it is the one that the answer names.
import type { Outcome } from "plumbline";
import type { FileRow } from "../core-banking/customer-files.ts";
import type { LedgerRow } from "../core-banking/loan-ledger.ts";
import type { LoanDecision } from "../loan-decision.ts";

export interface EndedRun {
  readonly applicationId: string;
  readonly outcome: Outcome;
  readonly output?: LoanDecision | undefined;
}

export interface Reconciliation {
  readonly problems: readonly string[];
  readonly booked: number;
  readonly undone: number;
  readonly standing: number;
}

export function reconcile(
  runs: readonly EndedRun[],
  rows: readonly LedgerRow[],
  files: readonly FileRow[],
): Reconciliation {
  const known = new Set(runs.map(({ applicationId }) => applicationId));
  const strangers = rows.filter(({ applicationId }) => applicationId !== null && !known.has(applicationId));
  const problems = [
    ...runs.flatMap((run) => problemsOf(run, rows, files)),
    ...strangers.map(
      ({ loanId, applicationId }) => `${loanId} belongs to ${applicationId}, which was never applied for`,
    ),
  ];
  const count = (kind: LedgerRow["kind"]) => rows.filter((row) => row.kind === kind).length;
  const booked = count("booked");
  const undone = count("cancelled");
  return { problems, booked, undone, standing: booked - undone };
}

function problemsOf(run: EndedRun, rows: readonly LedgerRow[], files: readonly FileRow[]): string[] {
  const { applicationId: id, outcome, output } = run;
  const ofRun = rows.filter(({ applicationId }) => applicationId === id);
  const booked = ofRun.filter(({ kind }) => kind === "booked");
  const cancelled = new Set(ofRun.filter(({ kind }) => kind === "cancelled").map(({ loanId }) => loanId));
  const standing = booked.filter(({ loanId }) => !cancelled.has(loanId));
  const openFiles = files.filter((file) => file.applicationId === id && file.open);
  const granted = (outcome === "succeeded" || outcome === "degraded") && output?.approved === true;
  const problems: string[] = [];
  if (booked.length > 1) problems.push(`${id}: booked ${booked.length} times`);
  if (granted && standing.length !== 1) problems.push(`${id}: granted, and ${standing.length} loans stand`);
  if (granted && standing[0]?.loanId !== output.loanId)
    problems.push(`${id}: answered with a loan that is not its own`);
  if (!granted && standing.length > 0) problems.push(`${id}: ${outcome} and not granted, and a loan stands`);
  if (openFiles.length !== (granted ? 1 : 0)) problems.push(`${id}: ${openFiles.length} customer files are open`);
  return problems;
}
