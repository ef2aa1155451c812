// A call is a run of its own: requested durably, answered once, awaited when its caller stops, and undone with it (rules 8, 10).
import { describe, expect, test } from "vitest";
import { flow, isDue, newState, optional, recover, standingOf, summaryOf, withCalled } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const inner = flow("inner", { input: any<{ id: number }>(), build: (_, input) => ({ seen: input.id }) });

const calling = flow("calling", {
  input: any<{ id: number }>(),
  build: ($, input) => {
    const called = $.call("sub", { flow: inner, input: { id: input.id } });
    const last = $.step("last", { after: called, output: any(), retry: { maxAttempts: 1 } }).by(never);
    return { called, last };
  },
});

describe("a call", () => {
  test("is requested with an id of its own, which a crash does not change", () => {
    const stage = new Stage(calling, { id: 7 });
    expect(stage.all("call.requested")).toMatchObject([{ slot: 0, run: "run-1.0" }]);
    expect([stage.due, stage.needs("sub")]).toEqual([["call sub"], { input: { id: 7 } }]);
    expect(stage.crash()).toEqual([]);
    expect(stage.due).toEqual(["call sub"]);
  });

  test("gives what the called run answered, and its cost is the caller's", () => {
    const stage = new Stage(calling);
    stage.hears("sub", "succeeded", { value: { seen: 7 } });
    expect([stage.given("sub"), stage.due]).toEqual([{ seen: 7 }, ["attempt last 0/1"]]);
    expect(stage.state).toMatchObject({ usd: 2, tokens: 7, degradations: [] });
  });

  test("rule 14: of a run that ended degraded degrades its caller", () => {
    const stage = new Stage(calling);
    stage.hears("sub", "degraded", { value: 1 });
    expect(stage.state.degradations).toMatchObject([{ path: "sub", kind: "called-run" }]);
  });

  test.each([
    ["with its reason", error("no money", "call"), "no money"],
    ["without a reason", undefined, "the run that it called ended failed"],
  ])("of a run that failed fails, %s", (_, failure, message) => {
    const stage = new Stage(calling);
    stage.hears("sub", "failed", failure ? { failure } : {});
    expect(stage.all("step.failed")[0]).toMatchObject({ slot: 0, failure: { kind: "call", message } });
    expect(stage.state.outcome).toBe("failed");
    expect(standingOf(stage.state)).toEqual([]); // it has undone itself
  });
});

test("rule 8: what a called run could not undo stands on its caller as well, which does not try it again", () => {
  const stage = new Stage(calling);
  stage.hears("sub", "failed", { failure: error("no money", "call"), standing: ["book", "seat"] });
  expect(stage.state.outcome).toBe("failed");
  expect(standingOf(stage.state)).toEqual([
    {
      path: "sub",
      certainty: "in-doubt",
      reason: "could not be undone: the called run run-1.0 leaves book, seat standing",
    },
  ]);
});

test("rule 5: a call whose beginning ended the process five times has failed, and is not asked for again", () => {
  const stage = new Stage(calling);
  const lost = { kind: "attempt.lost", at: 1, slot: 0, rung: 0, attempt: 1 } as const;
  for (let losses = 1; losses < 5; losses++) {
    stage.say(lost);
    expect(stage.due).toEqual(["call sub"]);
  }
  stage.say({ ...lost, because: "left" });
  expect(stage.due).toEqual(["call sub"]); // a process that let go of it did not die of it
  stage.say(lost);
  expect(stage.all("step.failed")[0]).toMatchObject({ slot: 0, failure: { kind: "crashed" } });
  expect(stage.state.outcome).toBe("failed");
});

describe("rule 8: a caller that stops", () => {
  test("awaits the called run, and undoes it when it had succeeded after all", () => {
    const stage = new Stage(calling);
    stage.cancels();
    expect(stage.due).toEqual(["stop-call sub"]);
    const command = { kind: "stop-call", slot: 0, run: "run-1.0" } as const;
    expect(isDue(stage.state, command)).toBe(true);
    stage.hears("sub", "succeeded", { value: 1 });
    expect([isDue(stage.state, command), stage.due]).toEqual([false, ["compensate sub 1"]]);
    stage.undoes("sub");
    expect(stage.state.outcome).toBe("cancelled");
  });

  test("has nothing to undo of a called run that was stopped", () => {
    const stage = new Stage(calling);
    stage.cancels();
    stage.hears("sub", "cancelled");
    expect([stage.state.outcome, stage.kinds.includes("compensation.started")]).toEqual(["cancelled", false]);
  });

  test("asks ten times, and then lists what stands", () => {
    const stage = new Stage(calling);
    stage.hears("sub", "succeeded", { value: 1 });
    stage.fails("last");
    for (let asked = 1; asked <= 10; asked++) {
      expect(stage.due).toEqual([`compensate sub ${asked}`]);
      stage.undoes("sub", error("unreachable"));
      if (asked < 10) stage.waitForTimer();
    }
    expect(standingOf(stage.state)).toEqual([
      { path: "sub", certainty: "applied", reason: "could not be undone: unreachable" },
    ]);
  });
});

