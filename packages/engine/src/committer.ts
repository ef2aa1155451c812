/**
 * Group commit: gathers what runs have to say and hands it to the store in batches, one batch at a time.
 *
 * Boundary: knows no rules of runs; runs say that they have something (`mark`) and are asked for it when a batch leaves.
 * Invariants: batches are committed in order and never overlap, so a run's entries are prefix-ordered; a failed commit is
 * fail-stop: nothing more is committed and `onFailure` is called once (rule 4).
 */
import type { CommitItem, CommitVerdict, Store } from "@plumbline/core";

/** Somebody with entries to commit. */
export interface Committable {
  /** Everything that is to be committed now; undefined when there is nothing after all. */
  collect(): CommitItem | undefined;
  /** What `collect` gave last is durable, or was refused. */
  committed(verdict: CommitVerdict, item: CommitItem): void;
}

/** A batch holds at most so many runs, so that one flush cannot grow without bound. */
const maxBatch = 4_096;

export class Committer {
  private readonly store: Store;
  private readonly onFailure: (error: unknown) => void;
  private dirty: Committable[] = [];
  private busy = false;
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
    if (this.busy || this.scheduled || this.failed) return;
    this.scheduled = true;
    // After the microtasks of this turn: what they finish joins the same commit.
    if (this.store.durable) setImmediate(() => this.flush());
    else queueMicrotask(() => this.flush());
  }

  /** Resolves when everything that was marked so far is committed, or the committer has failed. */
  idle(): Promise<void> {
    if (this.failed || (!this.busy && this.dirty.length === 0)) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  private flush(): void {
    this.scheduled = false;
    while (this.dirty.length > 0 && !this.busy && !this.failed) {
      const runs = this.dirty.length <= maxBatch ? this.dirty : this.dirty.slice(0, maxBatch);
      this.dirty = runs === this.dirty ? [] : this.dirty.slice(maxBatch);
      this.commit(runs);
    }
    if (!this.busy && this.dirty.length === 0) this.settleIdle();
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
    this.busy = true;
    try {
      const verdicts = this.store.commit(items);
      if (Array.isArray(verdicts)) this.acknowledge(sources, items, verdicts);
      else {
        (verdicts as Promise<readonly CommitVerdict[]>).then(
          (settled) => {
            this.acknowledge(sources, items, settled);
            if (!this.failed) this.resume();
          },
          (error) => this.fail(error),
        );
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private acknowledge(
    sources: readonly Committable[],
    items: readonly CommitItem[],
    verdicts: readonly CommitVerdict[],
  ): void {
    this.batches++;
    let failure: { readonly error: unknown } | undefined;
    for (let i = 0; i < sources.length; i++) {
      try {
        (sources[i] as Committable).committed(verdicts[i] as CommitVerdict, items[i] as CommitItem);
      } catch (error) {
        failure ??= { error }; // the others of the batch are told all the same
      }
    }
    this.busy = false;
    if (failure) this.fail(failure.error);
  }

  private resume(): void {
    if (this.dirty.length === 0) this.settleIdle();
    else if (!this.scheduled) {
      this.scheduled = true;
      setImmediate(() => this.flush());
    }
  }

  private fail(error: unknown): void {
    this.failed = true;
    this.busy = false;
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
