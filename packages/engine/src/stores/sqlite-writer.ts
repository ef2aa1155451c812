/**
 * Writes batches into the database: the only writer of the file.
 *
 * Boundary: from commit items to rows of one transaction; runs in the worker thread, or wherever it is put. Invariants: a
 * batch is one transaction, durable when `commit` returns; statements are multi-row, since row-by-row writes halve the
 * rate (docs/decisions/0002); the hash chain of a run is continued in commit order (rule 26); whoever opens the file
 * raises its epoch, and a writer whose epoch has passed writes nothing more, should the lock on the side file ever fail
 * (rule 30).
 */
import { hash } from "node:crypto";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import { PlumblineError, type Register } from "@plumbline/core";
import { DatabaseSync } from "./sqlite-module.ts";
import { checkFile, makeTables, migrate } from "./sqlite-schema.ts";

/**
 * Commit items as they cross to the writer: encoded already, and in columns, because one array of texts crosses a thread
 * several times faster than as many objects (docs/decisions/0002).
 */
export interface WriteBatch {
  readonly ids: readonly string[];
  /** The entries of each item, as text. */
  readonly bodies: readonly string[];
  /** Entries in each journal after its item. */
  readonly lengths: readonly number[];
  /** The instant of each item's last entry. */
  readonly ats: readonly number[];
  /** What only some items have, with their indices, which rise. */
  readonly more: readonly (readonly [index: number, more: WriteMore])[];
}

export interface WriteMore {
  /** The projection, when something in it has changed. */
  readonly row?: RunRow;
  /** For a run's first commit. */
  readonly first?: FirstRow;
  /** Desks that the run waits for, when they have changed. */
  readonly desks?: readonly string[];
  readonly registers?: readonly Register[];
  readonly blobs?: readonly { readonly id: string; readonly bytes: Uint8Array }[];
}

/** What is written of a run once. */
export interface FirstRow {
  readonly inputHash: string;
  readonly key: string | null;
  /** The id may have been used before; ids of other runs cannot collide. */
  readonly claimed: boolean;
  readonly parent: string | null;
  readonly startedAt: number;
  readonly flow: string;
  readonly fingerprint: string;
  /** With the first run of a fingerprint that this writer is given. */
  readonly plan?: string;
}

/** Items whose id was taken, by their index, with the input's hash of the run that has it. */
export type Taken = readonly (readonly [index: number, inputHash: string])[];

/** What lists show of a run and what changes while it goes on. */
export interface RunRow {
  readonly status: number;
  readonly outcome: number | null;
  readonly degraded: number;
  readonly dueAt: number | null;
  readonly usd: number;
  readonly tokens: number;
  readonly waits: string | null;
}

export interface WriterOptions {
  readonly path: string;
  /** `full`: survives power loss. `normal`: survives the death of the process. */
  readonly durability: "full" | "normal";
}

/** Registers whose name begins so and that were written before an instant. */
export interface OldRegisters {
  readonly prefix: string;
  readonly before: number;
  readonly limit: number;
}

/** Runs whose head is remembered; others are looked up. */
const maxKnown = 100_000;

export class SqliteWriter {
  private readonly db: DatabaseSync;
  private readonly begin: StatementSync;
  private readonly end: StatementSync;
  private readonly rollback: StatementSync;
  private readonly insertLinks: MultiRow;
  private readonly insertRuns: MultiRow;
  private readonly updateRun: StatementSync;
  private readonly findRun: StatementSync;
  private readonly lastLink: StatementSync;
  private readonly findPlan: StatementSync;
  private readonly insertPlan: StatementSync;
  private readonly deleteWaits: StatementSync;
  private readonly insertWait: StatementSync;
  private readonly putRegister: StatementSync;
  private readonly deleteRegisters: StatementSync;
  private readonly insertBlob: StatementSync;
  private readonly plans = new Map<string, number>();
  /** Texts of plans that no run has needed yet. */
  private readonly planTexts = new Map<string, string>();
  /** Runs that were written lately: row id and head. */
  private readonly known = new Map<string, { readonly run: number; head: string }>();
  private readonly readEpoch: StatementSync;
  private readonly epoch: number;
  private readonly path: string;
  private nextRun: number;

