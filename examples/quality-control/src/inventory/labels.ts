// The labels that the warehouse prints for units in stock: what a step after the movement does, so that it can fail.
// Boundary: one table of the warehouse's file; knows nothing of HTTP.
// Invariants: a key prints at most one label for ever; a voided key never prints one again, also when the void came first.
import type { BooksFile } from "@plumbline/example-local-services/books-file.ts";

const TABLE = `
  CREATE TABLE IF NOT EXISTS labels (
    idempotency_key TEXT PRIMARY KEY, label_id TEXT, unit TEXT, voided INTEGER NOT NULL
  ) STRICT;
`;

export interface LabelRow {
  readonly idempotencyKey: string;
  /** Null when the key was voided before it printed anything. */
  readonly labelId: string | null;
  readonly unit: string | null;
  readonly valid: boolean;
}

export class Labels {
  readonly #file: BooksFile;

  constructor(file: BooksFile) {
    this.#file = file;
    file.make(TABLE);
  }

  /** The label's id, the same however often it is asked; undefined when the key was voided. */
  print(key: string, { unit, movementId }: { unit: string; movementId: string }): string | undefined {
    // Derived from the movement, so that nothing has to be counted.
    const labelId = movementId.replace(/^M-/, "L-");
    this.#file.run("INSERT OR IGNORE INTO labels VALUES (?,?,?,0)", [key, labelId, unit]);
    const valid = "SELECT label_id AS labelId FROM labels WHERE idempotency_key = ? AND voided = 0";
    return this.#file.first<{ labelId: string }>(valid, [key])?.labelId;
  }

  /** Voids what the key printed and keeps it from printing later. Safe to repeat. */
  void(key: string): { readonly voided: "label" | "nothing" } {
    const voiding =
      "INSERT INTO labels VALUES (?,NULL,NULL,1) ON CONFLICT (idempotency_key) DO UPDATE SET voided = 1 RETURNING label_id";
    return { voided: this.#file.first<{ label_id: string | null }>(voiding, [key])?.label_id ? "label" : "nothing" };
  }

  rows(): LabelRow[] {
    const rows = this.#file.all<Omit<LabelRow, "valid"> & { voided: number }>(
      "SELECT idempotency_key AS idempotencyKey, label_id AS labelId, unit, voided FROM labels ORDER BY rowid",
    );
    return rows.map(({ voided, ...row }) => ({ ...row, valid: voided === 0 }));
  }
}
