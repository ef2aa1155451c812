/**
 * How late things are that have an instant.
 *
 * Boundary: arithmetic and a heartbeat. Invariant: while the loop stands still a heartbeat does not beat; the beats that were
 * left out are counted as late as they would have been, or a long stall would be one sample among thousands.
 */
import { quantile } from "./rounds.ts";

export interface Lateness {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

const beatMs = 2;

/** Beats until it is stopped; then says how late beats were. */
export function startHeartbeat(): () => Lateness {
  const late: number[] = [];
  let isStopped = false;
  let due = performance.now() + beatMs;
  const beat = () => {
    const now = performance.now();
    for (; due <= now; due += beatMs) late.push(now - due);
    if (!isStopped) setTimeout(beat, Math.max(1, due - now));
  };
  setTimeout(beat, beatMs);
  return () => {
    isStopped = true;
    return latenessOf(late);
  };
}

export function latenessOf(late: readonly number[]): Lateness {
  if (late.length === 0) throw new Error("nothing was due: the measurement was too short");
  return { p50: quantile(late, 0.5), p99: quantile(late, 0.99), most: quantile(late, 1) };
}
