// The bank's own books: loans by idempotency key, an append-only ledger of what happened, and the switched-on faults.
// Boundary: one SQLite file, used by one server process; knows nothing of HTTP.
// Invariants: a key books at most one loan for ever; a cancelled key never books again, also when the cancel came
// first; what a method has returned is on disk (WAL with synchronous=FULL).
import { DatabaseSync } from "node:sqlite";

/** What a booking can meet. */
export const BOOKING_FAULT = ["refuse", "hang-after-booking", "garbage-after-booking", "down"] as const;
export const FAULT = [...BOOKING_FAULT, "refuse-file"] as const;
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

interface KeyRow {
  readonly loan_id: string | null;
  readonly request: string | null;
  readonly booked_at: string | null;
  readonly cancelled_at: string | null;
}

const TABLES = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS keys (
    idempotency_key TEXT PRIMARY KEY, loan_id TEXT UNIQUE, application_id TEXT, amount REAL,
    request TEXT, booked_at TEXT, cancelled_at TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, idempotency_key TEXT NOT NULL,
    loan_id TEXT, application_id TEXT, amount REAL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS faults (application_id TEXT PRIMARY KEY, fault TEXT NOT NULL, times INTEGER) STRICT;
`;

export class LoanLedger {
  readonly #database: DatabaseSync;

  /** Opens or creates the file; ":memory:" for a ledger that nobody keeps. */
  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec(TABLES);
  }

  /** Books a loan, or says why this key does not book (again). `now` is an ISO instant. */
  book(idempotencyKey: string, request: LoanRequest, now: string): BookAnswer {
    return this.#atomically(() => {
      const known = this.#keyRow(idempotencyKey);
      if (known?.cancelled_at) return { kind: "key-cancelled" };
      const canonical = JSON.stringify(request, Object.keys(request).sort());
      if (known?.loan_id && known.booked_at) {
        return known.request === canonical
          ? { kind: "already-booked", loanId: known.loan_id, bookedAt: known.booked_at }
          : { kind: "key-conflict", loanId: known.loan_id };
      }
      const count = this.#database.prepare("SELECT count(*) AS n FROM keys WHERE loan_id IS NOT NULL").get()?.["n"];
      const loanId = `L-${String(Number(count) + 1).padStart(6, "0")}`;
      const { applicationId, amount } = request;
      this.#database
        .prepare(
          "INSERT INTO keys (idempotency_key, loan_id, application_id, amount, request, booked_at) VALUES (?,?,?,?,?,?)",
        )
        .run(idempotencyKey, loanId, applicationId, amount, canonical, now);
      this.#append(now, "booked", idempotencyKey, { loan_id: loanId, application_id: applicationId, amount });
      return { kind: "booked", loanId, bookedAt: now };
    });
  }

  /** Undoes what the key booked and blocks the key. The same answer however often it is asked. */
  cancel(idempotencyKey: string, now: string): CancelAnswer {
    return this.#atomically(() => {
      const known = this.#keyRow(idempotencyKey);
      if (!known?.cancelled_at) {
        this.#database
          .prepare(
            "INSERT INTO keys (idempotency_key, cancelled_at) VALUES (?,?) " +
              "ON CONFLICT (idempotency_key) DO UPDATE SET cancelled_at = excluded.cancelled_at",
          )
          .run(idempotencyKey, now);
        const loan = this.#database
          .prepare("SELECT loan_id, application_id, amount FROM keys WHERE idempotency_key = ?")
          .get(idempotencyKey) as unknown as LoanColumns;
        this.#append(now, loan.loan_id ? "cancelled" : "cancelled-nothing", idempotencyKey, loan);
      }
      return known?.loan_id ? { undone: "loan", loanId: known.loan_id } : { undone: "nothing" };
    });
  }

  /** All that ever happened, the oldest first. */
  rows(): LedgerRow[] {
    const rows = this.#database
      .prepare(
        "SELECT seq, at, kind, idempotency_key AS idempotencyKey, loan_id AS loanId, " +
          "application_id AS applicationId, amount FROM ledger ORDER BY seq",
      )
      .all();
    return rows.map((row) => ({ ...row }) as unknown as LedgerRow);
  }

  /** Switches a fault on for an application ("*" for all), for the next `times` requests or for good; null is off. */
  setFault(applicationId: string, fault: Fault | null, times?: number): void {
    if (fault === null) {
      this.#database.prepare("DELETE FROM faults WHERE application_id = ?").run(applicationId);
    } else {
      this.#database.prepare("INSERT OR REPLACE INTO faults VALUES (?,?,?)").run(applicationId, fault, times ?? null);
    }
  }

  /** The fault of these kinds that a request meets, if any; one switched on for a number of times is used up by one. */
  takeFault(applicationId: string, kinds: readonly Fault[]): Fault | undefined {
    return this.#atomically(() => {
      const row = this.#database
        .prepare("SELECT * FROM faults WHERE application_id IN (?, '*') ORDER BY application_id = '*' LIMIT 1")
        .get(applicationId) as { application_id: string; fault: Fault; times: number | null } | undefined;
      if (row === undefined || !kinds.includes(row.fault)) return undefined;
      if (row.times === 1) this.setFault(row.application_id, null);
      else if (row.times !== null) this.setFault(row.application_id, row.fault, row.times - 1);
      return row.fault;
    });
  }

  close(): void {
    this.#database.close();
  }

  #keyRow(idempotencyKey: string): KeyRow | undefined {
    return this.#database.prepare("SELECT * FROM keys WHERE idempotency_key = ?").get(idempotencyKey) as unknown as
      | KeyRow
      | undefined;
  }

  #append(at: string, kind: LedgerRow["kind"], idempotencyKey: string, loan: LoanColumns): void {
    this.#database
      .prepare("INSERT INTO ledger (at, kind, idempotency_key, loan_id, application_id, amount) VALUES (?,?,?,?,?,?)")
      .run(at, kind, idempotencyKey, loan.loan_id, loan.application_id, loan.amount);
  }

  #atomically<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

interface LoanColumns {
  readonly loan_id: string | null;
  readonly application_id: string | null;
  readonly amount: number | null;
}
