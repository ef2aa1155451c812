/**
 * Attempts that were lost with their process before run one at a time, so that the next crash says which it was (rule 5).
 *
 * Boundary: a queue of one lane. Invariant: the lane is free again when an attempt has ended or is not wanted any more,
 * however often it says so.
 */
export class Suspects {
  private readonly queue: ((release: () => void) => void)[] = [];
  private running = false;

  /** Calls `work` when no other suspect runs; it must call `release` when it is over. */
  alone(work: (release: () => void) => void): void {
    this.queue.push(work);
    this.next();
  }

  private next(): void {
    if (this.running) return;
    const work = this.queue.shift();
    if (!work) return;
    this.running = true;
    let released = false;
    work(() => {
      if (released) return;
      released = true;
      this.running = false;
      this.next();
    });
  }
}
