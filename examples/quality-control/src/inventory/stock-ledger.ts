// The warehouse's own books: which unit lies in which bin, an append-only ledger of movements, and the switched-on faults.
// Boundary: one SQLite file, used by one server process; knows nothing of HTTP.
// Invariants: a key moves at most one unit once for ever; an undone key never moves one again, also when the undo came
// first; a unit lies in at most one bin; what a method has returned is on disk (WAL with synchronous=FULL).
import { DatabaseSync } from "node:sqlite";

export const BIN = ["stock", "scrap"] as const;
export type Bin = (typeof BIN)[number];

/** What a movement can meet. */
export const MOVEMENT_FAULT = ["refuse", "hang-after-moving", "garbage-after-moving", "down"] as const;
export const FAULT = [...MOVEMENT_FAULT, "refuse-label"] as const;
export type Fault = (typeof FAULT)[number];

export interface MovementRequest {
  readonly unit: string;
  readonly bin: Bin;
  /** What the line found on it: "none" or a kind of defect. */
  readonly finding: string;
}

export interface LedgerRow {
  readonly seq: number;
  /** ISO instant. */
  readonly at: string;
  /** `undone-nothing`: an undo for a key that had moved nothing; the key is blocked from then on. */
  readonly kind: "moved" | "undone" | "undone-nothing";
  readonly idempotencyKey: string;
  readonly movementId: string | null;
  readonly unit: string | null;
  readonly bin: Bin | null;
}

export type MoveAnswer =
  | { readonly kind: "moved" | "already-moved"; readonly movementId: string; readonly movedAt: string }
  | { readonly kind: "key-undone" }
  | { readonly kind: "key-conflict"; readonly movementId: string }
  | { readonly kind: "unit-elsewhere"; readonly movementId: string };

export type UndoAnswer = { readonly undone: "movement"; readonly movementId: string } | { readonly undone: "nothing" };

interface KeyRow {
  readonly movement_id: string | null;
  readonly unit: string | null;
  readonly bin: Bin | null;
  readonly finding: string | null;
  readonly moved_at: string | null;
  readonly undone_at: string | null;
}

