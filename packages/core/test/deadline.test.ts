// Rules 9 and 17: a run's deadline is an absolute instant; missing it undoes what was done, and fails or degrades the run.
import { describe, expect, test } from "vitest";
import { fireTimers, flow, nextDueAt, standingOf, summaryOf } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const withDeadline = (deadline: object | string) =>
  new Stage(
    flow("timed", {
      input: any(),
      deadline: deadline as never,
      build: ($) => {
        $.step("e", { kind: "effect", output: any(), compensate: never }).by(never);
        const slow = $.step("slow", { output: any(), retry: { delay: "10m", jitter: 0 } }).by(never);
        return slow;
      },
    }),
  );

describe("rule 17: a missed deadline", () => {
  test("is an instant in the first entry, and fires no earlier", () => {
    const stage = withDeadline("1m");
    expect(stage.journal[0]).toMatchObject({ deadlineAt: stage.now + 60_000 });
    expect(nextDueAt(stage.state)).toBe(stage.now + 60_000);
    expect(stage.wait(59_999)).toEqual([]);
    expect(stage.wait(1)).toMatchObject([{ kind: "timer.fired", timer: "deadline" }]);
  });

  test("fails the run, with its effects undone", () => {
    const stage = withDeadline("1m");
    stage.completes("e");
    stage.wait(60_000);
    expect(stage.state.stop).toMatchObject({ cause: "deadline", failure: { kind: "deadline" } });
    expect(stage.due).toEqual(["compensate e 1"]);
    stage.undoes("e");
    expect(stage.state).toMatchObject({ outcome: "failed", failure: { message: "the run's deadline passed" } });
  });

  test("rule 14: with a declared answer degrades the run, after its effects were undone", () => {
    const stage = withDeadline({ after: "1m", answer: () => "sorry" });
    stage.completes("e");
    stage.wait(60_000);
    stage.undoes("e", error("closed"));
    expect(stage.due).toEqual([]);
    stage.say({ kind: "compensation.abandoned", at: stage.now, slot: 0, because: "by hand" });
    expect(stage.due).toEqual(["answer-deadline"]);
    stage.crash();
    expect(stage.due).toEqual(["answer-deadline"]);
    stage.ends("sorry");
    expect(stage.state).toMatchObject({ outcome: "degraded", degradations: [{ path: "", kind: "deadline" }] });
    expect(standingOf(stage.state)).toMatchObject([{ path: "e", certainty: "applied" }]);
  });

  test("fires once, and not for a run that is stopping", () => {
    const stage = withDeadline("1m");
    stage.cancels();
    expect(stage.wait(60_000)).toEqual([]);
    stage.say({ kind: "timer.fired", at: stage.now, timer: "deadline" });
    expect(stage.state.stop?.cause).toBe("cancel");
    expect(nextDueAt(stage.state)).toBe(undefined);
    const passed = withDeadline("1m");
    const fired = { kind: "timer.fired", at: passed.now, timer: "deadline" } as const;
    passed.say(fired, fired);
    expect(passed.all("run.stopped")).toHaveLength(1);
  });

  test("rule 9: and a cancel in one turn: the first in the journal is the cause", () => {
    const stage = withDeadline("1m");
    stage.now += 60_000;
    stage.say({ kind: "cancel.requested", at: stage.now }, ...fireTimers(stage.state, stage.now));
    expect(stage.state.stop?.cause).toBe("cancel");
    const other = withDeadline("1m");
    other.now += 60_000;
    other.say(...fireTimers(other.state, other.now), { kind: "cancel.requested", at: other.now });
    expect(other.state.stop?.cause).toBe("deadline");
  });
});

describe("rules 17 and 19: timers", () => {
  test("fire in the order in which they were due, the deadline among them", () => {
    const stage = withDeadline("5m");
    stage.fails("slow");
    expect(nextDueAt(stage.state)).toBe(stage.now + 300_000);
    stage.now += 3_600_000;
    expect(fireTimers(stage.state, stage.now).map((entry) => "timer" in entry && entry.timer)).toEqual([
      "deadline",
      "retry",
    ]);
    const later = withDeadline("30m");
    later.fails("slow");
    expect(nextDueAt(later.state)).toBe(later.now + 600_000);
    later.now += 3_600_000;
    expect(fireTimers(later.state, later.now).map((entry) => "timer" in entry && entry.timer)).toEqual([
      "retry",
      "deadline",
    ]);
  });

  test("of a run that has ended do not fire", () => {
    const stage = withDeadline("5m");
    stage.completes("slow");
    stage.completes("e");
    stage.ends();
    expect(fireTimers(stage.state, stage.now + 1e9)).toEqual([]);
    expect(summaryOf(stage.state)).not.toHaveProperty("dueAt");
  });

  test("a timer entry for a slot without a timer changes nothing", () => {
    const stage = withDeadline("5m");
    stage.say({ kind: "timer.fired", at: stage.now, slot: 0, timer: "retry" });
    expect(stage.status("e")).toBe("running");
  });
});
