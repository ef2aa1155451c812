/**
 * Findings as words and lines: the table of a terminal, and the sentences that follow from goals.
 *
 * Boundary: text out of numbers; files are findings-file.ts. Invariant: whether a goal is met is said with the number and the
 * goal beside it, also when it is missed.
 */
import { median } from "./rounds.ts";
import type { SuiteRun } from "./run-suite.ts";
import type { Goal, Result } from "./suite.ts";

/** One result in cells: name, median, unit, spread, ratios, goals. */
export function cellsOf(result: Result): string[] {
  const { name, unit, samples, ratios = {}, goals = [] } = result;
  const ratioWords = Object.entries(ratios).map(([to, values]) => `${figure(median(values))} x ${to}`);
  return [
    name,
    figure(median(samples)),
    unit,
    samples.length > 1 ? `${figure(Math.min(...samples))} to ${figure(Math.max(...samples))}` : "",
    ratioWords.join(", "),
    goals.map((goal) => `${isMet(result, goal) ? "met" : "missed"}: ${goalWords(goal)}`).join(", "),
  ];
}

export const headings = ["result", "median", "unit", "lowest to highest", "ratio", "goal"] as const;

export function tableText(results: readonly Result[]): string {
  const rows = [[...headings], ...results.map(cellsOf)];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const numeric = new Set([1]);
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          numeric.has(column) ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The reading: goals first, then what the suite has to say. */
export function readingOf({ findings }: SuiteRun): string[] {
  const ofGoals = findings.results.flatMap((result) => (result.goals ?? []).map((goal) => goalSentence(result, goal)));
  return [...ofGoals, ...findings.reading];
}

function goalSentence(result: Result, goal: Goal): string {
  const reached = figure(goalValue(result, goal));
  const what = goal.of === "value" ? `${reached} ${result.unit}` : `${reached} of ${goal.of.ratioTo}`;
  return `${result.name}: ${what}; the goal is ${goalWords(goal)}: ${isMet(result, goal) ? "met" : "missed"}.`;
}

function goalWords({ of, atLeast, atMost }: Goal): string {
  const bound = atLeast === undefined ? `at most ${figure(atMost as number)}` : `at least ${figure(atLeast)}`;
  return of === "value" ? bound : `${bound} x ${of.ratioTo}`;
}

function goalValue({ samples, ratios }: Result, { of }: Goal): number {
  return median(of === "value" ? samples : (ratios?.[of.ratioTo] ?? []));
}

function isMet(result: Result, goal: Goal): boolean {
  const value = goalValue(result, goal);
  return value >= (goal.atLeast ?? Number.NEGATIVE_INFINITY) && value <= (goal.atMost ?? Number.POSITIVE_INFINITY);
}

/** Three figures that count, whole numbers from a thousand on. */
export function figure(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** The document of `--json`. */
export function documentOf({ suite, size, rounds, machine, speed, findings }: SuiteRun): object {
  return {
    suite,
    machine: { ...machine, speedNs: speed, size, rounds },
    results: findings.results.map(({ name, unit, samples, ratios = {} }) => ({
      name,
      value: median(samples),
      unit,
      lowest: Math.min(...samples),
      highest: Math.max(...samples),
      ratios: Object.fromEntries(Object.entries(ratios).map(([to, values]) => [to, median(values)])),
    })),
  };
}
