// Virtual time: timers run in order, at their instants, with everything settled in between.
import { expect, test } from "vitest";
import { Seeded, VirtualClock } from "../src/index.ts";

test("timers run in the order of their instants, ties in the order of their setting, each at its own time", async () => {
  const clock = new VirtualClock(1_000);
  const seen: string[] = [];
  const note = (name: string) => () => void seen.push(`${name}@${clock.now()}`);
  clock.timer(20, note("late"));
  clock.timer(10, note("first"));
  clock.timer(10, note("second"));
  clock.timer(15, note("cancelled")).cancel();
  clock.timer(500, note("never"));
  await clock.advance(100);
  expect(seen).toEqual(["first@1010", "second@1010", "late@1020"]);
  expect(clock.now()).toBe(1_100);
  expect(clock.pending).toBe(1);
});

test("what a timer set going has happened before the next one runs, and its own timers run too", async () => {
  const clock = new VirtualClock(0);
  const seen: string[] = [];
  const settle = async () => {
    await null;
    await null;
    seen.push("settled");
    clock.timer(5, () => seen.push("inner"));
  };
  clock.timer(10, () => void settle());
  clock.timer(20, () => seen.push("outer"));
  await clock.advance(30);
  expect(seen).toEqual(["settled", "inner", "outer"]);
});

test("a jump moves the wall clock alone", async () => {
  const clock = new VirtualClock(1_000);
  let fired = false;
  clock.timer(10, () => {
    fired = true;
  });
  clock.jump(3_600_000);
  await clock.advance(9);
  expect(fired).toBe(false);
  expect([clock.now(), clock.monotonic()]).toEqual([3_601_009, 9]);
  clock.jump(-7_200_000);
  await clock.advance(1);
  expect(fired).toBe(true);
  expect(clock.now()).toBeLessThan(1_000);
});

test("the same seed gives the same choices, another seed others", () => {
  const draw = (seed: number) => {
    const seeded = new Seeded(seed);
    return [
      seeded.next(),
      seeded.integer(1, 6),
      seeded.pick(["a", "b", "c"]),
      seeded.sample([1, 2, 3, 4], 2),
      seeded.fork().next(),
    ];
  };
  expect(draw(42)).toEqual(draw(42));
  expect(draw(42)).not.toEqual(draw(43));
  expect(() => new Seeded(1).pick([])).toThrow(RangeError);
});

test("what passes under busy code runs no timer; those that fell due run when time goes on", async () => {
  const clock = new VirtualClock(1_000);
  const seen: number[] = [];
  clock.timer(10, () => seen.push(clock.now()));
  clock.pass(50);
  expect([clock.now(), clock.monotonic(), seen]).toEqual([1_050, 50, []]);
  await clock.advance(0);
  expect(seen).toEqual([1_050]);
});
