// A limit on a rung is data with a name: how many at the same time, how many in a window, and how many may wait (rules 32, 33).
import { describe, expect, test } from "vitest";
import { flow } from "../src/index.ts";
import { any, never } from "./stage.ts";

const limited = (limit: unknown) =>
  flow("limited", {
    input: any(),
    build: ($) => $.step("s", { output: any() }).by({ run: never, limit } as never),
  }).plan.scopes[0]?.nodes[0];

describe("rule 32: a limit", () => {
  test.each([
    [
      { name: "api", concurrency: 2 },
      { name: "api", concurrency: 2, maxQueued: 10_000 },
    ],
    [
      { name: "api", rate: { count: 5, per: "1s" }, maxQueued: 3 },
      { name: "api", rate: { count: 5, perMs: 1_000 }, maxQueued: 3 },
    ],
  ])("%j", (limit, plan) => {
    expect(limited(limit)).toMatchObject({ rungs: [{ limit: plan }] });
  });
});

describe("rule 33: a limit without meaning is refused", () => {
  test.each([
    ["without a name", { concurrency: 1 }, "name"],
    ["with an empty name", { name: "", concurrency: 1 }, "name"],
    ["of nothing", { name: "api" }, "concurrency"],
    ["of none at a time", { name: "api", concurrency: 0 }, "concurrency"],
    ["of no rate", { name: "api", rate: { count: 0, per: "1s" } }, "rate.count"],
    ["with a line of none", { name: "api", concurrency: 1, maxQueued: 0 }, "maxQueued"],
    ["with an option that there is not", { name: "api", concurrency: 1, max: 1 }, "max"],
  ])("%s", (_, limit, field) => {
    expect(() => limited(limit)).toThrow(
      expect.objectContaining({ code: "option-invalid", path: `s.by[0].limit.${field}` }),
    );
  });
});
