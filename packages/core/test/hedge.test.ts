// A hedge is the next rung beside a first choice that is slow: whichever answers first is taken, the other costs and decides nothing.
import { expect, test } from "vitest";
import { flow } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const hedged = flow("hedged", {
  input: any(),
  build: ($) => ({
    ask: $.step("ask", { output: any(), hedge: { after: "1s" }, retry: { maxAttempts: 1 } }).by(
      { run: never, name: "slow" },
      { run: never, name: "fast" },
    ),
  }),
});
const cost = { usd: 1, tokens: 2 };

function begun(): Stage {
  const stage = new Stage(hedged);
  stage.say({ kind: "hedge.started", at: stage.now, slot: 0, rung: 1, attempt: 1 });
  return stage;
}

test("the hedge's answer is the step's, and says that the first choice was slower", () => {
  const stage = begun();
  stage.say({ kind: "step.completed", at: 1, slot: 0, rung: 1, attempt: 1, ms: 1, value: "1" });
  expect(stage.state.degradations).toEqual([
    { path: "ask", kind: "fallback", reason: "answered by fast: the first choice was slower" },
  ]);
});

test("the first choice's answer is the step's, and nothing is degraded", () => {
  const stage = begun();
  stage.completes("ask", 1);
  expect([stage.status("ask"), stage.state.degradations]).toEqual(["completed", []]);
});

test("a hedge that fails costs, and the first choice is still waited for", () => {
  const stage = begun();
  const entry = { at: 1, slot: 0, rung: 1, attempt: 1, ms: 5, failure: error(), retryable: true, cost } as const;
  stage.say({ kind: "attempt.failed", ...entry, hedge: true });
  expect([stage.due, stage.slot("ask")]).toMatchObject([["attempt ask 0/1"], { usd: 1, rungAttempts: 0, hedge: 1 }]);
});

test("rule 33: a hedge needs a second rung", () => {
  const alone = () =>
    flow("alone", {
      input: any(),
      build: ($) => $.step("s", { output: any(), hedge: { after: "1s" } }).by(never),
    });
  expect(alone).toThrow(expect.objectContaining({ code: "option-invalid", path: "s.hedge" }));
});

test("a hedge is given up with its attempt, and there is none without a rung for it", () => {
  const stage = begun();
  stage.fails("ask");
  expect([stage.due, stage.slot("ask").hedge]).toEqual([["attempt ask 1/2"], undefined]);
  stage.say({ kind: "hedge.started", at: 1, slot: 0, rung: 2, attempt: 2 });
  expect(stage.slot("ask").hedge).toBeUndefined();
  expect(hedged.plan.scopes[0]?.nodes[0]).toMatchObject({ hedge: { afterMs: 1_000 } });
});
