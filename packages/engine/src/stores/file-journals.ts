/**
 * Looks at the journals in a database file, whoever owns it: owns nothing, runs nothing, writes nothing.
 *
 * Boundary: implements the reading half of the Engine port on a connection that can only read; for commands and pages that
 * only look. Invariants: the owner is not disturbed and not asked; what is seen is what is committed.
 */
import {
  type Codec,
  type Journals,
  type ListQuery,
  type Page,
  PlumblineError,
  type RunRecord,
  type RunSummary,
  type Sealed,
  type WatchedEntry,
  type WatchOptions,
} from "@plumbline/core";
import { resolveDatabasePath } from "../processes/database-path.ts";
import { unknownRun } from "../watchers.ts";
import { SqliteReader } from "./sqlite-reader.ts";
import { readerFor } from "./value-keeper.ts";

/** How often a run that is watched is looked at again. */
const lookEveryMs = 100;

/**
 * Opens the journals of a file for reading.
 * @throws PlumblineError `store-failed` for a file that is not there or not ours, `store-newer`
 */
export async function openJournals(path: string, codecs: readonly Codec[] = []): Promise<Journals> {
  return new FileJournals(new SqliteReader(resolveDatabasePath(path)), codecs);
}

class FileJournals implements Journals {
  private readonly reader: SqliteReader;
  private readonly codecs: readonly Codec[];
  private closed = false;

  constructor(reader: SqliteReader, codecs: readonly Codec[]) {
    this.reader = reader;
    this.codecs = codecs;
  }

  async get(run: string): Promise<RunRecord | undefined> {
    this.demandOpen();
    return this.reader.load(run);
  }

  async list(query: ListQuery = {}): Promise<Page<RunSummary>> {
    this.demandOpen();
    return this.reader.list(query);
  }

  async *watch(run: string, { from = 0, signal }: WatchOptions = {}): AsyncGenerator<WatchedEntry> {
    let next = from;
    while (!this.closed && !signal?.aborted) {
      const record = this.reader.load(run);
      if (!record) throw unknownRun(run);
      for (const entry of record.entries.slice(next)) yield { index: next++, entry };
      if (record.summary.status === "ended") return;
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async open(run: string, sealed: Sealed): Promise<unknown> {
    this.demandOpen();
    const blobs = { blob: async (owner: string, id: string) => this.reader.blob(owner, id) };
    return (await readerFor(blobs, run, [sealed], this.codecs))(sealed);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.reader.close();
  }

  private demandOpen(): void {
    if (!this.closed) return;
    throw new PlumblineError("engine-closed", "the journals are closed", {
      expected: "journals that are open",
      found: "close() was called",
      mend: "open them again",
    });
  }
}
