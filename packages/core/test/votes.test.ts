// The ready ways to make one answer of several: each for one answer or more, and the same for the same answers.
import { describe, expect, test } from "vitest";
import { majority, mean, median, upperMedian, weighted } from "../src/index.ts";

const risk = (vote: { risk: number }) => vote.risk;
const votes = (...risks: number[]) => risks.map((one) => ({ risk: one }));

describe("medians", () => {
  test.each([
    [[0.3], 0.3, 0.3],
    [[0.9, 0.1], 0.9, 0.5],
    [[0.9, 0.1, 0.2], 0.2, 0.2],
    [[10, 9, 100, 1], 10, 9.5],
  ])("of %j: the upper one is %d, the plain one %d", (risks, upper, plain) => {
    expect(upperMedian(risk)(votes(...risks))).toBe(upper);
    expect(median(risk)(votes(...risks))).toBe(plain);
  });

  test("leave the answers in their order", () => {
    const given = votes(3, 1, 2);
    upperMedian(risk)(given);
    expect(given).toEqual(votes(3, 1, 2));
  });
});

test("the mean", () => {
  expect([mean(risk)(votes(4)), mean(risk)(votes(1, 2, 6))]).toEqual([4, 3]);
});

test("the majority says what most say; of what equally many say, what comes first", () => {
  const said = majority((vote: string) => vote);
  expect([said(["a", "b", "b"]), said(["b", "a", "a", "b"]), said(["c"])]).toEqual(["b", "b", "c"]);
});

test("the weighted mean counts who said it; members without a weight weigh 1", () => {
  const combine = weighted({ model: 3 }, risk);
  expect(combine({ model: { risk: 1 }, rules: { risk: 5 } })).toBe(2);
  expect(combine({ rules: { risk: 5 } })).toBe(5);
});

test("weights that weigh nothing: a weight that is none is refused, and those that answered must weigh something", () => {
  for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY, "2", undefined]) {
    const give = () => weighted({ model: weight as number }, risk);
    expect(give).toThrow(expect.objectContaining({ code: "option-invalid", path: "weighted.model" }));
  }
  const combine = weighted({ model: 0, rules: 0 }, risk);
  expect(combine({ model: { risk: 1 }, other: { risk: 3 } })).toBe(3);
  expect(() => combine({ model: { risk: 1 }, rules: { risk: 1 } })).toThrow(
    "those that answered weigh nothing: model, rules",
  );
});
