/**
 * Callers who wait for runs to end.
 *
 * Boundary: who waits for which run; when a run has ended is the host's affair. Invariant: a waiter is told once, and
 * nothing is kept of a run for which nobody waits.
 */
import type { RunResult } from "@plumbline/core";

interface Waiter {
  resolve(result: RunResult): void;
  reject(error: unknown): void;
}

export class EndWaiters {
  private readonly waiters = new Map<string, Set<Waiter>>();

  /** The end of a run that has ended, as `find` knows it, or as it will be told. */
  async endOf(run: string, find: () => Promise<RunResult | undefined>): Promise<RunResult> {
    const ended = this.wait(run); // before looking, so that an end in between is not missed
    try {
      return (await find()) ?? (await ended.promise);
    } finally {
      ended.forget();
    }
  }

  /** Waits for the end of a run; `forget` when it has been found out otherwise. */
  private wait(run: string): { readonly promise: Promise<RunResult>; forget(): void } {
    let forget = () => {};
    const promise = new Promise<RunResult>((resolve, reject) => {
      const waiter = { resolve, reject };
      const waiters = this.waiters.get(run) ?? new Set();
      this.waiters.set(run, waiters.add(waiter));
      forget = () => {
        waiters.delete(waiter);
        // A set that was told already is no longer the one in the map.
        if (waiters.size === 0 && this.waiters.get(run) === waiters) this.waiters.delete(run);
      };
    });
    promise.catch(() => {}); // whoever gave up looking elsewhere first is not told
    return { promise, forget };
  }

  /** The run has ended. The result is only worked out where somebody waits for it. */
  tell(run: string, result: () => Promise<RunResult>): void {
    const waiters = this.waiters.get(run);
    if (!waiters) return;
    this.waiters.delete(run);
    const given = result();
    for (const { resolve, reject } of waiters) given.then(resolve, reject);
  }

  /** Looks for ends that nobody told of: a commit that was reported as failed may have been one. */
  async tellMissed(find: (run: string) => Promise<RunResult | undefined>): Promise<void> {
    for (const run of [...this.waiters.keys()]) {
      const result = await find(run);
      if (result) this.tell(run, async () => result);
    }
  }

  /** Nobody will be told of this run. */
  reject(run: string, error: unknown): void {
    for (const { reject } of this.waiters.get(run) ?? []) reject(error);
    this.waiters.delete(run);
  }

  /** Nobody will ever be told. */
  rejectAll(error: unknown): void {
    for (const waiters of this.waiters.values()) for (const { reject } of waiters) reject(error);
    this.waiters.clear();
  }
}
