/**
 * What a list query means for one row, for stores that cannot ask an index.
 *
 * Boundary: a predicate over summaries. Invariant: every store gives the same rows for the same query.
 */
import { type ListQuery, PlumblineError, type RunSummary } from "@plumbline/core";

const defaultLimit = 50;
const maxLimit = 1_000;

/** @throws PlumblineError `option-invalid` for a limit that is no whole number from 1 to 1,000 */
export function pageLimit({ limit = defaultLimit }: ListQuery): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit;
  throw new PlumblineError("option-invalid", "a page size that has no meaning", {
    path: "limit",
    expected: `a whole number from 1 to ${maxLimit}`,
    found: String(limit),
    mend: "ask for fewer and follow `next` for more",
  });
}

/** A run's place in the order of a store. @throws PlumblineError `option-invalid` */
export function pageCursor(text: string): number {
  const run = Number(text);
  if (Number.isSafeInteger(run) && run >= 0) return run;
  throw new PlumblineError("option-invalid", "a cursor that no page gave", {
    path: "cursor",
    expected: "`next` of the page before",
    found: text,
    mend: "begin again without a cursor",
  });
}

export function matches(summary: RunSummary, query: ListQuery): boolean {
  if (query.flow !== undefined && summary.flow !== query.flow) return false;
  if (query.status !== undefined && summary.status !== query.status) return false;
  if (query.outcome !== undefined && summary.outcome !== query.outcome) return false;
  if (query.degraded !== undefined && summary.degraded !== query.degraded) return false;
  if (query.key !== undefined && summary.key !== query.key) return false;
  if (query.parent !== undefined && summary.parent !== query.parent) return false;
  if (query.topLevel !== undefined && (summary.parent === undefined) !== query.topLevel) return false;
  if (query.desk === undefined) return true;
  return summary.waits.some(({ kind, desk }) => kind === "approval" && (query.desk === "*" || desk === query.desk));
}
