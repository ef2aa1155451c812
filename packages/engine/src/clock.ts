/**
 * Time as the engine sees it.
 *
 * Boundary: with machine-timers.ts all of this room that touches the machine's clock; tests put a virtual clock here.
 * Invariant: `now` is wall-clock time and may jump; `monotonic` never goes back.
 */
import { setTimer, type Timer } from "./machine-timers.ts";

export type { Timer };

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some fixed point, unaffected by changes of the wall clock. */
  monotonic(): number;
  /** Calls back once, `ms` from now. */
  timer(ms: number, callback: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer: setTimer,
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
