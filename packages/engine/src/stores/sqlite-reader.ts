/**
 * Reads the database: journals, lists, timers, registers, blobs.
 *
 * Boundary: its own connection, which can write nothing; rows to the core's shapes. Invariants: every read is one short
 * statement or two, so that no reader holds the log back (rule 30); lists are paged by key and ask an index, so that they cost
 * the same whatever the size of the file (rule 27).
 */
import type { SQLInputValue, StatementSync } from "node:sqlite";
import {
  type Entry,
  type ListQuery,
  type Page,
  type Plan,
  PlumblineError,
  type Register,
  type RunSummary,
  type StoredRun,
  type UnfinishedRun,
  type Wait,
} from "@plumbline/core";
import { decodeEntries } from "./entry-encoding.ts";
import { pageCursor, pageLimit } from "./list-query.ts";
import { DatabaseSync } from "./sqlite-module.ts";
import { checkFile, demandFormat, outcomes, statuses } from "./sqlite-schema.ts";

const summaryColumns = `
  r.run, r.id, r.flow, r.key, r.parent, r.status, r.outcome, r.degraded, r.started_at, r.due_at, r.usd, r.tokens, r.waits,
  p.fingerprint,
  (SELECT length FROM links l WHERE l.run = r.run ORDER BY link DESC LIMIT 1) AS length,
  (SELECT at FROM links l WHERE l.run = r.run ORDER BY link DESC LIMIT 1) AS updated_at`;

/** The next page of runs in motion. Each status by itself, or SQLite would sort all of them for each page. */
const moving = `SELECT run FROM (${["running", "stopping", "held"]
  .map((status) => statuses.indexOf(status as RunSummary["status"]))
  .map(
    (status) =>
      `SELECT * FROM (SELECT run FROM runs WHERE status = ${status} AND status < 4 AND run > ?1 ORDER BY run LIMIT ?2)`,
  )
  .join(" UNION ALL ")}) ORDER BY run LIMIT ?2`;

interface Row {
  readonly [column: string]: SQLInputValue;
}

export class SqliteReader {
  private readonly db: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();
  /** Opened plans by their row: many runs have one, and plans are never changed. */
  private readonly opened = new Map<number, Plan>();

  /** @throws PlumblineError `store-failed` for a file that cannot be opened or is not ours, `store-newer` */
  constructor(path: string) {
    this.db = openForReading(path);
    this.db.exec("PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF");
  }

  load(id: string): StoredRun | undefined {
    // Two statements, one moment: a commit between them would give a row that is older than its journal.
    return this.atOnce(() => this.loadNow(id));
  }

  private atOnce<T>(read: () => T): T {
    this.prepared("BEGIN").run();
    try {
      return read();
    } finally {
      this.prepared("COMMIT").run();
    }
  }

  private loadNow(id: string): StoredRun | undefined {
    const row = this.get(`SELECT ${summaryColumns}, r.plan FROM runs r JOIN plans p USING (plan) WHERE r.id = ?`, id);
    if (!row) return undefined;
    const links = this.all("SELECT body, head FROM links WHERE run = ? ORDER BY link", row.run as number);
    return {
      summary: summaryOf(row),
      plan: this.planAt(Number(row.plan)),
      entries: entriesOf(links),
      head: String(links.at(-1)?.head ?? ""),
    };
  }

  private planAt(row: number): Plan {
    const known = this.opened.get(row);
    if (known) return known;
    const plan = JSON.parse(String(this.get("SELECT body FROM plans WHERE plan = ?", row)?.body)) as Plan;
    this.opened.set(row, plan);
    return plan;
  }

