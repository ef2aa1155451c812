/**
 * Callers who wait for runs to end.
 *
 * Boundary: who waits for which run; when a run has ended is the host's affair. Invariant: a waiter is told once, and
 * nothing is kept of a run for which nobody waits.
 */
import type { RunResult } from "@plumbline/core";

/** The end of a run, whose values are not opened yet: codecs are user code, and what they throw is not the finding's failure. */
export type FoundEnd = () => RunResult | Promise<RunResult>;

interface Waiter {
  resolve(result: RunResult | Promise<RunResult>): void;
  reject(error: unknown): void;
}

export class EndWaiters {
  private readonly waiters = new Map<string, Waiter[]>();

  /** The end of a run that has not ended, as it will be told. */
  wait(run: string): Promise<RunResult> {
    return new Promise((resolve, reject) => this.add(run, { resolve, reject }));
  }

  /** The end of a run that may have ended, as `find` knows it, or as it will be told. */
  async endOf(run: string, find: () => Promise<FoundEnd | undefined>): Promise<RunResult> {
    const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
    const waiter = { resolve, reject };
    this.add(run, waiter); // before looking, so that an end in between is not missed
    promise.catch(() => {}); // whoever gave up looking elsewhere first is not told
    try {
      const found = await find();
      return await (found ? found() : promise);
    } finally {
      this.forget(run, waiter);
    }
  }

  private add(run: string, waiter: Waiter): void {
    const waiting = this.waiters.get(run);
    if (waiting) waiting.push(waiter);
    else this.waiters.set(run, [waiter]);
  }

  private forget(run: string, waiter: Waiter): void {
    const left = this.waiters.get(run)?.filter((one) => one !== waiter);
    if (left && left.length > 0) this.waiters.set(run, left);
    else this.waiters.delete(run);
  }

  /** The run has ended. The result is only worked out where somebody waits for it. */
  tell(run: string, result: FoundEnd): void {
    const waiters = this.waiters.get(run);
    if (!waiters) return;
    this.waiters.delete(run);
    try {
      const given = result();
      for (const { resolve } of waiters) resolve(given);
    } catch (error) {
      for (const { reject } of waiters) reject(error);
    }
  }

  /** Looks for ends that nobody told of: a commit that was reported as failed may have been one. */
  async tellMissed(find: (run: string) => Promise<FoundEnd | undefined>): Promise<void> {
    for (const run of [...this.waiters.keys()]) {
      const found = await find(run);
      if (found) this.tell(run, found);
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
