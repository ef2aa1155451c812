/**
 * A store that fails when a test wants it to, and one that a process leaves behind when it dies.
 *
 * Boundary: wraps any store and counts what passes; what an engine makes of it is the engine's affair. Invariants: a commit
 * that fails `before` is not in the store, one that fails `after` is, and the caller cannot tell; after `cut` nothing
 * reaches the store and nothing is answered, as for a process that was killed.
 */
import type {
  CommitItem,
  CommitVerdict,
  ListQuery,
  Page,
  Plan,
  Register,
  RunSummary,
  RunView,
  Store,
  StoredRun,
  UnfinishedRun,
} from "@plumbline/core";

export interface CommitFault {
  /** 1 for the next commit. */
  readonly at: number;
  /** Whether the batch was recorded before the error, or the death. */
  readonly when: "before" | "after";
  /** The process dies there, instead of being told of an error. */
  readonly onDeath?: () => void;
}

type DueFault = Omit<CommitFault, "at">;

export class FaultyStore implements Store {
  readonly durable: boolean;
  /** Commits that were asked for, items and entries in them. */
  readonly counts = { commits: 0, items: 0, entries: 0 };
  /** Called with each batch before it is committed. */
  onCommit: (batch: readonly CommitItem[]) => void = () => {};
  /** Called before a journal or a register is read; what it throws is what the store says. */
  onRead: (what: "load" | "register", name: string) => void = () => {};
  /** A commit waits for this. */
  gate: Promise<void> | undefined;
  private readonly inner: Store;
  private faults: (DueFault & { left: number })[] = [];
  private isCut = false;

  constructor(inner: Store) {
    this.inner = inner;
    this.durable = inner.durable;
    if (inner.viewOf) this.viewOf = (run) => inner.viewOf?.(run);
  }

  /** Lets a later commit fail. */
  fail({ at, ...fault }: CommitFault): void {
    this.faults.push({ left: at, ...fault });
  }

  /** The process is gone: nothing passes any more, nothing is answered, and what is open is let go of. */
  async cut(): Promise<void> {
    this.isCut = true;
    await this.inner.close();
  }

  commit(batch: readonly CommitItem[]): readonly CommitVerdict[] | Promise<readonly CommitVerdict[]> {
    if (this.isCut) return never();
    this.counts.commits++;
    this.counts.items += batch.length;
    for (const item of batch) this.counts.entries += item.entries.length;
    this.onCommit(batch);
    const fault = this.dueFault();
    if (!fault && !this.gate) return this.inner.commit(batch);
    return this.slowly(batch, fault);
  }

  private async slowly(batch: readonly CommitItem[], fault: DueFault | undefined) {
    await this.gate;
    if (this.isCut) return never<readonly CommitVerdict[]>();
    const verdicts = fault?.when === "before" ? [] : await this.inner.commit(batch);
    if (!fault) return verdicts;
    if (!fault.onDeath) throw new Error(`the disk failed ${fault.when} it had recorded, says the test`);
    await this.cut();
    fault.onDeath();
    return never<readonly CommitVerdict[]>();
  }

  private dueFault(): DueFault | undefined {
    for (const fault of this.faults) fault.left--;
    const due = this.faults.find((fault) => fault.left === 0);
    this.faults = this.faults.filter((fault) => fault.left > 0);
    return due;
  }

  async load(run: string): Promise<StoredRun | undefined> {
    this.onRead("load", run);
    return this.isCut ? never() : this.inner.load(run);
  }

  /** Only of a store that forgets runs. */
  viewOf?(run: string): RunView | undefined;

  list(query: ListQuery): Promise<Page<RunSummary>> {
    return this.isCut ? never() : this.inner.list(query);
  }

  due(now: number, limit: number): Promise<readonly string[]> {
    return this.isCut ? never() : this.inner.due(now, limit);
  }

  nextDueAt(after: number): Promise<number | undefined> {
    return this.isCut ? never() : this.inner.nextDueAt(after);
  }

  unfinished(after: string | undefined, limit: number): Promise<readonly UnfinishedRun[]> {
    return this.isCut ? never() : this.inner.unfinished(after, limit);
  }

  async register(name: string): Promise<Register | undefined> {
    this.onRead("register", name);
    return this.isCut ? never() : this.inner.register(name);
  }

  forgetRegisters(prefix: string, before: number, limit: number): Promise<number> {
    return this.isCut ? never() : this.inner.forgetRegisters(prefix, before, limit);
  }

  plans(): Promise<readonly Plan[]> {
    return this.isCut ? never() : this.inner.plans();
  }

  blob(run: string, id: string): Promise<Uint8Array | undefined> {
    return this.isCut ? never() : this.inner.blob(run, id);
  }

  async close(): Promise<void> {
    if (!this.isCut) await this.inner.close();
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
