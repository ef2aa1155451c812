// The warehouse's own books: which unit lies in which bin, and an append-only ledger of movements.
// Boundary: two tables of the warehouse's file; knows nothing of HTTP.
// Invariants: a key moves at most one unit once for ever; an undone key never moves one again, also when the undo came
// first; a unit lies in at most one bin; what a method has returned is on disk.
import type { BooksFile } from "@plumbline/example-local-services/books-file.ts";

export const BIN = ["stock", "scrap"] as const;
export type Bin = (typeof BIN)[number];

/** What can be switched on at the warehouse. */
export const FAULT = ["refuse", "hang-after-moving", "garbage-after-moving", "down", "refuse-label"] as const;
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
  CREATE TABLE IF NOT EXISTS keys (
    idempotency_key TEXT PRIMARY KEY, movement_id TEXT UNIQUE, unit TEXT, bin TEXT, finding TEXT,
    moved_at TEXT, undone_at TEXT
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS where_units_lie ON keys (unit) WHERE movement_id IS NOT NULL AND undone_at IS NULL;
  CREATE TABLE IF NOT EXISTS ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, idempotency_key TEXT NOT NULL,
    movement_id TEXT, unit TEXT, bin TEXT
  ) STRICT;
`;

export class StockLedger {
  readonly #file: BooksFile;

  constructor(file: BooksFile) {
    this.#file = file;
    file.make(TABLES);
  }

  /** Puts a unit into a bin, or says why this key does not move it (again). `now` is an ISO instant. */
  move(key: string, { unit, bin, finding }: MovementRequest, now: string): MoveAnswer {
    return this.#file.atomically(() => {
      const known = this.#keyRow(key);
      if (known?.undone_at) return { kind: "key-undone" };
      if (known?.movement_id && known.moved_at) {
        const same = known.unit === unit && known.bin === bin && known.finding === finding;
        if (!same) return { kind: "key-conflict", movementId: known.movement_id };
        return { kind: "already-moved", movementId: known.movement_id, movedAt: known.moved_at };
      }
      const elsewhere = this.#file.first<{ movementId: string }>(
        "SELECT movement_id AS movementId FROM keys WHERE unit = ? AND movement_id IS NOT NULL AND undone_at IS NULL",
        [unit],
      );
      if (elsewhere !== undefined) return { kind: "unit-elsewhere", ...elsewhere };
      const count = this.#file.first<{ n: number }>("SELECT count(movement_id) AS n FROM keys")?.n ?? 0;
      const movementId = `M-${String(count + 1).padStart(6, "0")}`;
      this.#file.run(
        "INSERT INTO keys (idempotency_key, movement_id, unit, bin, finding, moved_at) VALUES (?,?,?,?,?,?)",
        [key, movementId, unit, bin, finding, now],
      );
      this.#append(now, "moved", key, { movement_id: movementId, unit, bin });
      return { kind: "moved", movementId, movedAt: now };
    });
  }

  /** Takes out again what the key put in and blocks the key. The same answer however often it is asked. */
  undo(key: string, now: string): UndoAnswer {
    return this.#file.atomically(() => {
      const known = this.#keyRow(key);
      if (!known?.undone_at) {
        this.#file.run(
          "INSERT INTO keys (idempotency_key, undone_at) VALUES (?,?) " +
            "ON CONFLICT (idempotency_key) DO UPDATE SET undone_at = excluded.undone_at",
          [key, now],
        );
        const nothing = { movement_id: null, unit: null, bin: null };
        this.#append(now, known?.movement_id ? "undone" : "undone-nothing", key, known ?? nothing);
      }
      return known?.movement_id ? { undone: "movement", movementId: known.movement_id } : { undone: "nothing" };
    });
  }

  /** All that ever happened, the oldest first. */
  rows(): LedgerRow[] {
    return this.#file.all(
      "SELECT seq, at, kind, idempotency_key AS idempotencyKey, movement_id AS movementId, unit, bin " +
        "FROM ledger ORDER BY seq",
    );
  }

  /** How many units lie in each bin now. */
  counts(): Record<Bin, number> {
    const rows = this.#file.all<{ bin: Bin; n: number }>(
      "SELECT bin, count(*) AS n FROM keys WHERE movement_id IS NOT NULL AND undone_at IS NULL GROUP BY bin",
    );
    const count = (bin: Bin) => rows.find((row) => row.bin === bin)?.n ?? 0;
    return { stock: count("stock"), scrap: count("scrap") };
  }

  #keyRow(key: string): KeyRow | undefined {
    return this.#file.first("SELECT * FROM keys WHERE idempotency_key = ?", [key]);
  }

  #append(at: string, kind: LedgerRow["kind"], key: string, moved: Pick<KeyRow, "movement_id" | "unit" | "bin">): void {
    this.#file.run("INSERT INTO ledger (at, kind, idempotency_key, movement_id, unit, bin) VALUES (?,?,?,?,?,?)", [
      at,
      kind,
      key,
      moved.movement_id,
      moved.unit,
      moved.bin,
    ]);
  }
}
