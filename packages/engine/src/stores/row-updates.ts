/**
 * Updates of runs' rows: many runs change in the same way in one batch (they end well, and cost nothing), so that those are
 * written by one statement.
 *
 * Boundary: gathers while a batch is made, writes when it is complete. Invariant: a run is at most once in a batch, so their
 * order does not matter.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { widths } from "./multi-row.ts";
import type { RowColumns } from "./write-batch.ts";

interface Change {
  readonly values: readonly SQLInputValue[];
  readonly runs: number[];
}

export class RowUpdates {
  private readonly statements: readonly { readonly width: number; readonly statement: StatementSync }[];
  private readonly changes = new Map<string, Change>();

  constructor(db: DatabaseSync) {
    const set = "status = ?, outcome = ?, degraded = ?, due_at = ?, usd = ?, tokens = ?, waits = ?";
    this.statements = widths.map((width) => ({
      width,
      statement: db.prepare(`UPDATE runs SET ${set} WHERE run IN (${Array(width).fill("?").join(", ")})`),
    }));
  }

  add(run: number, rows: RowColumns, at: number): void {
    const values = [rows.status, rows.outcome, rows.degraded, rows.dueAt, rows.usd, rows.tokens, rows.waits].map(
      (column) => column[at] as SQLInputValue,
    );
    const same = values.join();
    const known = this.changes.get(same);
    if (known) known.runs.push(run);
    else this.changes.set(same, { values, runs: [run] });
  }

  /** Writes what was gathered. */
  run(): void {
    for (const { values, runs } of this.changes.values()) {
      let at = 0;
      for (const { width, statement } of this.statements) {
        for (; runs.length - at >= width; at += width) statement.run(...values, ...runs.slice(at, at + width));
      }
    }
    this.changes.clear();
  }
}
