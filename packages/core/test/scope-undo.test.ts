// Rule 8: a scope that failed and is done without is undone before that is said, last started first; one whose failure ends the run is undone with the run.
import { describe, expect, test } from "vitest";
import { type FlowBuilder, flow, optional, standingOf } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const undo = { run: never, retry: { maxAttempts: 2, delay: 0 } };

/** Books twice, one after the other, beside something that may fail. */
function body($: FlowBuilder) {
  const first = $.step("first", { kind: "effect", output: any(), compensate: undo }).by(never);
  const second = $.step("second", { kind: "effect", after: first, output: any(), compensate: undo }).by(never);
  const check = $.step("check", { output: any(), retry: { maxAttempts: 1 } }).by(never);
  return { second, check };
}

const items = flow("items", {
  input: any(),
  build: ($) => ({ all: $.map("all", { over: [] as never, each: body, onFailure: "drop", concurrency: 2 }) }),
});

const branch = (done: boolean) =>
  flow("branch", {
    input: any(),
    build: ($) => {
      const way = $.branch("way", { choose: () => "one" as const, cases: { one: body } });
      const after = $.step("after", { needs: { way: optional(way, { onFailure: done }) }, output: any() }).by(never);
      return { after };
    },
  });

function booked(stage: Stage, prefix: string): void {
  stage.completes(`${prefix}.first`);
  stage.completes(`${prefix}.second`);
}

describe("rule 8: an item that is dropped", () => {
  test("is undone, last started first, before it is said to have failed; the other items go on", () => {
    const stage = new Stage(items);
    stage.lists("all", 1, 2, 3);
    booked(stage, "all[0]");
    stage.fails("all[0].check", error("smudged"));
    expect(stage.all("scope.stopped")).toMatchObject([{ slot: 0, key: 0, failure: { kind: "scope" } }]);
    expect(stage.due).toContain("compensate all[0].second 1");
    expect([stage.due.length, stage.all("scope.failed"), stage.all("scope.entered").length]).toEqual([3, [], 2]);
    stage.undoes("all[0].second");
    expect(stage.due).toContain("compensate all[0].first 1");
    stage.undoes("all[0].first");
    expect(stage.all("scope.failed")).toMatchObject([{ key: 0, failure: { cause: { message: "smudged" } } }]);
    expect(stage.due).toEqual(expect.arrayContaining(["attempt all[1].first 0/1", "attempt all[2].first 0/1"]));
  });

  test("looks at what it did itself, and not at what all others did: thousands of items may be undone side by side", () => {
    const stage = new Stage(items);
    stage.lists("all", 1, 2, 3);
    booked(stage, "all[0]");
    let looks = 0;
    const { effects } = stage.state;
    Object.defineProperty(stage.state, "effects", {
      get() {
        looks++;
        return effects;
      },
    });
    stage.fails("all[0].check", error("smudged"));
    stage.undoes("all[0].second");
    stage.undoes("all[0].first");
    expect(stage.all("scope.failed")).toHaveLength(1);
    expect(looks).toBe(1); // the next item's first effect is added
  });

  test("keeps what it completed as completed until it is undone: a failed undo is tried again", () => {
    const stage = new Stage(items);
    stage.lists("all", 1);
    stage.completes("all[0].first");
    stage.fails("all[0].second", error("refused", "not-applied"), false);
    expect(stage.due).toEqual(["compensate all[0].first 1"]);
    stage.undoes("all[0].first", error("busy"));
    expect([stage.due, stage.status("all[0].first")]).toEqual([["compensate all[0].first 2"], "completed"]);
    stage.undoes("all[0].first");
    expect([stage.status("all"), stage.given("all")]).toEqual(["completed", []]);
  });

  test("awaits an effect in flight before it undoes, and asks nothing new of it", () => {
    const stage = new Stage(items);
    stage.lists("all", 1);
    stage.completes("all[0].first");
    stage.fails("all[0].check");
    expect(stage.due).toEqual(["attempt all[0].second 0/1"]);
    stage.fails("all[0].second", error("cut", "aborted"));
    expect([stage.due, stage.all("retry.scheduled")]).toEqual([["compensate all[0].second 1"], []]);
  });

  test("is stopped all the same where a journal does not say over what", () => {
    const stage = new Stage(items);
    stage.lists("all", 1);
    stage.completes("all[0].first");
    stage.say({ kind: "scope.stopped", at: stage.now, slot: 0, key: 0, failure: error("by hand") });
    const [frame] = stage.slot("all").inside?.frames ?? [];
    expect(frame).toMatchObject({ phase: "stopping", failed: undefined, failure: { message: "by hand" } });
    expect(stage.due).not.toContain("attempt all[0].check 0/1"); // nothing new starts in it
  });

  test("with nothing to undo has failed at once", () => {
    const stage = new Stage(items);
    stage.lists("all", 1);
    stage.fails("all[0].first", error("refused", "not-applied"), false);
    expect(stage.kinds).not.toContain("scope.stopped");
    expect(stage.all("scope.failed")).toHaveLength(1);
  });

  test("lists what could not be undone, though the run goes on", () => {
    const stage = new Stage(items);
    stage.lists("all", 1);
    booked(stage, "all[0]");
    stage.fails("all[0].check");
    stage.undoes("all[0].second");
    stage.undoes("all[0].first", error("no"));
    stage.undoes("all[0].first", error("no"));
    stage.ends();
    expect(standingOf(stage.state)).toEqual([
      { path: "all[0].first", certainty: "applied", reason: "could not be undone: no" },
    ]);
    expect(stage.state.outcome).toBe("degraded");
  });
});