test("rule 10: a called run that has its answer is held until its caller says so, and can be undone until then", () => {
  const called = flow("called", {
    input: any(),
    build: ($) => ({ done: $.step("book", { kind: "effect", output: any(), compensate: never }).by(never) }),
  });
  const held = () => {
    const stage = new Stage(called);
    stage.state.parent = { run: "caller", slot: 0, path: "sub" };
    stage.completes("book");
    stage.say({ kind: "run.held", at: stage.now, outcome: "succeeded", output: "1", dropped: ["x"] });
    return stage;
  };
  const released = held();
  expect([released.state.phase, released.due, recover(released.state, 1)]).toEqual(["held", [], []]);
  released.cancels(); // it has its answer
  released.say({ kind: "run.stopped", at: released.now, cause: "cancel" });
  expect(released.state.phase).toBe("held");
  released.say({ kind: "run.ended", at: released.now, outcome: "succeeded" });
  expect(released.state).toMatchObject({ outcome: "succeeded", output: "1", outputDropped: ["x"] });
  const undone = held();
  undone.say({ kind: "run.stopped", at: undone.now, cause: "parent" });
  expect(undone.due).toEqual(["compensate book 1"]);
  undone.undoes("book");
  expect([undone.state.outcome, undone.all("run.ended")[0]?.failure]).toEqual(["cancelled", undefined]);
});

test("rule 10: a run that nobody called is not held, nor one that is stopping", () => {
  const stage = new Stage(calling);
  stage.say({ kind: "run.held", at: stage.now, outcome: "succeeded", output: "1" });
  expect(stage.state.phase).toBe("running");
  stage.state.parent = { run: "caller", slot: 0, path: "sub" };
  stage.cancels();
  stage.say({ kind: "run.held", at: stage.now, outcome: "succeeded", output: "1" });
  expect(stage.state.phase).toBe("stopping");
  expect(newState(stage.plan).held).toBeUndefined();
});

test("a call that is done without leaves its caller going", () => {
  const without = flow("without", {
    input: any(),
    build: ($) => ({ sub: optional($.call("sub", { flow: inner, input: { id: 1 } }), { onFailure: true }) }),
  });
  const stage = new Stage(without);
  stage.hears("sub", "cancelled");
  expect([stage.status("sub"), stage.due]).toEqual(["failed", ["answer"]]);
});

test("what a flow calls is found with it, each once, also what that calls", () => {
  const outer = flow("outer", {
    input: any(),
    build: ($) => ({
      one: $.call("one", { flow: calling, input: { id: 1 } }),
      two: $.branch("two", {
        choose: () => "x" as const,
        cases: { x: ($) => $.call("again", { flow: inner, input: { id: 2 } }) },
      }),
    }),
  });
  expect([...withCalled(outer)].map(({ name }) => name)).toEqual(["outer", "calling", "inner"]);
});

test("a run that still has to stop what it called in a scope that failed is running, whatever else it waits for", () => {
  const stopping = flow("stopping", {
    input: any<number[]>(),
    build: ($, items) => ({
      items: $.map("items", {
        over: items,
        onFailure: "drop",
        each($) {
          const sub = $.call("sub", { flow: inner, input: { id: 1 } });
          const fails = $.step("fails", { output: any(), retry: { maxAttempts: 1 } }).by(never);
          return { sub, fails };
        },
      }),
      nap: $.sleep("nap", { for: "1d" }),
    }),
  });
  const stage = new Stage(stopping, [1]);
  stage.lists("items", 1);
  stage.fails("items[0].fails");
  expect([stage.due, summaryOf(stage.state).status]).toEqual([["stop-call items[0].sub"], "running"]);
  stage.hears("items[0].sub", "cancelled");
  expect([stage.status("items"), summaryOf(stage.state).status]).toEqual(["completed", "waiting"]);
});
