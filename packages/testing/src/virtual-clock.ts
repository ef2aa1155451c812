/**
 * Time that stands still until a test moves it.
 *
 * Boundary: what an engine asks of a clock, and the hands to turn it by. Invariants: timers run in the order of their
 * instants (ties: of their setting), each with the clock at its own instant; between two of them microtasks and
 * immediates settle, so that what a timer set going has happened before the next one runs; only `jump` lets wall clock
 * and monotonic clock disagree.
 */
interface VirtualTimer {
  readonly dueAt: number;
  readonly number: number;
  readonly callback: () => void;
}

export class VirtualClock {
  private elapsed = 0;
  private wallOffset: number;
  private numbers = 0;
  private readonly timers = new Set<VirtualTimer>();

  /** `start` is the wall clock's first instant, by default 2026-01-01. */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.wallOffset = start;
  }

  now = (): number => this.wallOffset + this.elapsed;

  monotonic = (): number => this.elapsed;

  /** Calls back once, `ms` of monotonic time from now. */
  timer = (ms: number, callback: () => void): { cancel(): void } => {
    const timer = { dueAt: this.elapsed + Math.max(0, ms), number: this.numbers++, callback };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  };

  /** Timers that are set. */
  get pending(): number {
    return this.timers.size;
  }

  /** Lets `ms` go by, running what falls due on the way, also what was set on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    await settled();
    for (let next = this.nextUntil(end); next; next = this.nextUntil(end)) {
      this.timers.delete(next);
      this.elapsed = Math.max(this.elapsed, next.dueAt);
      next.callback();
      await settled();
    }
    this.elapsed = end;
  }

  /** Lets `ms` go by in which nothing else can happen, as under code that keeps the event loop busy: no timer runs. */
  pass(ms: number): void {
    this.elapsed += ms;
  }

  /** Moves the wall clock alone, as an administrator or a time server does. Timers do not notice. */
  jump(ms: number): void {
    this.wallOffset += ms;
  }

  private nextUntil(end: number): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    for (const timer of this.timers) {
      if (timer.dueAt > end) continue;
      const sooner = !next || timer.dueAt < next.dueAt || (timer.dueAt === next.dueAt && timer.number < next.number);
      if (sooner) next = timer;
    }
    return next;
  }
}

/** After all microtasks, those that they queue included, and what waited for the event loop to come round. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
