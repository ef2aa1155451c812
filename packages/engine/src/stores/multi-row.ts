/**
 * An INSERT of many rows at a time, in statements of a few fixed sizes.
 *
 * Boundary: one table and its columns. Row-by-row writes halve the rate (docs/decisions/0002).
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** How many rows a statement takes. */
export const widths: readonly number[] = [32, 8, 1];

export class MultiRow {
  private readonly columns: number;
  private readonly statements: readonly { readonly rows: number; readonly statement: StatementSync }[];

  constructor(db: DatabaseSync, insert: string, columns: number) {
    this.columns = columns;
    const row = `(${Array(columns).fill("?").join(", ")})`;
    this.statements = widths.map((rows) => ({
      rows,
      statement: db.prepare(`${insert} VALUES ${Array(rows).fill(row).join(", ")}`),
    }));
  }

  /** Inserts `values.length / columns` rows. */
  run(values: readonly SQLInputValue[]): void {
    let at = 0;
    for (const { rows, statement } of this.statements) {
      const size = rows * this.columns;
      for (; values.length - at >= size; at += size) {
        statement.run(...(values.length === size ? values : values.slice(at, at + size)));
      }
    }
  }
}
