// The labels that the warehouse prints for units in stock: what a step after the movement does, so that it can fail.
// Boundary: one table in the ledger's file, used by the same server process; knows nothing of HTTP.
// Invariants: a key prints at most one label for ever; a voided key never prints one again, also when the void came first.
import { DatabaseSync } from "node:sqlite";

const TABLE = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS labels (
    idempotency_key TEXT PRIMARY KEY, label_id TEXT, unit TEXT, voided INTEGER NOT NULL
  ) STRICT;
`;
const SELECT = "SELECT idempotency_key AS idempotencyKey, label_id AS labelId, unit, voided FROM labels";

export interface LabelRow {
  readonly idempotencyKey: string;
  /** Null when the key was voided before it printed anything. */
  readonly labelId: string | null;
  readonly unit: string | null;
  readonly valid: boolean;
}

export class Labels {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    // A process before this one may still be closing the same file.
    this.#database = new DatabaseSync(file, { timeout: 5_000 });
    this.#database.exec(TABLE);
  }

  /** The label's id, the same however often it is asked; undefined when the key was voided. */
  print(idempotencyKey: string, { unit, movementId }: { unit: string; movementId: string }): string | undefined {
    // Derived from the movement, so that nothing has to be counted.
    const labelId = movementId.replace(/^M-/, "L-");
    this.#database.prepare("INSERT OR IGNORE INTO labels VALUES (?,?,?,0)").run(idempotencyKey, labelId, unit);
    const row = this.#rowOf(idempotencyKey);
    return row?.valid ? (row.labelId ?? undefined) : undefined;
  }

  /** Voids what the key printed and keeps it from printing later. Safe to repeat. */
  void(idempotencyKey: string): { readonly voided: "label" | "nothing" } {
    this.#database
      .prepare("INSERT INTO labels VALUES (?,NULL,NULL,1) ON CONFLICT (idempotency_key) DO UPDATE SET voided = 1")
      .run(idempotencyKey);
    return { voided: this.#rowOf(idempotencyKey)?.labelId ? "label" : "nothing" };
  }

  rows(): LabelRow[] {
    return this.#database.prepare(`${SELECT} ORDER BY rowid`).all().map(labelRow);
  }

  close(): void {
    this.#database.close();
  }

  #rowOf(idempotencyKey: string): LabelRow | undefined {
    const row = this.#database.prepare(`${SELECT} WHERE idempotency_key = ?`).get(idempotencyKey);
    return row && labelRow(row);
  }
}

function labelRow({ voided, ...row }: Record<string, unknown>): LabelRow {
  return { ...row, valid: voided === 0 } as LabelRow;
}
