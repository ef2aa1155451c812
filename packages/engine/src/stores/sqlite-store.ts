/**
 * The Store port on one SQLite file: writes through the writer's thread, reads on a connection of its own.
 *
 * Boundary: commit items to write items; rows are written by sqlite-writer.ts and read by sqlite-reader.ts. Invariants:
 * everything is encoded and checked before it joins a batch, so that one bad item cannot fail its neighbours (rule 4); a
 * run's row is written when something in it has changed since it was last written, and not otherwise.
 */
import type {
  CommitItem,
  CommitVerdict,
  ListQuery,
  Page,
  Plan,
  Register,
  RunSummary,
  Store,
  StoredRun,
} from "@plumbline/core";
import { encodeEntries } from "./entry-encoding.ts";
import { SqliteReader } from "./sqlite-reader.ts";
import { outcomes, statuses } from "./sqlite-schema.ts";
import { SqliteThread } from "./sqlite-thread.ts";
import type { RunRow, WriteItem, WriterOptions } from "./sqlite-writer.ts";

export class SqliteStore implements Store {
  readonly durable = true;
  private readonly thread: SqliteThread;
  private readonly reader: SqliteReader;
  /** The row that was written last, for runs that have not ended: what has not changed is not written again. */
  private readonly rows = new Map<string, string>();

  private constructor(thread: SqliteThread, reader: SqliteReader) {
    this.thread = thread;
    this.reader = reader;
  }

  /** @throws PlumblineError `store-failed`, `store-newer` */
  static async open(options: WriterOptions): Promise<SqliteStore> {
    const thread = await SqliteThread.open(options);
    try {
      return new SqliteStore(thread, new SqliteReader(options.path));
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  async commit(batch: readonly CommitItem[]): Promise<readonly CommitVerdict[]> {
    const verdicts = await this.thread.commit(batch.map((item) => this.writeItem(item)));
    for (const [index, { summary, claim }] of batch.entries()) {
      // Whether a claim wrote its row is known only now: the id may be somebody else's.
      if (claim && verdicts[index]?.status === "ok") this.remember(summary, rowOf(summary));
    }
    return verdicts;
  }

  private writeItem(item: CommitItem): WriteItem {
    const { summary, entries, claim, plan, registers, blobs } = item;
    const row = rowOf(summary);
    const { changed, waitsChanged } = claim ? firstRow(row) : this.remember(summary, row);
    return {
      id: summary.id,
      body: encodeEntries(entries),
      length: summary.length,
      at: summary.updatedAt,
      ...(changed ? { row } : {}),
      ...(waitsChanged ? { desks: [...new Set(summary.waits.map((wait) => wait.desk))] } : {}),
      ...(claim
        ? {
            first: {
              inputHash: claim.inputHash,
              key: summary.key ?? null,
              parent: summary.parent ?? null,
              keyed: summary.key !== undefined,
              startedAt: summary.startedAt,
              flow: summary.flow,
              fingerprint: summary.fingerprint,
              plan: JSON.stringify(plan),
            },
          }
        : {}),
      ...(registers ? { registers } : {}),
      ...(blobs ? { blobs } : {}),
    };
  }

  private remember(summary: RunSummary, row: RunRow): RowChange {
    const { status, outcome, degraded, dueAt, usd, tokens, waits } = row;
    const text = `${status} ${outcome} ${degraded} ${dueAt} ${usd} ${tokens} ${waits}`;
    const before = this.rows.get(summary.id);
    if (summary.status === "ended" || summary.status === "waiting") this.rows.delete(summary.id);
    else this.rows.set(summary.id, text);
    // A run that was not remembered may have had any waits: they are written anew.
    const waitsChanged = waits !== null || before === undefined || !before.endsWith(" null");
    return { changed: before !== text, waitsChanged };
  }

  async load(run: string): Promise<StoredRun | undefined> {
    return this.reader.load(run);
  }

  async list(query: ListQuery): Promise<Page<RunSummary>> {
    return this.reader.list(query);
  }

  async due(now: number, limit: number): Promise<readonly string[]> {
    return this.reader.due(now, limit);
  }

  async nextDueAt(after: number): Promise<number | undefined> {
    return this.reader.nextDueAt(after);
  }

  async unfinished(after: string | undefined, limit: number): Promise<readonly string[]> {
    return this.reader.unfinished(after, limit);
  }

  async register(name: string): Promise<Register | undefined> {
    return this.reader.register(name);
  }

  forgetRegisters(prefix: string, before: number, limit: number): Promise<number> {
    return this.thread.forgetRegisters(prefix, before, limit);
  }

  async plans(): Promise<readonly Plan[]> {
    return this.reader.plans();
  }

  async blob(run: string, id: string): Promise<Uint8Array | undefined> {
    return this.reader.blob(run, id);
  }

  async close(): Promise<void> {
    this.reader.close(); // first, so that the last connection to close is one that can fold the log into the file
    await this.thread.close();
  }
}

/** What of a run's row has to be written. */
interface RowChange {
  readonly changed: boolean;
  readonly waitsChanged: boolean;
}

function firstRow({ waits }: RunRow): RowChange {
  return { changed: true, waitsChanged: waits !== null };
}

function rowOf(summary: RunSummary): RunRow {
  return {
    status: statuses.indexOf(summary.status),
    outcome: summary.outcome === undefined ? null : outcomes.indexOf(summary.outcome),
    degraded: summary.degraded ? 1 : 0,
    dueAt: summary.dueAt ?? null,
    usd: summary.usd,
    tokens: summary.tokens,
    waits: summary.waits.length > 0 ? JSON.stringify(summary.waits) : null,
  };
}
