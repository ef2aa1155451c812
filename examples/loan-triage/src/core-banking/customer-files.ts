// The customer files that the bank keeps beside its loans: what a step after the booking opens, so that it can fail.
// Boundary: one table in the ledger's file, used by the same server process; knows nothing of HTTP.
// Invariants: a key opens at most one file for ever; a closed key never opens one again, also when the close came first.
import { DatabaseSync } from "node:sqlite";

const TABLE = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS customer_files (
    idempotency_key TEXT PRIMARY KEY, file_id TEXT, application_id TEXT, loan_id TEXT, closed INTEGER NOT NULL
  ) STRICT;
`;

export interface FileRow {
  readonly idempotencyKey: string;
  /** Null when the key was closed before it opened anything. */
  readonly fileId: string | null;
  readonly applicationId: string | null;
  readonly loanId: string | null;
  readonly open: boolean;
}

export class CustomerFiles {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec(TABLE);
  }

  /** The file's id, the same however often it is asked; undefined when the key was closed. */
  open(idempotencyKey: string, { applicationId, loanId }: { applicationId: string; loanId: string }) {
    // Derived from the loan, so that nothing has to be counted.
    const fileId = loanId.replace(/^L-/, "F-");
    this.#database
      .prepare("INSERT OR IGNORE INTO customer_files VALUES (?,?,?,?,0)")
      .run(idempotencyKey, fileId, applicationId, loanId);
    const row = this.#rowOf(idempotencyKey);
    return row?.open ? (row.fileId ?? undefined) : undefined;
  }

  /** Closes what the key opened and keeps it from opening later. Safe to repeat. */
  close(idempotencyKey: string): { readonly closed: "file" | "nothing" } {
    this.#database
      .prepare(
        "INSERT INTO customer_files VALUES (?,NULL,NULL,NULL,1) ON CONFLICT (idempotency_key) DO UPDATE SET closed = 1",
      )
      .run(idempotencyKey);
    return { closed: this.#rowOf(idempotencyKey)?.fileId ? "file" : "nothing" };
  }

  rows(): FileRow[] {
    return this.#database.prepare(`${SELECT} ORDER BY rowid`).all().map(fileRow);
  }

  end(): void {
    this.#database.close();
  }

  #rowOf(idempotencyKey: string): FileRow | undefined {
    const row = this.#database.prepare(`${SELECT} WHERE idempotency_key = ?`).get(idempotencyKey);
    return row && fileRow(row);
  }
}

const SELECT =
  "SELECT idempotency_key AS idempotencyKey, file_id AS fileId, application_id AS applicationId, " +
  "loan_id AS loanId, closed FROM customer_files";

function fileRow({ closed, ...row }: Record<string, unknown>): FileRow {
  return { ...row, open: closed === 0 } as FileRow;
}
