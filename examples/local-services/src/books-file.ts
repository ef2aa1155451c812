// The SQLite file of a local service: its books, and the faults that are switched on in it.
// Boundary: one file, used by one server process; tables other than the faults' are the service's own.
// Invariants: what a method has returned is on disk (WAL with synchronous=FULL); what is done atomically is done wholly
// or not at all; a fault switched on for a number of times is met so often and no more, whoever is killed between.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

const SETUP = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS switched_faults (about TEXT PRIMARY KEY, fault TEXT NOT NULL, times INTEGER) STRICT;
`;

export class BooksFile {
  readonly #database: DatabaseSync;

  /** Opens or creates it. */
  constructor(file: string) {
    // A process before this one may still be closing the same file.
    this.#database = new DatabaseSync(file, { timeout: 5_000 });
    this.#database.exec(SETUP);
  }

  /** Makes tables that are not there yet. */
  make(tables: string): void {
    this.#database.exec(tables);
  }

  run(sql: string, values: readonly SQLInputValue[] = []): void {
    this.#database.prepare(sql).run(...values);
  }

  first<Row>(sql: string, values: readonly SQLInputValue[] = []): Row | undefined {
    return this.#database.prepare(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, values: readonly SQLInputValue[] = []): Row[] {
    return this.#database
      .prepare(sql)
      .all(...values)
      .map((row) => ({ ...row })) as Row[];
  }

  atomically<T>(work: () => T): T {
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

  /** Switches a fault on for what a request is about ("*" for all), for the next `times` or for good; null is off. */
  setFault(about: string, fault: string | null, times?: number): void {
    if (fault === null) this.run("DELETE FROM switched_faults WHERE about = ?", [about]);
    else this.run("INSERT OR REPLACE INTO switched_faults VALUES (?,?,?)", [about, fault, times ?? null]);
  }

  /** The fault of these kinds that a request meets, if any; one switched on for a number of times is used up by one. */
  takeFault<Kind extends string>(about: string, kinds: readonly Kind[]): Kind | undefined {
    return this.atomically(() => {
      const own = "SELECT * FROM switched_faults WHERE about IN (?, '*') ORDER BY about = '*' LIMIT 1";
      const row = this.first<{ about: string; fault: string; times: number | null }>(own, [about]);
      const met = kinds.find((kind) => kind === row?.fault);
      if (row === undefined || met === undefined) return undefined;
      if (row.times === 1) this.setFault(row.about, null);
      else if (row.times !== null) this.setFault(row.about, met, row.times - 1);
      return met;
    });
  }

  close(): void {
    this.#database.close();
  }
}
