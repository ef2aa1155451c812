// The customer files that the bank keeps beside its loans: what a step after the booking opens, so that it can fail.
// Boundary: one table of the bank's file; knows nothing of HTTP.
// Invariants: a key opens at most one file for ever; a closed key never opens one again, also when the close came first.
import type { BooksFile } from "@plumbline/example-local-services/books-file.ts";

const TABLE = `
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
  readonly #file: BooksFile;

  constructor(file: BooksFile) {
    this.#file = file;
    file.make(TABLE);
  }

  /** The file's id, the same however often it is asked; undefined when the key was closed. */
  open(key: string, { applicationId, loanId }: { applicationId: string; loanId: string }): string | undefined {
    // Derived from the loan, so that nothing has to be counted.
    const fileId = loanId.replace(/^L-/, "F-");
    this.#file.run("INSERT OR IGNORE INTO customer_files VALUES (?,?,?,?,0)", [key, fileId, applicationId, loanId]);
    const open = "SELECT file_id AS fileId FROM customer_files WHERE idempotency_key = ? AND closed = 0";
    return this.#file.first<{ fileId: string }>(open, [key])?.fileId;
  }

  /** Closes what the key opened and keeps it from opening later. Safe to repeat. */
  close(key: string): { readonly closed: "file" | "nothing" } {
    const closing =
      "INSERT INTO customer_files VALUES (?,NULL,NULL,NULL,1) " +
      "ON CONFLICT (idempotency_key) DO UPDATE SET closed = 1 RETURNING file_id";
    return { closed: this.#file.first<{ file_id: string | null }>(closing, [key])?.file_id ? "file" : "nothing" };
  }

  rows(): FileRow[] {
    const rows = this.#file.all<Omit<FileRow, "open"> & { closed: number }>(
      "SELECT idempotency_key AS idempotencyKey, file_id AS fileId, application_id AS applicationId, " +
        "loan_id AS loanId, closed FROM customer_files ORDER BY rowid",
    );
    return rows.map(({ closed, ...row }) => ({ ...row, open: closed === 0 }));
  }
}