  constructor({ path, durability }: WriterOptions) {
    this.path = path;
    this.db = new DatabaseSync(path);
    const { db } = this;
    db.exec("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF");
    const { isEmpty, version } = checkFile(db, path); // before the journal mode, which is a change of the file
    db.exec("PRAGMA journal_mode = WAL");
    db.exec(
      `PRAGMA synchronous = ${durability === "full" ? "FULL" : "NORMAL"}; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY`,
    );
    if (isEmpty) makeTables(db);
    else migrate(db, version);
    this.readEpoch = db.prepare("SELECT epoch FROM owner");
    this.epoch = Number(db.prepare("UPDATE owner SET epoch = epoch + 1 RETURNING epoch").get()?.epoch);
    this.begin = db.prepare("BEGIN IMMEDIATE");
    this.end = db.prepare("COMMIT");
    this.rollback = db.prepare("ROLLBACK");
    this.insertLinks = new MultiRow(db, "INSERT INTO links(run, length, at, body, head)", 5);
    this.insertRuns = new MultiRow(
      db,
      "INSERT INTO runs(run, id, flow, plan, key, parent, input_hash, status, outcome, degraded, started_at, due_at, usd, tokens, waits)",
      15,
    );
    this.updateRun = db.prepare(
      "UPDATE runs SET status = ?, outcome = ?, degraded = ?, due_at = ?, usd = ?, tokens = ?, waits = ? WHERE run = ?",
    );
    this.findRun = db.prepare("SELECT run, input_hash FROM runs WHERE id = ?");
    this.lastLink = db.prepare("SELECT head FROM links WHERE run = ? ORDER BY link DESC LIMIT 1");
    this.findPlan = db.prepare("SELECT plan FROM plans WHERE fingerprint = ?");
    this.insertPlan = db.prepare("INSERT INTO plans(fingerprint, flow, body) VALUES(?, ?, ?)");
    this.deleteWaits = db.prepare("DELETE FROM waits WHERE run = ?");
    this.insertWait = db.prepare("INSERT OR IGNORE INTO waits(desk, run) VALUES(?, ?)");
    this.putRegister = db.prepare("INSERT OR REPLACE INTO registers(name, value, at) VALUES(?, ?, ?)");
    this.deleteRegisters = db.prepare(
      "DELETE FROM registers WHERE name IN (SELECT name FROM registers WHERE at < ? AND name >= ? AND name < ? LIMIT ?)",
    );
    this.insertBlob = db.prepare("INSERT OR IGNORE INTO blobs(run, id, bytes) VALUES(?, ?, ?)");
    this.nextRun = Number(db.prepare("SELECT max(run) AS run FROM runs").get()?.run ?? 0) + 1;
  }

  /**
   * Writes a batch, and gives the items that were refused. When it throws, nothing of it is in the file, or nothing is known
   * of it: the caller must stop.
   */
  commit(batch: WriteBatch): Taken {
    if (this.known.size > maxKnown) this.known.clear(); // between batches only: heads of this one are not in the file yet
    return this.together(() => this.write(batch));
  }

  /** Deletes old registers, and gives how many. */
  forgetRegisters({ prefix, before, limit }: OldRegisters): number {
    const end = `${prefix}\u{10ffff}`;
    return this.together(() => Number(this.deleteRegisters.run(before, prefix, end, limit).changes));
  }

  /** One transaction, of the owner alone. */
  private together<T>(work: () => T): T {
    this.begin.run();
    try {
      if (Number(this.readEpoch.get()?.epoch) !== this.epoch) throw ownershipLost(this.path);
      const done = work();
      this.end.run();
      return done;
    } catch (error) {
      this.known.clear();
      if (this.db.isTransaction) this.rollback.run();
      throw error;
    }
  }

