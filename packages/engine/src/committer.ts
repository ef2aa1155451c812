/**
 * Group commit: gathers what runs have to say and hands it to the store in batches.
 *
 * Boundary: knows no rules of runs; runs say that they have something (`mark`) and are asked for it when a batch leaves.
 * Invariants: the store takes batches in order, and they are acknowledged in order, so a run's entries are prefix-ordered; a
 * second batch follows only when it is large, so that the store works while the next one is made and small groups are not
 * torn apart; a failed commit is fail-stop: nothing more is committed and `onFailure` is called once (rule 4); neither a
 * store that answers at once nor a large batch keeps the event loop from timers and sockets.
 */
import type { CommitItem, CommitVerdict, Store } from "@plumbline/core";

/** Somebody with entries to commit. */
export interface Committable {
  /** Everything that is to be committed now; undefined when there is nothing after all. */
  collect(): CommitItem | undefined;
  /** What `collect` gave last is durable, or was refused. */
  committed(verdict: CommitVerdict, item: CommitItem): void;
}

/** A batch holds at most so many runs: larger ones make the store wait for them, and then everybody for the store. */
const maxBatch = 512;
/** Batches on their way at the same time, and how large the second must be. */
const maxInFlight = 2;
const worthASecond = 64;
/** So many runs are told at a time that they are durable, and go on, before timers and sockets have their turn. */
const toldAtOnce = 64;
/** A store that answers at once would keep the event loop busy for ever: it gets a turn this often. */
const turnMs = 5;

/** A batch that is durable, and how many of its runs know. */
interface Durable {
  readonly sources: readonly Committable[];
  readonly items: readonly CommitItem[];
  readonly verdicts: readonly CommitVerdict[];
  told: number;
  failure: { readonly error: unknown } | undefined;
}

export class Committer {
  private readonly store: Store;
  private readonly onFailure: (error: unknown) => void;
  private dirty: Committable[] = [];
  /** Batches whose runs do not all know yet that they are durable. */
  private inFlight = 0;
  private readonly durable: Durable[] = [];
  private turnBegan = 0;
  private scheduled = false;
  private failed = false;
  private idleWaiters: (() => void)[] = [];
  /** Batches committed so far, for guards on what a step costs. */
  batches = 0;

  constructor(store: Store, onFailure: (error: unknown) => void) {
    this.store = store;
    this.onFailure = onFailure;
  }

  /** The caller has entries. Called once until its next `collect`. */
  mark(run: Committable): void {
    this.dirty.push(run);
    if (this.mayCommit && !this.scheduled) this.schedule();
  }

  private get mayCommit(): boolean {
    if (this.failed || this.dirty.length === 0) return false;
    return this.inFlight === 0 || (this.inFlight < maxInFlight && this.dirty.length >= worthASecond);
  }

  private schedule(): void {
    this.scheduled = true;
    const isTurnOver = performance.now() - this.turnBegan > turnMs;
    // After the microtasks of this turn: what they finish joins the same commit.
    if (!this.store.durable && !isTurnOver) queueMicrotask(() => this.flush());
    else {
      setImmediate(() => {
        this.turnBegan = performance.now();
        this.flush();
      });
    }
  }

  /** Resolves when everything that was marked so far is committed, or the committer has failed. */
  idle(): Promise<void> {
    if (this.failed || this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  private flush(): void {
    this.scheduled = false;
    while (this.mayCommit) {
      const runs = this.dirty.length <= maxBatch ? this.dirty : this.dirty.slice(0, maxBatch);
      this.dirty = runs === this.dirty ? [] : this.dirty.slice(maxBatch);
      this.commit(runs);
    }
    if (this.isIdle) this.settleIdle();
  }

  private get isIdle(): boolean {
    return this.inFlight === 0 && this.dirty.length === 0;
  }

  private commit(runs: readonly Committable[]): void {
    const sources: Committable[] = [];
    const items: CommitItem[] = [];
    for (const run of runs) {
      const item = run.collect();
      if (item === undefined) continue;
      sources.push(run);
      items.push(item);
    }
    if (items.length === 0) return;
    this.inFlight++;
    try {
      const verdicts = this.store.commit(items);
      if (Array.isArray(verdicts)) this.tell({ sources, items, verdicts, told: 0, failure: undefined }, items.length);
      else {
        (verdicts as Promise<readonly CommitVerdict[]>).then(
          (settled) => {
            if (this.failed) return; // the one before it failed, and nothing is known any more
            this.durable.push({ sources, items, verdicts: settled, told: 0, failure: undefined });
            if (this.durable.length === 1) this.tellNext();
          },
          (error) => this.fail(error),
        );
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Tells some of the oldest batch, and the rest when the event loop has come round. */
  private tellNext(): void {
    const [batch] = this.durable;
    if (!batch || this.failed) return;
    this.tell(batch, toldAtOnce);
    if (batch.told === batch.items.length) {
      this.durable.shift();
      if (!this.failed) this.resume();
    }
    if (this.durable.length > 0) setImmediate(() => this.tellNext());
  }

  private tell(batch: Durable, atMost: number): void {
    const { sources, items, verdicts } = batch;
    const end = Math.min(batch.told + atMost, items.length);
    for (; batch.told < end; batch.told++) {
      const at = batch.told;
      try {
        (sources[at] as Committable).committed(verdicts[at] as CommitVerdict, items[at] as CommitItem);
      } catch (error) {
        batch.failure ??= { error }; // the others of the batch are told all the same
      }
    }
    if (end < items.length) return;
    this.batches++;
    this.inFlight--;
    if (batch.failure) this.fail(batch.failure.error);
  }

  private resume(): void {
    if (this.isIdle) this.settleIdle();
    else if (this.mayCommit && !this.scheduled) this.schedule();
  }

  private fail(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    this.inFlight = 0;
    this.dirty = [];
    this.settleIdle();
    this.onFailure(error);
  }

  private settleIdle(): void {
    const waiters = this.idleWaiters;
    this.idleWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
