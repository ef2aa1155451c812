// Goal: the threshold is "above 0.7", and no vote is "unknown", never "low".
import { expect, test } from "vitest";
import { levelOf } from "../src/risk-level.ts";
import { riskOf } from "../src/score.ts";

test("0.7 itself is low", () => {
  expect([levelOf(0.7), levelOf(0.7001), levelOf(0), levelOf(null)]).toEqual(["low", "high", "low", "unknown"]);
});

test("a risk rises with the probability and stays within 0 and 1; above 0.7 begins at about one in five", () => {
  expect([riskOf(0), riskOf(1)]).toEqual([0, 1]);
  expect(riskOf(0.18)).toBeLessThan(0.7);
  expect(riskOf(0.2)).toBeGreaterThan(0.7);
});
