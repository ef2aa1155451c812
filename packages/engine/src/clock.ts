/**
 * Time as the engine sees it.
 *
 * Boundary: the only file of this room that touches the machine's clock and timers; tests put a virtual clock here.
 * Invariant: `now` is wall-clock time and may jump; `monotonic` never goes back.
 */

export interface Timer {
  cancel(): void;
  /** The process need not stay alive for it. */
  unref?(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some fixed point, unaffected by changes of the wall clock. */
  monotonic(): number;
  /** Calls back once, `ms` from now. */
  timer(ms: number, callback: () => void): Timer;
}

/** Longest delay that setTimeout takes (24.8 days); longer ones would fire at once. */
const longestTimeoutMs = 2_147_483_647;

/** One after the other where the delay is longer than one timeout may be. */
class LongTimer implements Timer {
  private readonly callback: () => void;
  private timeout: NodeJS.Timeout | undefined;
  private isUnref = false;

  constructor(ms: number, callback: () => void) {
    this.callback = callback;
    this.set(ms);
  }

  private set(ms: number): void {
    const now = Math.min(ms, longestTimeoutMs);
    this.timeout = setTimeout(() => (ms > now ? this.set(ms - now) : this.callback()), now);
    if (this.isUnref) this.timeout.unref();
  }

  cancel(): void {
    clearTimeout(this.timeout);
  }

  unref(): void {
    this.isUnref = true;
    this.timeout?.unref();
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer: (ms, callback) => new LongTimer(ms, callback),
};

/** Waits for something, at most so long. */
export async function waitFor(clock: Clock, ms: number, earlier: Promise<unknown>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = clock.timer(ms, resolve);
  });
  await Promise.race([late, earlier]);
  timer?.cancel();
}