describe("rule 8: a branch", () => {
  test("that is done without is undone first, and only then failed; its reader goes on after that", () => {
    const stage = new Stage(branch(true));
    stage.chooses("way", "one");
    booked(stage, "way.one");
    stage.fails("way.one.check", error("wrong"));
    expect([stage.status("way"), stage.due]).toEqual(["stopping", ["compensate way.one.second 1"]]);
    stage.undoes("way.one.second");
    stage.undoes("way.one.first");
    expect(stage.all("step.failed").at(-1)).toMatchObject({ slot: 0, failure: { kind: "scope" }, need: 4 });
    expect([stage.due, stage.state.stop]).toEqual([["attempt after 0/1"], undefined]);
  });

  test("whose failure ends the run is undone with the run", () => {
    const stage = new Stage(branch(false));
    stage.chooses("way", "one");
    booked(stage, "way.one");
    stage.fails("way.one.check", error("wrong"));
    expect(stage.kinds).not.toContain("scope.stopped");
    expect([stage.status("way"), stage.state.phase]).toEqual(["failed", "stopping"]);
    expect(stage.due).toEqual(["compensate way.one.second 1"]);
  });

  test("that is being undone when a cancel comes is undone with the run, and nothing twice", () => {
    const stage = new Stage(branch(true));
    stage.chooses("way", "one");
    booked(stage, "way.one");
    stage.fails("way.one.check");
    stage.undoes("way.one.second");
    stage.cancels();
    expect(stage.due).toEqual(["compensate way.one.first 1"]);
    stage.undoes("way.one.first");
    expect([stage.state.outcome, stage.all("compensation.started").length]).toEqual(["cancelled", 2]);
  });
});

test("rule 8: a function of a loop that throws stops it: all its turns are undone", () => {
  const looping = flow("looping", {
    input: any(),
    build: ($) => {
      const work = $.loop("work", {
        output: any(),
        body: body as never,
        until: never,
        maxTurns: 3,
        atLimit: "last",
      });
      return { work: optional(work, { onFailure: true }) };
    },
  });
  const stage = new Stage(looping);
  booked(stage, "work[1]");
  stage.completes("work[1].check");
  stage.judges("work", false);
  booked(stage, "work[2]");
  stage.completes("work[2].check");
  stage.stops("work");
  for (const step of ["[2].second", "[2].first", "[1].second", "[1].first"]) {
    expect(stage.due).toEqual([`compensate work${step} 1`]);
    stage.undoes(`work${step}`);
  }
  expect(stage.all("step.failed")).toMatchObject([{ slot: 0, failure: { kind: "predicate" } }]);
  expect(stage.due).toEqual(["answer"]);
});

test("rule 8: a function that throws where the run ends with it is undone with the run", () => {
  const stage = new Stage(branch(false));
  stage.chooses("way", "one");
  booked(stage, "way.one");
  stage.stops("way", error("broken", "predicate"));
  expect([stage.status("way"), stage.state.stop]).toMatchObject(["failed", { slot: 0 }]);
});
