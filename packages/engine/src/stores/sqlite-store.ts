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
    return items.map((_item, index) => {
      const inputHash = taken.get(index);
      return inputHash === undefined ? ok : { status: "taken", inputHash };
    });
  }

  private batchOf(items: readonly CommitItem[]): WriteBatch {
    const ids: string[] = [];
    const bodies: string[] = [];
    const lengths: number[] = [];
    const ats: number[] = [];
    const more: [number, WriteMore][] = [];
    for (let index = 0; index < items.length; index++) {
      const item = items[index] as CommitItem;
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

  private moreOf({ summary, before, claim, plan, registers, blobs }: CommitItem): WriteMore | undefined {
    const changed = before === undefined || !isSameRow(before, summary);
    const waitsChanged = before ? !isSameWaits(before.waits, summary.waits) : claim === undefined || summary.waits.length > 0;
    if (!changed && !waitsChanged && !registers && !blobs) return undefined;
    return {
      ...(changed ? { row: rowOf(summary) } : {}),
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

const ok: CommitVerdict = { status: "ok" };

/** True when lists show the same of both. */
function isSameRow(a: RunSummary, b: RunSummary): boolean {
  return (
    a.status === b.status &&
    a.outcome === b.outcome &&
    a.degraded === b.degraded &&
    a.dueAt === b.dueAt &&
    a.usd === b.usd &&
    a.tokens === b.tokens &&
    isSameWaits(a.waits, b.waits)
  );
}

function isSameWaits(a: RunSummary["waits"], b: RunSummary["waits"]): boolean {
  return a === b || (a.length === b.length && JSON.stringify(a) === JSON.stringify(b));
}

/** Desks that it waits for: a signal is no desk's. */
function desksOf({ waits }: RunSummary): string[] {
  return [...new Set(waits.flatMap(({ kind, desk }) => (kind === "approval" ? [desk] : [])))];
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
