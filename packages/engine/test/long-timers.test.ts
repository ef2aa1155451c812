// Attacks time limits that are longer than a timeout of Node's can be, which would end at once, or after 24.8 days.
import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../src/index.ts";

const dayMs = 86_400_000;

afterEach(() => vi.useRealTimers());

test("rule 17: a limit of many weeks fires when it is over, once, and neither before nor when it is cancelled", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const fired: string[] = [];
  systemClock.timer(60 * dayMs, () => fired.push("60 days"));
  systemClock.timer(5, () => fired.push("5 ms")).unref?.();
  const cancelled = systemClock.timer(30 * dayMs, () => fired.push("30 days"));
  vi.advanceTimersByTime(26 * dayMs);
  expect(fired).toEqual(["5 ms"]);
  cancelled.unref?.();
  cancelled.cancel();
  vi.advanceTimersByTime(34 * dayMs - 1);
  expect(fired).toEqual(["5 ms"]);
  vi.advanceTimersByTime(1);
  expect(fired).toEqual(["5 ms", "60 days"]);
  expect(vi.getTimerCount()).toBe(0);
});
