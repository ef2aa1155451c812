/**
 * When to try again.
 *
 * Boundary: delays from a policy; whether a retry is due at all is decide.ts. Chance comes in as a number.
 * Invariant: a delay is never negative and, jitter aside, never above the policy's cap.
 */
import type { RetryPolicy } from "./plan.ts";

/**
 * Milliseconds to wait after the `failures`-th failure in a row (1 for the first). Exponential backoff doubles the delay
 * each time up to the cap; jitter spreads it evenly over `delay ± jitter`, `chance` being uniform in [0, 1).
 */
export function retryDelayMs(policy: RetryPolicy, failures: number, chance: number): number {
  const factor = policy.backoff === "exponential" ? 2 ** Math.min(failures - 1, 52) : 1;
  const delay = Math.min(policy.delayMs * factor, policy.capMs);
  return Math.max(0, Math.round(delay * (1 + policy.jitter * (2 * chance - 1))));
}