const TABLES = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS keys (
    idempotency_key TEXT PRIMARY KEY, movement_id TEXT UNIQUE, unit TEXT, bin TEXT, finding TEXT,
    moved_at TEXT, undone_at TEXT
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS where_units_lie ON keys (unit) WHERE movement_id IS NOT NULL AND undone_at IS NULL;
  CREATE TABLE IF NOT EXISTS ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, idempotency_key TEXT NOT NULL,
    movement_id TEXT, unit TEXT, bin TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS faults (unit TEXT PRIMARY KEY, fault TEXT NOT NULL, times INTEGER) STRICT;
`;

export class StockLedger {
  readonly #database: DatabaseSync;

  /** Opens or creates the file; ":memory:" for a ledger that nobody keeps. */
  constructor(file: string) {
    // A process before this one may still be closing the same file.
    this.#database = new DatabaseSync(file, { timeout: 5_000 });
    this.#database.exec(TABLES);
  }

  /** Puts a unit into a bin, or says why this key does not move it (again). `now` is an ISO instant. */
  move(idempotencyKey: string, { unit, bin, finding }: MovementRequest, now: string): MoveAnswer {
    return this.#atomically(() => {
      const known = this.#keyRow(idempotencyKey);
      if (known?.undone_at) return { kind: "key-undone" };
      if (known?.movement_id && known.moved_at) {
        const same = known.unit === unit && known.bin === bin && known.finding === finding;
        if (!same) return { kind: "key-conflict", movementId: known.movement_id };
        return { kind: "already-moved", movementId: known.movement_id, movedAt: known.moved_at };
      }
      const elsewhere = this.#database
        .prepare("SELECT movement_id FROM keys WHERE unit = ? AND movement_id IS NOT NULL AND undone_at IS NULL")
        .get(unit)?.["movement_id"];
      if (elsewhere !== undefined) return { kind: "unit-elsewhere", movementId: String(elsewhere) };
      const { n } = this.#database.prepare("SELECT count(movement_id) AS n FROM keys").get() as { n: number };
      const movementId = `M-${String(n + 1).padStart(6, "0")}`;
      this.#database
        .prepare("INSERT INTO keys (idempotency_key, movement_id, unit, bin, finding, moved_at) VALUES (?,?,?,?,?,?)")
        .run(idempotencyKey, movementId, unit, bin, finding, now);
      this.#append(now, "moved", idempotencyKey, { movement_id: movementId, unit, bin });
      return { kind: "moved", movementId, movedAt: now };
    });
  }

  /** Takes out again what the key put in and blocks the key. The same answer however often it is asked. */
  undo(idempotencyKey: string, now: string): UndoAnswer {
    return this.#atomically(() => {
      const known = this.#keyRow(idempotencyKey);
      if (!known?.undone_at) {
        this.#database
          .prepare(
            "INSERT INTO keys (idempotency_key, undone_at) VALUES (?,?) " +
              "ON CONFLICT (idempotency_key) DO UPDATE SET undone_at = excluded.undone_at",
          )
          .run(idempotencyKey, now);
        const nothing = { movement_id: null, unit: null, bin: null };
        this.#append(now, known?.movement_id ? "undone" : "undone-nothing", idempotencyKey, known ?? nothing);
      }
      return known?.movement_id ? { undone: "movement", movementId: known.movement_id } : { undone: "nothing" };
    });
  }

  /** All that ever happened, the oldest first. */
  rows(): LedgerRow[] {
    const rows = this.#database
      .prepare(
        "SELECT seq, at, kind, idempotency_key AS idempotencyKey, movement_id AS movementId, unit, bin " +
          "FROM ledger ORDER BY seq",
      )
      .all();
    return rows.map((row) => ({ ...row }) as unknown as LedgerRow);
  }

  /** How many units lie in each bin now. */
  counts(): Record<Bin, number> {
    const rows = this.#database
      .prepare("SELECT bin, count(*) AS n FROM keys WHERE movement_id IS NOT NULL AND undone_at IS NULL GROUP BY bin")
      .all() as unknown as { bin: Bin; n: number }[];
    const count = (bin: Bin) => rows.find((row) => row.bin === bin)?.n ?? 0;
    return { stock: count("stock"), scrap: count("scrap") };
  }

  /** Switches a fault on for a unit ("*" for all), for the next `times` requests or for good; null is off. */
  setFault(unit: string, fault: Fault | null, times?: number): void {
    if (fault === null) this.#database.prepare("DELETE FROM faults WHERE unit = ?").run(unit);
    else this.#database.prepare("INSERT OR REPLACE INTO faults VALUES (?,?,?)").run(unit, fault, times ?? null);
  }

  /** The fault of these kinds that a request meets, if any; one switched on for a number of times is used up by one. */
  takeFault(unit: string, kinds: readonly Fault[]): Fault | undefined {
    return this.#atomically(() => {
      const row = this.#database
        .prepare("SELECT * FROM faults WHERE unit IN (?, '*') ORDER BY unit = '*' LIMIT 1")
        .get(unit) as { unit: string; fault: Fault; times: number | null } | undefined;
      if (row === undefined || !kinds.includes(row.fault)) return undefined;
      if (row.times === 1) this.setFault(row.unit, null);
      else if (row.times !== null) this.setFault(row.unit, row.fault, row.times - 1);
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

  #append(at: string, kind: LedgerRow["kind"], key: string, moved: Pick<KeyRow, "movement_id" | "unit" | "bin">): void {
    this.#database
      .prepare("INSERT INTO ledger (at, kind, idempotency_key, movement_id, unit, bin) VALUES (?,?,?,?,?,?)")
      .run(at, kind, key, moved.movement_id, moved.unit, moved.bin);
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
