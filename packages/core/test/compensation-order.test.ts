// Rules 8 and 9: what was done is undone, last started first, one at a time, after what is in flight has settled.
import { expect, test } from "vitest";
import { flow, standingOf } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const undo = { run: never, retry: { maxAttempts: 2, delay: "1s", jitter: 0 } } as const;
const effect = { kind: "effect", output: any(), compensate: undo, retry: { maxAttempts: 1 } } as const;

const three = flow("three", {
  input: any(),
  build: ($) => {
    const a = $.step("a", effect).by(never);
    const b = $.step("b", effect).by(never, never);
    const c = $.step("c", { ...effect, needs: { a } }).by(never);
    $.step("lasting", { kind: "effect", output: any() }).by(never);
    const read = $.step("read", { output: any(), retry: { maxAttempts: 1 } }).by(never);
    return { b, c, read };
  },
});

test("rule 8: in reverse order of first start, one at a time; what declares no undo is listed", () => {
  const stage = new Stage(three);
  stage.completes("b");
  stage.completes("a");
  stage.completes("lasting");
  stage.completes("c");
  stage.fails("read");
  expect(stage.state.stop).toMatchObject({ cause: "failure", failure: { message: "it broke" } });
  for (const next of ["c", "b", "a"]) {
    expect(stage.due).toEqual([`compensate ${next} 1`]);
    expect(stage.state.outcome).toBe(undefined);
    stage.undoes(next);
  }
  expect(stage.state.outcome).toBe("failed");
  expect(standingOf(stage.state)).toEqual([
    { path: "lasting", certainty: "applied", reason: "the step declares no compensate" },
  ]);
});

test("rule 8: effects in flight are awaited first, and then undone like the others; reads are not awaited", () => {
  const stage = new Stage(three);
  stage.completes("a");
  stage.fails("read");
  expect(stage.due).toEqual(["attempt b 0/1", "attempt lasting 0/1", "attempt c 0/1"]);
  stage.completes("c");
  stage.fails("lasting", error("never begun", "not-applied"));
  expect(stage.due).toEqual(["attempt b 0/1"]);
  stage.fails("b", error("grace ended", "aborted"));
  expect(stage.all("retry.scheduled")).toEqual([]);
  expect(stage.all("rung.entered")).toEqual([]);
  const undone: string[] = [];
  while (stage.state.phase !== "ended") {
    const [next = ""] = stage.due;
    undone.push(next);
    stage.undoes(next.split(" ")[1] ?? "");
  }
  expect(undone).toEqual(["compensate c 1", "compensate b 1", "compensate a 1"]);
  expect(standingOf(stage.state)).toEqual([]);
});

test("rule 8: an undo has retries of its own; what gives up is listed with the reason, and the others go on", () => {
  const stage = new Stage(three);
  stage.completes("b");
  stage.completes("a");
  stage.fails("c", error("refused", "not-applied"));
  stage.fails("lasting", error("never begun", "not-applied"));
  expect(stage.due).toEqual(["compensate b 1"]);
  stage.undoes("b", error("closed"));
  expect(stage.due).toEqual([]);
  expect(stage.all("retry.scheduled")).toMatchObject([{ of: "compensation", dueAt: stage.now + 1_000 }]);
  stage.wait(1_000);
  stage.undoes("b", error("still closed"));
  expect(stage.due).toEqual(["compensate a 1"]);
  stage.undoes("a");
  expect(standingOf(stage.state)).toEqual([
    { path: "b", certainty: "applied", reason: "could not be undone: still closed" },
  ]);
  expect(stage.state.failure?.message).toBe("refused");
});

test("an undo that is due again at once needs no timer", () => {
  const eager = flow("eager", {
    input: any(),
    build: ($) => {
      $.step("e", { ...effect, compensate: { run: never, retry: { maxAttempts: 2, delay: 0 } } }).by(never);
      return $.step("read", { output: any(), retry: { maxAttempts: 1 } }).by(never);
    },
  });
  const stage = new Stage(eager);
  stage.completes("e");
  stage.fails("read");
  stage.undoes("e", error());
  expect(stage.due).toEqual(["compensate e 2"]);
});

test("rule 9: an operator may abandon an undo at any time", () => {
  const stage = new Stage(three);
  stage.completes("a");
  stage.completes("b");
  stage.completes("lasting");
  stage.fails("c", error("x", "not-applied"));
  stage.say({ kind: "compensation.abandoned", at: stage.now, slot: stage.slot("b").id, because: "phoned the bank" });
  expect(stage.due).toEqual(["compensate a 1"]);
  stage.say({ kind: "compensation.abandoned", at: stage.now, slot: stage.slot("a").id, because: "phoned the bank" });
  expect(stage.state.outcome).toBe("failed");
  expect(standingOf(stage.state).map(({ path, reason }) => [path, reason])).toEqual([
    ["a", "could not be undone: phoned the bank"],
    ["b", "could not be undone: phoned the bank"],
    ["lasting", "the step declares no compensate"],
  ]);
});

test("rule 8: a ladder's undo that is under way when the run stops is finished before the others begin", () => {
  const stage = new Stage(three);
  stage.completes("a");
  stage.completes("lasting");
  stage.completes("c");
  stage.fails("b", error("late", "timeout"));
  expect(stage.due).toEqual(["compensate b 1", "attempt read 0/1"]);
  stage.fails("read");
  expect(stage.due).toEqual(["compensate b 1"]);
  stage.undoes("b");
  expect(stage.all("rung.entered")).toEqual([]);
  expect(stage.due).toEqual(["compensate c 1"]);
});

test("rule 8: a ladder's undo that waits when the run stops is taken up in its turn", () => {
  const stage = new Stage(three);
  stage.completes("a");
  stage.completes("lasting");
  stage.completes("c");
  stage.fails("b", error("late", "timeout"));
  stage.undoes("b", error("closed"));
  stage.fails("read");
  expect(stage.due).toEqual(["compensate c 1"]);
  stage.undoes("c");
  stage.waitForTimer();
  expect(stage.due).toEqual(["compensate b 2"]);
  stage.undoes("b");
  expect(stage.due).toEqual(["compensate a 1"]);
});

test("a crash while undoing loses no undo and does none twice that was recorded", () => {
  const stage = new Stage(three);
  for (const done of ["b", "a", "lasting", "c"]) stage.completes(done);
  stage.fails("read");
  stage.undoes("c");
  expect(stage.crash()).toMatchObject([{ kind: "compensation.failed", slot: stage.slot("b").id, attempt: 1 }]);
  stage.waitForTimer();
  expect(stage.due).toEqual(["compensate b 2"]);
  stage.undoes("b");
  stage.undoes("a");
  expect(stage.state.outcome).toBe("failed");
});
