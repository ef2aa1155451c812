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

/** Longest delay that setTimeout takes; longer ones would fire at once. */
const longestTimeoutMs = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer: (ms, callback) => new SystemTimer(setTimeout(callback, Math.min(ms, longestTimeoutMs))),
};

class SystemTimer implements Timer {
  private readonly timeout: NodeJS.Timeout;

  constructor(timeout: NodeJS.Timeout) {
    this.timeout = timeout;
  }

  cancel(): void {
    clearTimeout(this.timeout);
  }

  unref(): void {
    this.timeout.unref();
  }
}

/** Waits for something, at most so long. */
export async function waitFor(clock: Clock, ms: number, earlier: Promise<unknown>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = clock.timer(ms, resolve);
  });
  await Promise.race([late, earlier]);
  timer?.cancel();
}
