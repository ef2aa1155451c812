// Attacks limits of one length that share a timer: order, cancelling, one set by another, one that throws, and who keeps the
// process alive.
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock, type Timer } from "../src/index.ts";

let fired: string[] = [];
const set = (ms: number, name: string, then = () => {}): Timer =>
  systemClock.timer(ms, () => {
    fired.push(`${name} at ${performance.now()}`);
    then();
  });

beforeEach(() => {
  fired = [];
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"], now: 0 });
});
afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
});

test("rule 17: limits of one length fire when they are over, in the order in which they were set", () => {
  const start = performance.now();
  set(5_000, "a");
  vi.advanceTimersByTime(10);
  const cancelled = set(4_999.5, "cancelled"); // what is left of the same limit
  set(4_999.5, "b");
  vi.advanceTimersByTime(10);
  cancelled.cancel();
  cancelled.cancel();
  vi.advanceTimersByTime(4_979);
  expect(fired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(fired).toEqual([`a at ${start + 5_000}`]);
  vi.advanceTimersByTime(10);
  expect(fired).toEqual([`a at ${start + 5_000}`, `b at ${start + 5_010}`]);
});

test("one that sets another of its length, and one that comes after an idle time, each wait their own time", () => {
  const start = performance.now();
  set(5_000, "first", () => set(5_000, "next"));
  set(5_000, "beside").cancel();
  vi.advanceTimersByTime(1_000);
  set(5_000, "later");
  vi.advanceTimersByTime(20_000);
  expect(fired).toEqual([`first at ${start + 5_000}`, `later at ${start + 6_000}`, `next at ${start + 10_000}`]);
});

test("what one throws does not keep the next from being called", () => {
  set(5_000, "throws", () => {
    throw new Error("on purpose");
  });
  set(5_000, "next");
  expect(() => vi.advanceTimersByTime(5_000)).toThrow("on purpose");
  vi.advanceTimersByTime(1);
  expect(fired.map((text) => text.split(" ")[0])).toEqual(["throws", "next"]);
});

test("rule 32: many different lengths are timed as well, and nothing is left of them", () => {
  for (let i = 0; i < 200; i++) set(2_000 + i, `${i}`);
  expect(vi.getTimerCount()).toBe(200);
  vi.advanceTimersByTime(2_200);
  expect(fired).toHaveLength(200);
  for (let i = 0; i < 200; i++) set(2_000, `${i}`);
  expect(vi.getTimerCount()).toBe(1);
});

test("lengths that nobody waits for any more give their places to others, however long they are", () => {
  for (let i = 0; i < 100; i++) set(500_000_000 + i, `cancelled ${i}`).cancel();
  for (let i = 0; i < 3; i++) set(2_000, `${i}`);
  expect(vi.getTimerCount()).toBeLessThanOrEqual(64);
  vi.advanceTimersByTime(2_000);
  expect(fired).toHaveLength(3);
});

test("they fire also where only the timeouts are a test's own, as in node:test", () => {
  vi.useRealTimers();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  set(5_000, "a");
  set(60_000, "b");
  vi.advanceTimersByTime(5_000);
  expect(fired).toHaveLength(1);
  vi.advanceTimersByTime(55_000);
  expect(fired).toHaveLength(2);
});

test("the process stays alive for a limit that is set, and for none that was cancelled or need not keep it", () => {
  const clock = new URL("../src/clock.ts", import.meta.url).href;
  const script = `
    const { systemClock } = await import(${JSON.stringify(clock)});
    const says = (text) => () => console.log(text);
    systemClock.timer(60_000, says("cancelled")).cancel();
    systemClock.timer(60_000, says("not needed")).unref();
    const twice = systemClock.timer(60_000, says("both"));
    twice.unref();
    twice.cancel();
    systemClock.timer(1_000, says("waited for"));
    systemClock.timer(1_000, says("cancelled")).cancel();
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--no-warnings", "-e", script], {
    encoding: "utf8",
    timeout: 30_000,
  });
  expect([stdout, stderr]).toEqual(["waited for\n", ""]);
});
