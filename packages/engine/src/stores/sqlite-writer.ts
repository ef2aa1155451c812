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
import { PlumblineError } from "@plumbline/core";
import { MultiRow } from "./multi-row.ts";
import { RowUpdates } from "./row-updates.ts";
import { DatabaseSync } from "./sqlite-module.ts";
import { checkFile, makeTables, migrate } from "./sqlite-schema.ts";
import type { NewPlan, WriteBatch, WriteMore } from "./write-batch.ts";

/** Items whose id was taken, by their index, with the input's hash of the run that has it. */
export type Taken = readonly (readonly [index: number, inputHash: string])[];

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

/** Half as many pages to split, checksum and write as with SQLite's 4 KiB, and a single commit is as fast (record 0016). */
const pageBytes = 8_192;
/** The log is folded into the file at this size. Meanwhile the writer stands still, so it should be small. */
const logBytes = 8 * 1024 * 1024;
/** Runs whose head is remembered; others are looked up. */
const maxKnown = 100_000;

export class SqliteWriter {
  private readonly db: DatabaseSync;
  private readonly begin: StatementSync;
  private readonly end: StatementSync;
  private readonly rollback: StatementSync;
  private readonly insertLinks: MultiRow;
  private readonly insertRuns: MultiRow;
  private readonly updateRuns: RowUpdates;
  private readonly findRun: StatementSync;
  private readonly lastLink: StatementSync;
  private readonly findPlan: StatementSync;
  private readonly insertPlan: StatementSync;
  private readonly deleteWaits: StatementSync;
  private readonly insertWait: StatementSync;
  private readonly putRegister: StatementSync;
  private readonly deleteRegisters: StatementSync;
  private readonly insertBlob: StatementSync;
  /** Plans in the order in which they were given: their rows, or what they will be when a run needs them. */
  private readonly plans: (NewPlan & { row?: number })[] = [];
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
    if (isEmpty) db.exec(`PRAGMA page_size = ${pageBytes}`);
    db.exec("PRAGMA journal_mode = WAL");
    const pageSize = Number(db.prepare("PRAGMA page_size").get()?.page_size); // an older file keeps the one it has
    db.exec(
      `PRAGMA synchronous = ${durability === "full" ? "FULL" : "NORMAL"}; PRAGMA cache_size = -65536;
       PRAGMA wal_autocheckpoint = ${Math.ceil(logBytes / pageSize)}; PRAGMA temp_store = MEMORY`,
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
    this.updateRuns = new RowUpdates(db);
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

  private write(batch: WriteBatch): Taken {
    const { ids, bodies, lengths, ats, rows, firsts, more } = batch;
    this.plans.push(...batch.plans);
    const taken: (readonly [number, string])[] = [];
    const links: SQLInputValue[] = [];
    const runs: SQLInputValue[] = [];
    let row = 0;
    let first = 0;
    let next = 0;
    for (let item = 0; item < ids.length; item++) {
      const id = ids[item] as string;
      const rowAt = rows.items[row] === item ? row++ : -1;
      const firstAt = firsts.items[first] === item ? first++ : -1;
      const extra = more[next]?.[0] === item ? more[next++]?.[1] : undefined;
      const holder = firstAt === -1 ? undefined : this.claim(id, batch, firstAt, rowAt, runs);
      if (holder !== undefined) {
        taken.push([item, holder]);
        continue;
      }
      const known = this.find(id);
      const body = bodies[item] as string;
      known.head = hash("sha256", known.head + body, "base64url");
      links.push(known.run, lengths[item] as number, ats[item] as number, body, known.head);
      if (rowAt !== -1 && firstAt === -1) this.updateRuns.add(known.run, rows, rowAt);
      if (extra) this.writeMore(known.run, extra, firstAt !== -1);
      if (rowAt !== -1 && rows.outcome[rowAt] !== null) this.known.delete(id);
    }
    this.insertRuns.run(runs);
    this.insertLinks.run(links);
    this.updateRuns.run();
    return taken;
  }

  private writeMore(run: number, { desks, blobs, registers }: WriteMore, isFirst: boolean): void {
    if (desks) this.replaceWaits(run, desks, !isFirst);
    for (const blob of blobs ?? []) this.insertBlob.run(run, blob.id, blob.bytes);
    for (const register of registers ?? []) this.putRegister.run(register.name, register.value, register.at);
  }

  /** Makes the run's row; of an id that is taken it gives the input's hash of the run that has it. */
  private claim(
    id: string,
    { firsts, rows }: WriteBatch,
    first: number,
    row: number,
    runs: SQLInputValue[],
  ): string | undefined {
    const key = firsts.key[first] as string | null;
    const parent = firsts.parent[first] as string | null;
    if (key !== null || parent !== null) {
      this.insertRuns.run(runs); // rows of this batch count as well
      runs.length = 0;
      const holder = this.findRun.get(id);
      if (holder) return String(holder.input_hash);
    }
    const run = this.nextRun++;
    const { flow, row: plan } = this.planOf(firsts.plan[first] as number);
    this.known.set(id, { run, head: "" });
    runs.push(
      ...[run, id, flow, plan, key, parent, firsts.inputHash[first] as string],
      ...[rows.status[row] as number, rows.outcome[row] as number | null, rows.degraded[row] as number],
      ...[firsts.startedAt[first] as number, rows.dueAt[row] as number | null],
      ...[rows.usd[row] as number, rows.tokens[row] as number, rows.waits[row] as string | null],
    );
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

  /** Its row is made when the first run needs it: one that was taken needs none. */
  private planOf(number: number): { readonly flow: string; readonly row: number } {
    const plan = this.plans[number] as NewPlan & { row?: number };
    const { fingerprint, flow, body } = plan;
    plan.row ??= Number(
      this.findPlan.get(fingerprint)?.plan ?? this.insertPlan.run(fingerprint, flow, body).lastInsertRowid,
    );
    return { flow, row: plan.row };
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
