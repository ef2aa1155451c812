// Prints what came of the batch: a row a unit, the stories, the warehouse's books beside the outcomes.
// Boundary: texts and one JSON document from a report; decides nothing.
// Invariant: the JSON document holds what the table shows, and more, never less.
import { styleText } from "node:util";
import type { InspectedUnit } from "./line.ts";
import type { Report } from "./report.ts";

const headings = [
  "unit",
  "truth",
  "frame",
  "outcome",
  "found",
  "decision",
  "via",
  "bin",
  "movement",
  "in stock",
  "time",
];

export function tableOf({ units, figures, problems }: Report): string {
  let inStock = 0;
  const rows = units.map((unit) => {
    if (unit.result.output?.placed.bin === "stock") inStock++;
    return rowOf(unit, inStock, figures.ledger.undone);
  });
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const { ledger, heldOut } = figures;
  const { good, defective } = heldOut.calls;
  return [
    styleText("bold", line(headings)),
    ...units.flatMap((unit, index) => [
      styleText(colourOf(unit), line(rows[index] ?? [])),
      ...remarksOf(unit).map((remark) => styleText("dim", `       ${remark}`)),
    ]),
    "",
    `${figures.units} units in ${(figures.ms / 1000).toFixed(1)} s, ${figures.passes} passes under the camera, ${figures.runs} runs`,
    `decided: ${figures.byRule} by the rule, ${figures.byPerson} by an inspector, ${figures.byTimeout} because nobody looked`,
    `of ${figures.defective} defective units ${figures.escaped} lie in stock; of ${figures.good} good ones ${figures.wronglyScrapped} in scrap`,
    `recorded on ${heldOut.frames} other frames, most of them hard: ${defective.pass} of ${sum(defective)} defects pass, ` +
      `${good.fail} of ${sum(good)} good ones fail, ${good.unsure + defective.unsure} to the inspector`,
    `warehouse: ${ledger.moved} units moved, ${ledger.undone.length} undone; ${ledger.stock} in stock, ${ledger.scrap} in scrap, ` +
      `${ledger.setAside.length} set aside (${ledger.setAside.join(", ")})`,
    problems.length === 0
      ? styleText("green", "books and outcomes agree: every unit is in one place, and none was counted twice")
      : styleText("red", "books and outcomes do not agree"),
    ...problems.map((problem) => styleText("red", `  ${problem}`)),
  ].join("\n");
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function rowOf({ unit, result }: InspectedUnit, inStock: number, undone: readonly string[]): string[] {
  const { output, outcome, ms } = result;
  return [
    unit.unit,
    unit.surface.kind,
    unit.surface.difficulty,
    outcome,
    output?.finding ?? "-",
    output === undefined ? "-" : output.passed ? "pass" : "fail",
    output?.via ?? "-",
    output?.placed.bin ?? "set aside",
    output?.placed.movementId ?? (undone.includes(unit.unit) ? "undone" : "none"),
    String(inStock),
    ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`,
  ];
}

function remarksOf({ unit, result, passes, runs }: InspectedUnit): string[] {
  return [
    ...(unit.story === undefined ? [] : [`scenario: ${unit.story}`]),
    ...(passes > 1 ? [`${passes} passes, ${runs.length} run`] : []),
    ...failureRemarks(result),
    ...result.degradations.map(({ path, reason }) => `degraded: ${path}: ${reason}`),
  ];
}

/** Inside a branch the failure names its step by itself, and why stands in its cause. */
function failureRemarks({ failure, failedAt }: InspectedUnit["result"]): string[] {
  if (failure === undefined) return [];
  const { message } = failure.path === undefined ? failure : (failure.cause ?? failure);
  return [`failed at ${failedAt}: ${message}`];
}

function colourOf({ result }: InspectedUnit): "red" | "yellow" | "reset" {
  if (result.outcome === "failed" || result.outcome === "cancelled") return "red";
  return result.outcome === "degraded" ? "yellow" : "reset";
}

/** One document for programs. */
export function documentOf({ units, figures, problems }: Report) {
  return {
    example: "quality-control",
    runs: units.map(({ unit, result, runs, passes, exposures }) => ({
      unit: unit.unit,
      runs,
      passes,
      exposures,
      truth: unit.surface,
      story: unit.story ?? null,
      outcome: result.outcome,
      output: result.output ?? null,
      failure: result.failure?.message ?? null,
      failedAt: result.failedAt ?? null,
      degradations: result.degradations,
      standing: result.standing,
      ms: result.ms,
    })),
    figures,
    problems,
  };
}
