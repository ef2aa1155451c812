/**
 * The rows of four-step runs, written into Plumbline's own tables by hand: what a commit costs when there is no engine.
 *
 * Boundary: rows and SQL; who asks for them is bare-loop.ts. Invariants: the tables were made by the engine itself, and the
 * settings of the connection are those of packages/engine/src/stores/sqlite-writer.ts; every statement is of many rows; the
 * hash chain is computed, because the rows hold it. A test holds what is written against what the engine writes.
 */
import { hash } from "node:crypto";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { sqliteTables } from "./tables.ts";

export type Durability = "full" | "normal";

/** A batch in columns. */
export interface BareBatch {
  readonly runs: readonly number[];
  readonly lengths: readonly number[];
  readonly ats: readonly number[];
  readonly bodies: readonly string[];
  /** Ids of those that begin, in their order. */
  readonly ids: readonly string[];
}

/** How long a run's journal is after each of its commits: start and first step, second, third, fourth and end. */
export const linkLengths = [2, 3, 4, 6] as const;
const [firstLength, , , lastLength] = linkLengths;
/** How many rows a statement takes. */
const widths = [64, 8, 1] as const;

export class BareWriter {
  readonly db: DatabaseSync;
  private readonly begin: StatementSync;
  private readonly end: StatementSync;
  private readonly insertLinks: readonly StatementSync[];
  private readonly insertRuns: readonly StatementSync[];
  private readonly endRuns: readonly StatementSync[];
  private readonly plan: number;
  private readonly heads = new Map<number, string>();

  constructor(path: string, durability: Durability) {
    this.db = new DatabaseSync(path);
    this.db.exec(
      `PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === "full" ? "FULL" : "NORMAL"};
       PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 1024; PRAGMA temp_store = MEMORY`,
    );
    this.begin = this.db.prepare("BEGIN IMMEDIATE");
    this.end = this.db.prepare("COMMIT");
    this.plan = Number(
      this.db.prepare("INSERT INTO plans(fingerprint, flow, body) VALUES('bare', 'four-steps', '{}')").run()
        .lastInsertRowid,
    );
    this.insertLinks = this.many("INSERT INTO links(run, length, at, body, head) VALUES", "(?,?,?,?,?)");
    this.insertRuns = this.many(
      "INSERT INTO runs(run, id, flow, plan, key, parent, input_hash, status, outcome, degraded, started_at, due_at, usd, tokens, waits) VALUES",
      `(?,?,'four-steps',${this.plan},NULL,NULL,'',0,NULL,0,?,NULL,0,0,NULL)`,
    );
    this.endRuns = widths.map((width) =>
      this.db.prepare(`UPDATE runs SET status = 4, outcome = 0 WHERE run IN (${Array(width).fill("?").join()})`),
    );
  }

  /** Writes a batch; durable when it returns, as far as the durability goes. */
  commit({ runs, lengths, ats, bodies, ids }: BareBatch): void {
    const links: SQLInputValue[] = [];
    const begun: SQLInputValue[] = [];
    const ended: number[] = [];
    for (let i = 0; i < runs.length; i++) {
      const run = runs[i] as number;
      const length = lengths[i] as number;
      const body = bodies[i] as string;
      const head = hash("sha256", (this.heads.get(run) ?? "") + body, "base64url");
      if (length === firstLength) begun.push(run, ids[begun.length / 3] as string, ats[i] as number);
      if (length === lastLength) {
        ended.push(run);
        this.heads.delete(run);
      } else this.heads.set(run, head);
      links.push(run, length, ats[i] as number, body, head);
    }
    this.begin.run();
    inParts(this.insertRuns, 3, begun);
    inParts(this.insertLinks, 5, links);
    inParts(this.endRuns, 1, ended);
    this.end.run();
  }

  close(): void {
    this.db.close();
  }

  private many(insert: string, row: string): StatementSync[] {
    return widths.map((width) => this.db.prepare(`${insert} ${Array(width).fill(row).join()}`));
  }
}

/** Feeds values to statements of the widths, widest first. */
function inParts(statements: readonly StatementSync[], columns: number, values: readonly SQLInputValue[]): void {
  let at = 0;
  for (const [index, statement] of statements.entries()) {
    const size = (widths[index] as number) * columns;
    for (; values.length - at >= size; at += size) {
      statement.run(...(values.length === size ? values : values.slice(at, at + size)));
    }
  }
}

/** Makes the file with the engine's own tables, and a writer on it. */
export async function openBareWriter(path: string, durability: Durability): Promise<BareWriter> {
  await sqliteTables(path);
  return new BareWriter(path, durability);
}
