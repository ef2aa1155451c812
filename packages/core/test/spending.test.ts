// What was given up, came late or was undone has been paid for: it counts for its step, for every node around it, and for the run.
import { expect, test } from "vitest";
import { type Entry, endOf, flow, summaryOf } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const once = { maxAttempts: 1 };
const cost = { usd: 1, tokens: 10 };

const looping = flow("looping", {
  input: any(),
  build: ($) =>
    $.loop("refine", {
      output: any(),
      maxTurns: 9,
      maxCost: { usd: 2 },
      atLimit: "last",
      until: never,
      body: ($) =>
        $.ensemble("ask", {
          output: any(),
          quorum: 1,
          settle: "quorum",
          combine: never,
          retry: once,
        }).by({ quick: never, slow: never }),
    }),
});

/** The first turn has its quorum: who was slow has been given up. */
function overtaken(): Stage {
  const stage = new Stage(looping);
  stage.completes("refine[1].ask.quick");
  return stage;
}

const superseded = (stage: Stage, path: string, more: Partial<Entry> = {}): Entry =>
  ({ kind: "attempt.superseded", ...stage.attempt(path), cost, because: "enough had answered", ...more }) as Entry;

test("a member that was not needed any more counts for the ensemble, the loop around it and the run", () => {
  const stage = overtaken();
  stage.say(superseded(stage, "refine[1].ask.slow"));
  for (const path of ["refine[1].ask.slow", "refine[1].ask", "refine"]) expect(stage.slot(path)).toMatchObject(cost);
  expect([stage.state.usd, stage.slot("refine[1].ask.slow").ms]).toEqual([1, 5]);
  expect(stage.status("refine[1].ask.slow")).toBe("ready"); // as it stood: nothing else follows from it
});

test("rule 18: a late answer counts with what it cost, and the next turn does not begin above maxCost", () => {
  const stage = overtaken();
  const { id: slot } = stage.slot("refine[1].ask.slow");
  stage.say(superseded(stage, "refine[1].ask.slow"));
  stage.say({ kind: "attempt.late", at: 1, slot, attempt: 1, result: "value", hash: "h", cost });
  stage.makes("refine[1].ask", 1);
  stage.judges("refine", false);
  expect(stage.all("scope.completed").at(-1)).toMatchObject({ slot: stage.slot("refine").id });
  expect(stage.state).toMatchObject({ usd: 2, tokens: 20 });
});

test("rule 27: what comes after the end counts too, and moves nothing else", () => {
  const stage = overtaken();
  const late = superseded(stage, "refine[1].ask.slow");
  stage.cancels();
  const { id: slot } = stage.slot("refine[1].ask.slow");
  const ended = endOf(stage.state);
  stage.now += 1_000;
  stage.say(late, { kind: "attempt.late", at: stage.now, slot, attempt: 1, result: "failure", cost: { usd: 0.5 } });
  expect(endOf(stage.state)).toEqual({ ...ended, cost: { usd: 1.5, tokens: 10 } });
  expect(summaryOf(stage.state)).toMatchObject({ status: "ended", usd: 1.5, tokens: 10 });
});

test("what a hostile journal says of attempts that were never made, or of no step, costs nothing", () => {
  const stage = overtaken();
  stage.say(superseded(stage, "refine[1].ask.slow", { attempt: 2 } as never));
  stage.say(superseded(stage, "refine[1].ask.slow", { attempt: 0 } as never));
  stage.say(superseded(stage, "refine"));
  stage.say({ kind: "attempt.late", at: 1, slot: 99, attempt: 1, result: "value", cost });
  expect(stage.state.usd).toBe(0);
});

test("undoing costs as well, whatever comes of it", () => {
  const undoing = flow("undoing", {
    input: any(),
    build: ($) => {
      const retry = { maxAttempts: 2, delay: 0 };
      const paid = $.step("pay", { output: any(), kind: "effect", compensate: { run: never, retry } }).by(never);
      return $.step("check", { needs: { paid }, output: any(), retry: once }).by(never);
    },
  });
  const stage = new Stage(undoing);
  stage.completes("pay");
  stage.fails("check");
  const { id: slot } = stage.slot("pay");
  const undo = { at: stage.now, slot, ms: 1, cost };
  stage.say({ kind: "compensation.failed", ...undo, attempt: 1, failure: error() });
  stage.say({ kind: "compensation.completed", ...undo, attempt: 2 });
  expect(stage.slot("pay")).toMatchObject({ undo: "done", usd: 2, tokens: 20, ms: 5 });
  expect(summaryOf(stage.state)).toMatchObject({ status: "ended", usd: 2, tokens: 20 });
});
