// Delays between attempts: they double up to their cap, chance spreads them, and they are never negative.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type RetryPolicy, retryDelayMs, retryPolicy } from "../src/index.ts";

const policy: RetryPolicy = { maxAttempts: 9, backoff: "exponential", delayMs: 1_000, capMs: 60_000, jitter: 0 };

test("doubles each time up to the cap, or stays as it is", () => {
  expect([1, 2, 3, 6, 7, 8, 1_000].map((failures) => retryDelayMs(policy, failures, 0.9))).toEqual([
    1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000,
  ]);
  expect([1, 5].map((failures) => retryDelayMs({ ...policy, backoff: "fixed" }, failures, 0.1))).toEqual([
    1_000, 1_000,
  ]);
});

test("chance spreads it evenly on both sides", () => {
  expect([0, 0.5, 0.999_999].map((chance) => retryDelayMs({ ...policy, jitter: 0.2 }, 1, chance))).toEqual([
    800, 1_000, 1_200,
  ]);
});

test("is a whole number, never negative, and but for jitter never above the cap", () => {
  const policies = fc.record({
    maxAttempts: fc.constant(3),
    backoff: fc.constantFrom("fixed" as const, "exponential" as const),
    delayMs: fc.nat(),
    capMs: fc.nat(),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(
      policies,
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (given, failures, chance) => {
        const delay = retryDelayMs(given, failures, chance);
        expect(Number.isSafeInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.ceil(given.capMs * (1 + given.jitter)));
      },
    ),
  );
});

test("a cap below the delay is raised to it; nothing written is the mission's default", () => {
  expect(retryPolicy({ delay: "2m", cap: "1m" }, "s")).toMatchObject({ delayMs: 120_000, capMs: 120_000 });
  expect(retryPolicy(undefined, "s")).toEqual({
    maxAttempts: 3,
    backoff: "exponential",
    delayMs: 1_000,
    capMs: 60_000,
    jitter: 0.2,
  });
});
