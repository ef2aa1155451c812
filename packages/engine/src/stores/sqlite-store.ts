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
import type { FirstRow, RunRow, WriteBatch, WriteMore, WriterOptions } from "./sqlite-writer.ts";

export class SqliteStore implements Store {
  readonly durable = true;
  private readonly thread: SqliteThread;
  private readonly reader: SqliteReader;
  /** The row that was written last, for runs that have not ended: what has not changed is not written again. */
  private readonly rows = new Map<string, RunRow>();
  /** Plans that the writer has been given. */
  private readonly sentPlans = new Set<string>();

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

  async commit(items: readonly CommitItem[]): Promise<readonly CommitVerdict[]> {
    const taken = new Map(await this.thread.commit(this.batchOf(items)));
    return items.map(({ summary, claim }, index) => {
      const inputHash = taken.get(index);
      if (inputHash !== undefined) return { status: "taken", inputHash };
      // Whether a claim wrote its row is known only now: the id may have been somebody else's.
      if (claim && mayBeTaken(summary)) this.remember(summary, rowOf(summary));
      return ok;
    });
  }

  private batchOf(items: readonly CommitItem[]): WriteBatch {
    const ids: string[] = [];
    const bodies: string[] = [];
    const lengths: number[] = [];
    const ats: number[] = [];
    const more: [number, WriteMore][] = [];
    for (const [index, item] of items.entries()) {
      const { summary } = item;
      ids.push(summary.id);
      bodies.push(encodeEntries(item.entries));
      lengths.push(summary.length);
      ats.push(summary.updatedAt);
      const extra = this.moreOf(item);
      if (extra) more.push([index, extra]);
    }
    return { ids, bodies, lengths, ats, more };
  }

  private moreOf({ summary, claim, plan, registers, blobs }: CommitItem): WriteMore | undefined {
    const row = rowOf(summary);
    const { changed, waitsChanged } = claim && mayBeTaken(summary) ? firstRow(row) : this.remember(summary, row);
    if (!changed && !waitsChanged && !registers && !blobs) return undefined;
    return {
      ...(changed ? { row } : {}),
      ...(waitsChanged ? { desks: desksOf(summary) } : {}),
      ...(claim ? { first: this.firstOf(summary, claim, plan as Plan) } : {}),
      ...(registers ? { registers } : {}),
      ...(blobs ? { blobs } : {}),
    };
  }

  private firstOf(summary: RunSummary, { inputHash }: NonNullable<CommitItem["claim"]>, plan: Plan): FirstRow {
    const { key = null, parent = null, startedAt, flow, fingerprint } = summary;
    const isKnown = this.sentPlans.has(fingerprint);
    this.sentPlans.add(fingerprint);
    return {
      inputHash,
      key,
      claimed: key !== null || parent !== null,
      parent,
      startedAt,
      flow,
      fingerprint,
      ...(isKnown ? {} : { plan: JSON.stringify(plan) }),
    };
  }

  private remember(summary: RunSummary, row: RunRow): RowChange {
    const before = this.rows.get(summary.id);
    if (summary.status === "ended" || summary.status === "waiting") this.rows.delete(summary.id);
    else this.rows.set(summary.id, row);
    // A run that was not remembered may have had any waits: they are written anew.
    const waitsChanged = row.waits !== null || before === undefined || before.waits !== null;
    return { changed: before === undefined || !isSameRow(before, row), waitsChanged };
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

function mayBeTaken({ key, parent }: RunSummary): boolean {
  return key !== undefined || parent !== undefined;
}

const ok: CommitVerdict = { status: "ok" };

function isSameRow(a: RunRow, b: RunRow): boolean {
  return (
    a.status === b.status &&
    a.outcome === b.outcome &&
    a.degraded === b.degraded &&
    a.dueAt === b.dueAt &&
    a.usd === b.usd &&
    a.tokens === b.tokens &&
    a.waits === b.waits
  );
}

/** Desks that it waits for: a signal is no desk's. */
function desksOf({ waits }: RunSummary): string[] {
  return [...new Set(waits.flatMap(({ kind, desk }) => (kind === "approval" ? [desk] : [])))];
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
