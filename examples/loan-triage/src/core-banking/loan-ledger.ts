// The bank's own books: loans by idempotency key, and an append-only ledger of what happened.
// Boundary: two tables of the bank's file; knows nothing of HTTP.
// Invariants: a key books at most one loan for ever; a cancelled key never books again, also when the cancel came
// first; what a method has returned is on disk.
import type { BooksFile } from "@plumbline/example-local-services/books-file.ts";

/** What can be switched on at the bank. */
export const FAULT = ["refuse", "hang-after-booking", "garbage-after-booking", "down", "refuse-file"] as const;
export type Fault = (typeof FAULT)[number];

/** What a loan is booked with; amounts in EUR. */
export interface LoanRequest {
  readonly applicationId: string;
  readonly applicant: string;
  readonly idNumber: string;
  readonly amount: number;
  readonly durationMonths: number;
  readonly interestPercent: number;
  readonly instalment: number;
}

export interface LedgerRow {
  readonly seq: number;
  /** ISO instant. */
  readonly at: string;
  /** `cancelled-nothing`: a cancel for a key that had booked nothing; the key is blocked from then on. */
  readonly kind: "booked" | "cancelled" | "cancelled-nothing";
  readonly idempotencyKey: string;
  readonly loanId: string | null;
  readonly applicationId: string | null;
  readonly amount: number | null;
}

export type BookAnswer =
  | { readonly kind: "booked" | "already-booked"; readonly loanId: string; readonly bookedAt: string }
  | { readonly kind: "key-cancelled" }
  | { readonly kind: "key-conflict"; readonly loanId: string };

export type CancelAnswer = { readonly undone: "loan"; readonly loanId: string } | { readonly undone: "nothing" };

interface LoanColumns {
  readonly loan_id: string | null;
  readonly application_id: string | null;
  readonly amount: number | null;
}

interface KeyRow extends LoanColumns {
  readonly request: string | null;
  readonly booked_at: string | null;
  readonly cancelled_at: string | null;
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS keys (
    idempotency_key TEXT PRIMARY KEY, loan_id TEXT UNIQUE, application_id TEXT, amount REAL,
    request TEXT, booked_at TEXT, cancelled_at TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, idempotency_key TEXT NOT NULL,
    loan_id TEXT, application_id TEXT, amount REAL
  ) STRICT;
`;

export class LoanLedger {
  readonly #file: BooksFile;

  constructor(file: BooksFile) {
    this.#file = file;
    file.make(TABLES);
  }

  /** Books a loan, or says why this key does not book (again). `now` is an ISO instant. */
  book(key: string, request: LoanRequest, now: string): BookAnswer {
    return this.#file.atomically(() => {
      const known = this.#keyRow(key);
      if (known?.cancelled_at) return { kind: "key-cancelled" };
      const canonical = JSON.stringify(request, Object.keys(request).sort());
      if (known?.loan_id && known.booked_at) {
        return known.request === canonical
          ? { kind: "already-booked", loanId: known.loan_id, bookedAt: known.booked_at }
          : { kind: "key-conflict", loanId: known.loan_id };
      }
      const count = this.#file.first<{ n: number }>("SELECT count(loan_id) AS n FROM keys")?.n ?? 0;
      const loanId = `L-${String(count + 1).padStart(6, "0")}`;
      const { applicationId, amount } = request;
      this.#file.run(
        "INSERT INTO keys (idempotency_key, loan_id, application_id, amount, request, booked_at) VALUES (?,?,?,?,?,?)",
        [key, loanId, applicationId, amount, canonical, now],
      );
      this.#append(now, "booked", key, { loan_id: loanId, application_id: applicationId, amount });
      return { kind: "booked", loanId, bookedAt: now };
    });
  }

  /** Undoes what the key booked and blocks the key. The same answer however often it is asked. */
  cancel(key: string, now: string): CancelAnswer {
    return this.#file.atomically(() => {
      const known = this.#keyRow(key);
      if (!known?.cancelled_at) {
        this.#file.run(
          "INSERT INTO keys (idempotency_key, cancelled_at) VALUES (?,?) " +
            "ON CONFLICT (idempotency_key) DO UPDATE SET cancelled_at = excluded.cancelled_at",
          [key, now],
        );
        const nothing = { loan_id: null, application_id: null, amount: null };
        this.#append(now, known?.loan_id ? "cancelled" : "cancelled-nothing", key, known ?? nothing);
      }
      return known?.loan_id ? { undone: "loan", loanId: known.loan_id } : { undone: "nothing" };
    });
  }

  /** All that ever happened, the oldest first. */
  rows(): LedgerRow[] {
    return this.#file.all(
      "SELECT seq, at, kind, idempotency_key AS idempotencyKey, loan_id AS loanId, " +
        "application_id AS applicationId, amount FROM ledger ORDER BY seq",
    );
  }

  #keyRow(key: string): KeyRow | undefined {
    return this.#file.first("SELECT * FROM keys WHERE idempotency_key = ?", [key]);
  }

  #append(at: string, kind: LedgerRow["kind"], key: string, loan: LoanColumns): void {
    this.#file.run(
      "INSERT INTO ledger (at, kind, idempotency_key, loan_id, application_id, amount) VALUES (?,?,?,?,?,?)",
      [at, kind, key, loan.loan_id, loan.application_id, loan.amount],
    );
  }
}
