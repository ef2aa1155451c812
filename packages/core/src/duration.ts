/**
 * Durations as people write them: `"30s"`, `"5m"`, `"1h"`, `"250ms"`, `"2d"`, or a number of milliseconds.
 *
 * Boundary: text to milliseconds and back, nothing else. Invariant: a duration is finite and never negative.
 */
import { describe, PlumblineError } from "./errors.ts";

/** A number of milliseconds, or a number with a unit: ms, s, m, h, d. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Longest duration accepted: 10 years, so that an instant plus a duration always stays a safe integer. */
export const maxDurationMs: number = 10 * 365 * unitMs.d;

/**
 * A duration in milliseconds.
 * @throws PlumblineError `duration-invalid`, naming `path`, for anything else
 */
export function durationMs(duration: Duration, path: string): number {
  const match = typeof duration === "string" ? pattern.exec(duration) : null;
  const ms = match ? Number(match[1]) * unitMs[match[2] as keyof typeof unitMs] : duration;
  if (typeof ms !== "number" || !(ms >= 0) || ms > maxDurationMs) {
    throw new PlumblineError("duration-invalid", "not a duration", {
      path,
      expected: 'milliseconds, or text such as "250ms", "30s", "5m", "1h", "2d", at most 10 years',
      found: describe(duration),
      mend: 'write a number with one of the units ms, s, m, h, d, for example "30s"',
    });
  }
  return Math.round(ms);
}

/** Milliseconds in the largest unit that reads well: `90000` is `"1.5m"`. */
export function formatMs(ms: number): string {
  const unit = (["d", "h", "m", "s"] as const).find((name) => ms >= unitMs[name]) ?? "ms";
  return `${Math.round((ms / unitMs[unit]) * 10) / 10}${unit}`;
}