  private write({ ids, bodies, lengths, ats, more }: WriteBatch): Taken {
    const taken: (readonly [number, string])[] = [];
    const links: SQLInputValue[] = [];
    const runs: SQLInputValue[] = [];
    let next = 0;
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index] as string;
      const extra = more[next]?.[0] === index ? more[next++]?.[1] : undefined;
      const first = extra?.first;
      const holder = first && this.claim(id, first, extra.row as RunRow, runs);
      if (holder !== undefined) {
        taken.push([index, holder]);
        continue;
      }
      const known = this.find(id);
      const body = bodies[index] as string;
      known.head = hash("sha256", known.head + body, "base64url");
      links.push(known.run, lengths[index] as number, ats[index] as number, body, known.head);
      if (extra) this.writeMore(id, known.run, extra);
    }
    this.insertRuns.run(runs);
    this.insertLinks.run(links);
    return taken;
  }

  private writeMore(id: string, run: number, { row, first, desks, blobs, registers }: WriteMore): void {
    if (row && !first) this.update(run, row);
    if (desks) this.replaceWaits(run, desks, first === undefined);
    for (const blob of blobs ?? []) this.insertBlob.run(run, blob.id, blob.bytes);
    for (const register of registers ?? []) this.putRegister.run(register.name, register.value, register.at);
    if (row?.outcome != null) this.known.delete(id);
  }

  /** Makes the run's row; of an id that is taken it gives the input's hash of the run that has it. */
  private claim(id: string, first: FirstRow, row: RunRow, runs: SQLInputValue[]): string | undefined {
    if (first.plan !== undefined) this.planTexts.set(first.fingerprint, first.plan);
    if (first.claimed) {
      this.insertRuns.run(runs); // rows of this batch count as well
      runs.length = 0;
      const holder = this.findRun.get(id);
      if (holder) return String(holder.input_hash);
    }
    const { status, outcome, degraded, dueAt, usd, tokens, waits } = row;
    const run = this.nextRun++;
    const plan = this.planOf(first);
    this.known.set(id, { run, head: "" });
    const facts = [run, id, first.flow, plan, first.key, first.parent, first.inputHash];
    runs.push(...facts, status, outcome, degraded, first.startedAt, dueAt, usd, tokens, waits);
    return undefined;
  }

  private find(id: string): { readonly run: number; head: string } {
    const known = this.known.get(id);
    if (known) return known;
    const row = this.findRun.get(id);
    if (!row) throw new Error(`commit to a run that was never claimed: ${id}`);
    const run = Number(row.run);
    const found = { run, head: String(this.lastLink.get(run)?.head ?? "") };
    this.known.set(id, found);
    return found;
  }

  private planOf({ fingerprint, flow }: FirstRow): number {
    const known = this.plans.get(fingerprint);
    if (known !== undefined) return known;
    const stored = this.findPlan.get(fingerprint)?.plan;
    const text = this.planTexts.get(fingerprint) as string;
    const found = Number(stored ?? this.insertPlan.run(fingerprint, flow, text).lastInsertRowid);
    this.planTexts.delete(fingerprint);
    this.plans.set(fingerprint, found);
    return found;
  }

  private update(run: number, row: RunRow): void {
    const { status, outcome, degraded, dueAt, usd, tokens, waits } = row;
    this.updateRun.run(status, outcome, degraded, dueAt, usd, tokens, waits, run);
  }

  private replaceWaits(run: number, desks: readonly string[], mayHaveSome: boolean): void {
    if (mayHaveSome) this.deleteWaits.run(run);
    for (const desk of desks) this.insertWait.run(desk, run);
  }

  close(): void {
    this.db.close();
  }
}

function ownershipLost(path: string): PlumblineError {
  return new PlumblineError("ownership-lost", "another process has taken this database over", {
    path,
    expected: "to be its only owner",
    found: "a newer epoch in the file",
    mend: "find out who removed the .owner file beside it; this process writes nothing more",
  });
}

/** An INSERT of many rows at a time, in statements of a few fixed sizes. */
class MultiRow {
  private readonly columns: number;
  private readonly statements: readonly { readonly rows: number; readonly statement: StatementSync }[];

  constructor(db: DatabaseSync, insert: string, columns: number) {
    this.columns = columns;
    const row = `(${Array(columns).fill("?").join(", ")})`;
    this.statements = [32, 8, 1].map((rows) => ({
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
