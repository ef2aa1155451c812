/**
 * Those who go on when so many entries of a run are durable.
 *
 * Boundary: who waits for how many; how many are durable is active-run.ts's. Invariant: each is told once, in the order in
 * which they came.
 */
interface Waiter {
  readonly length: number;
  resolve(): void;
  reject(error: unknown): void;
}

export class DurabilityWaiters {
  /** Made when the first one comes: most runs have none. */
  private waiting: Waiter[] | undefined;

  wait(length: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting ??= [];
      this.waiting.push({ length, resolve, reject });
    });
  }

  tell(durable: number): void {
    const { waiting } = this;
    if (!waiting) return;
    const left = waiting.filter(({ length }) => length > durable);
    this.waiting = left.length > 0 ? left : undefined;
    for (const { length, resolve } of waiting) if (length <= durable) resolve();
  }

  /** So many will never be durable. */
  reject(error: unknown): void {
    for (const waiter of this.waiting ?? []) waiter.reject(error);
    this.waiting = undefined;
  }
}
