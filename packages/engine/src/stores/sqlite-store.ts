/**
 * The Store port on one SQLite file: writes through the writer's thread, reads on a connection of its own.
 *
 * Boundary: what crosses to the thread is write-batch.ts's, rows are written by sqlite-writer.ts and read by
 * sqlite-reader.ts. Invariant: what has been answered is durable, as far as the durability goes.
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
  UnfinishedRun,
} from "@plumbline/core";
import { SqliteReader } from "./sqlite-reader.ts";
import { SqliteThread } from "./sqlite-thread.ts";
import type { WriterOptions } from "./sqlite-writer.ts";
import { BatchMaker } from "./write-batch.ts";

export class SqliteStore implements Store {
  readonly durable = true;
  private readonly thread: SqliteThread;
  private readonly reader: SqliteReader;
  private readonly batches = new BatchMaker();

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
    const taken = new Map(await this.thread.commit(this.batches.batchOf(items)));
    return items.map((_item, index) => {
      const inputHash = taken.get(index);
      return inputHash === undefined ? ok : { status: "taken", inputHash };
    });
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

  async unfinished(after: string | undefined, limit: number): Promise<readonly UnfinishedRun[]> {
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