  list(query: ListQuery): Page<RunSummary> {
    const limit = pageLimit(query);
    const { where, values } = conditions(query);
    const rows = this.all(
      `SELECT ${summaryColumns} FROM runs r JOIN plans p USING (plan) ${where} ORDER BY r.run DESC LIMIT ?`,
      ...values,
      limit + 1,
    );
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items: items.map(summaryOf), ...(last && rows.length > limit ? { next: String(last.run) } : {}) };
  }

  due(now: number, limit: number): string[] {
    return this.ids(
      "SELECT id FROM runs WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, run LIMIT ?",
      now,
      limit,
    );
  }

  nextDueAt(after: number): number | undefined {
    const row = this.get("SELECT min(due_at) AS due FROM runs WHERE due_at IS NOT NULL AND due_at > ?", after);
    return row?.due == null ? undefined : Number(row.due);
  }

  /** Runs in motion: all but those that wait or have ended. Each by itself would take two statements more. */
  unfinished(after: string | undefined, limit: number): UnfinishedRun[] {
    const from = after === undefined ? 0 : Number(this.get("SELECT run FROM runs WHERE id = ?", after)?.run ?? 0);
    const [rows, links] = this.atOnce((): [Row[], Row[]] => [
      this.all(`SELECT run, id, plan FROM runs JOIN (${moving}) USING (run) ORDER BY run`, from, limit),
      this.all(`SELECT run, body FROM links JOIN (${moving}) USING (run) ORDER BY link`, from, limit),
    ]);
    const journals = Map.groupBy(links, ({ run }) => run as SQLInputValue);
    return rows.map((row) => this.unfinishedRun(row, journals.get(row.run as SQLInputValue) ?? []));
  }

  private unfinishedRun(row: Row, links: readonly Row[]): UnfinishedRun {
    const id = String(row.id);
    try {
      return { id, journal: { plan: this.planAt(Number(row.plan)), entries: entriesOf(links) } };
    } catch {
      return { id };
    }
  }

  register(name: string): Register | undefined {
    const row = this.get("SELECT value, at FROM registers WHERE name = ?", name);
    return row && { name, value: String(row.value), at: Number(row.at) };
  }

  plans(): Plan[] {
    return this.all("SELECT body FROM plans ORDER BY plan").map((row) => JSON.parse(String(row.body)) as Plan);
  }

  blob(run: string, id: string): Uint8Array | undefined {
    const row = this.get("SELECT b.bytes FROM blobs b JOIN runs r USING (run) WHERE r.id = ? AND b.id = ?", run, id);
    return row?.bytes as Uint8Array | undefined;
  }

  close(): void {
    if (this.db.isOpen) this.db.close();
  }

  private ids(sql: string, ...values: SQLInputValue[]): string[] {
    return this.all(sql, ...values).map((row) => String(row.id));
  }

  private get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.prepared(sql).get(...values) as Row | undefined;
  }

  private all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.prepared(sql).all(...values) as Row[];
  }

  private prepared(sql: string): StatementSync {
    const known = this.statements.get(sql);
    if (known) return known;
    const statement = this.db.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }
}

function entriesOf(links: readonly Row[]): Entry[] {
  return links.flatMap(({ body }) => decodeEntries(String(body)));
}

function openForReading(path: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    const { isEmpty, version } = checkFile(db, path);
    if (isEmpty) throw new Error("it is empty");
    demandFormat(version, path);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof PlumblineError) throw error;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): PlumblineError {
  return new PlumblineError("store-failed", "the database cannot be read", {
    path,
    expected: "a file that Plumbline made",
    found: String((cause as Error).message),
    mend: "look whether the path is right and the file may be read",
    cause,
  });
}

function conditions(query: ListQuery): { readonly where: string; readonly values: SQLInputValue[] } {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (part: string, ...given: SQLInputValue[]) => {
    parts.push(part);
    values.push(...given);
  };
  // The plus keeps SQLite from walking all runs of a flow where a key says more.
  if (query.flow !== undefined) add(query.key === undefined ? "r.flow = ?" : "+r.flow = ?", query.flow);
  if (query.status !== undefined) add(statusCondition(query.status), statuses.indexOf(query.status));
  if (query.outcome !== undefined) add(outcomeCondition(query.outcome), outcomes.indexOf(query.outcome));
  if (query.degraded !== undefined) add(query.degraded ? "r.degraded = 1" : "r.degraded = 0");
  if (query.key !== undefined) add("r.key = ?", query.key);
  if (query.parent !== undefined) add("r.parent = ?", query.parent);
  if (query.topLevel !== undefined) add(query.topLevel ? "r.parent IS NULL" : "r.parent IS NOT NULL");
  if (query.desk === "*") add("r.run IN (SELECT run FROM waits)");
  else if (query.desk !== undefined) add("r.run IN (SELECT run FROM waits WHERE desk = ?)", query.desk);
  if (query.cursor !== undefined) add("r.run < ?", pageCursor(query.cursor));
  return { where: parts.length > 0 ? `WHERE ${parts.join(" AND ")}` : "", values };
}

/** The constant part lets SQLite use the partial index. */
function statusCondition(status: ListQuery["status"]): string {
  return status === "ended" ? "r.status = ?" : "r.status < 4 AND r.status = ?";
}

function outcomeCondition(outcome: ListQuery["outcome"]): string {
  return outcome === "succeeded" ? "r.outcome = ?" : "r.outcome > 0 AND r.outcome = ?";
}

function summaryOf(row: Row): RunSummary {
  const waits = row.waits == null ? [] : (JSON.parse(String(row.waits)) as Wait[]);
  return {
    id: String(row.id),
    flow: String(row.flow),
    ...(row.key == null ? {} : { key: String(row.key) }),
    ...(row.parent == null ? {} : { parent: String(row.parent) }),
    fingerprint: String(row.fingerprint),
    status: statuses[Number(row.status)] as RunSummary["status"],
    ...(row.outcome == null ? {} : { outcome: outcomes[Number(row.outcome)] as NonNullable<RunSummary["outcome"]> }),
    degraded: row.degraded === 1,
    startedAt: Number(row.started_at),
    updatedAt: Number(row.updated_at),
    ...(row.due_at == null ? {} : { dueAt: Number(row.due_at) }),
    length: Number(row.length),
    usd: Number(row.usd),
    tokens: Number(row.tokens),
    waits,
  };
}
