// Prints what the runs came to: a table for people, one JSON document for programs.
// Boundary: texts from views and a reconciliation; decides nothing. Colours are styleText's, which knows NO_COLOR and
// whether standard output is a terminal.
// Invariant: the JSON document holds what the table shows, and more, never less.
import { styleText } from "node:util";
import type { StepReport } from "plumbline";
import { FIELD_NAMES } from "../application-form.ts";
import { colourOf } from "./progress.ts";
import type { Reconciliation } from "./reconciliation.ts";
import { type RunView, stepOf } from "./run-view.ts";

export interface Report {
  readonly views: readonly RunView[];
  readonly ledger: Reconciliation;
  /** Expectations that do not hold, in sentences; those of the ledger are in `ledger`. */
  readonly unmet: readonly string[];
  readonly ms: number;
  readonly models: string;
  readonly database: string;
}

const headings = ["application", "kind", "outcome", "triage", "decision", "via", "loan", "fields", "time", "cost"];

/** The table, the summary, and what does not hold. */
export function tableOf({ views, ledger, unmet, ms }: Report): string {
  const rows = views.map(rowOf);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  const table = views.flatMap((view, index) => [
    styleText(colourOf(view.outcome), line(rows[index] ?? []).trimEnd()),
    ...remarksOf(view).map((remark) => `    ${remark}`),
    styleText("dim", `    ${stepsOf(view)}`),
  ]);
  const problems = [...unmet, ...ledger.problems];
  return [
    styleText("bold", line(headings).trimEnd()),
    ...table,
    "",
    summaryOf(views, ms),
    `ledger: ${ledger.booked} loans booked, ${ledger.undone} undone, ${ledger.standing} stand`,
    ledger.problems.length === 0
      ? styleText(
          "green",
          "ledger and outcomes agree: each granted loan is booked exactly once, no undone run left one",
        )
      : styleText("red", "ledger and outcomes do not agree"),
    ...problems.map((problem) => styleText("red", `  ${problem}`)),
    problems.length === 0
      ? styleText("green", "everything ended as the scenario says")
      : styleText("red", `${problems.length} expectations do not hold`),
  ].join("\n");
}

function rowOf(view: RunView): string[] {
  const { application, output, outcome, triage, verdict, readExactly, cost } = view;
  return [
    application.id,
    application.sample.kind,
    outcome,
    triage ?? "-",
    verdict === undefined ? "-" : verdict.approved ? "granted" : "declined",
    verdict?.via ?? "-",
    output?.loanId ?? (stepOf(view, "book")?.status === "undone" ? "undone" : "-"),
    `${readExactly}/${FIELD_NAMES.length}`,
    duration(view.ms),
    costOf(cost.usd, cost.tokens),
  ];
}

function remarksOf({ application, degradations, failure }: RunView): string[] {
  return [
    ...(application.scenario === undefined ? [] : [styleText("cyan", `scenario: ${application.scenario}`)]),
    ...degradations.map(({ path, reason }) => styleText("yellow", `degraded: ${path}: ${clip(reason)}`)),
    ...(failure === undefined ? [] : [styleText("red", `failed: ${clip(failure)}`)]),
  ];
}

/** Each step that ran: time in attempts, attempts when more than one, who answered when not the first choice, cost. */
function stepsOf(view: RunView): string {
  return view.steps
    .flatMap((step) => (step.attempts > 0 || step.kind === "approval" ? [stepText(step, view)] : []))
    .join(", ");
}

function stepText(step: StepReport, { undoMs }: RunView): string {
  if (step.kind === "approval") return `${step.path} ${step.answeredBy ?? step.status}`;
  const undone = undoMs[step.path];
  return [
    step.path,
    duration(step.ms),
    ...(step.attempts > 1 ? [`x${step.attempts}`] : []),
    ...(step.status === "degraded" ? [`by ${step.answeredBy}`] : []),
    ...(step.tokens > 0 || step.usd > 0 ? [`(${costOf(step.usd, step.tokens)})`] : []),
    ...(step.status === "failed" ? ["failed"] : []),
    ...(undone === undefined ? [] : [`${step.status} in ${duration(undone)}`]),
  ].join(" ");
}

function summaryOf(views: readonly RunView[], ms: number): string {
  const outcomes = ["succeeded", "degraded", "failed", "cancelled"].flatMap((outcome) => {
    const count = views.filter((view) => view.outcome === outcome).length;
    return count === 0 ? [] : [`${count} ${outcome}`];
  });
  const tokens = views.reduce((sum, { cost }) => sum + cost.tokens, 0);
  const usd = views.reduce((sum, { cost }) => sum + cost.usd, 0);
  return `${views.length} applications in ${duration(ms)}: ${outcomes.join(", ")}; cost ${costOf(usd, tokens)}`;
}

/** A model without a public price costs tokens, and no dollars that nobody knows. */
function costOf(usd: number, tokens: number): string {
  if (usd > 0) return `$${usd.toFixed(4)}`;
  return tokens > 0 ? `${tokens} tokens` : "-";
}

function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function clip(text: string): string {
  const line = text.replaceAll("\n", " ");
  return line.length > 140 ? `${line.slice(0, 139)}…` : line;
}

/** The document of `--json`. */
export function documentOf({ views, ledger, unmet, ms, models, database }: Report) {
  return {
    runs: views.map(({ application, triage: _, verdict: __, undoMs, steps, output, ...view }) => ({
      ...view,
      output: output ?? null,
      steps: steps.map((step) => ({
        ...step,
        ...(undoMs[step.path] === undefined ? {} : { undoMs: undoMs[step.path] }),
      })),
      scenario: application.scenario ?? null,
    })),
    truth: Object.fromEntries(views.map(({ application }) => [application.id, application.sample])),
    ledger,
    unmet,
    ms,
    models,
    database,
  };
}
