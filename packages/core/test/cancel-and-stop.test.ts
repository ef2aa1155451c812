// Rule 9: running, stopping, ended; the first cause in the order of the journal is the cause, whatever follows.
import { describe, expect, test } from "vitest";
import { advance, decide, endOf, type FlowBuilder, flow, isCurrent, isDue, type Ref } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const once = { output: any(), retry: { maxAttempts: 1 } } as const;
const built = (build: ($: FlowBuilder) => unknown, more: object = {}) =>
  new Stage(flow("stopping", { input: any(), build, ...more }));

const pair = () =>
  built(($) => {
    const a = $.step("a", once).by(never);
    const b = $.step("b", once).by(never);
    return { ra: $.step("ra", { ...once, needs: { a } }).by(never), b };
  });

describe("rule 9: the first cause in journal order", () => {
  test("a cancel that was journaled before a failure of the same turn", () => {
    const stage = pair();
    stage.say(
      { kind: "cancel.requested", at: stage.now, reason: "changed their mind" },
      { kind: "attempt.failed", ...stage.attempt("b"), failure: error(), retryable: false },
    );
    expect(stage.state).toMatchObject({
      outcome: "cancelled",
      stop: { cause: "cancel", failure: { message: "cancelled: changed their mind" } },
    });
  });

  test("a failure that was journaled before a cancel", () => {
    const stage = pair();
    stage.fails("b");
    stage.cancels();
    expect(stage.state).toMatchObject({ outcome: "failed", stop: { cause: "failure", slot: stage.slot("b").id } });
  });

  test("of two failures in one turn the one that began first, though it became fatal later", () => {
    const stage = pair();
    const failed = (path: string) => ({
      kind: "attempt.failed" as const,
      ...stage.attempt(path),
      failure: error(`${path} broke`),
      retryable: false,
    });
    stage.say(failed("a"), failed("b"));
    expect(stage.all("step.failed").map(({ slot }) => slot)).toEqual([0, 1, 2]);
    expect(stage.state.failure?.message).toBe("a broke");
  });

  test("the cause is the step that failed by itself, not the reader that failed with it; a crash in between changes nothing", () => {
    const stage = built(($) => {
      let last: Ref<unknown> = $.step("s0", once).by(never) as Ref<unknown>;
      for (let i = 1; i < 6; i++) last = $.step(`s${i}`, { ...once, needs: { last } }).by(never) as Ref<unknown>;
      return last;
    });
    const { entries } = stage.fails("s0", error("the root"));
    expect(stage.all("run.stopped")).toMatchObject([{ slot: 0, failure: { message: "the root" } }]);
    const cut = entries.findIndex(({ kind }) => kind === "run.stopped");
    stage.journal.splice(stage.journal.length - (entries.length - cut));
    stage.crash();
    expect(stage.all("run.stopped")).toMatchObject([{ slot: 0, failure: { message: "the root" } }]);
  });

  test("a diamond: two needs fail in one turn, the run's cause is the first of them in the journal", () => {
    const stage = built(($) => {
      const a = $.step("a", once).by(never);
      const b = $.step("b", once).by(never);
      const x = $.step("x", { ...once, needs: { b, a } }).by(never);
      return $.step("y", { ...once, needs: { x, b } }).by(never);
    });
    const failed = (path: string) => ({
      kind: "attempt.failed" as const,
      ...stage.attempt(path),
      failure: error(`${path} broke`),
      retryable: false,
    });
    stage.say(failed("a"), failed("b"));
    expect(stage.state.stop).toMatchObject({ slot: 0, failure: { message: "a broke" } });
  });

  test("rule 32: a failure handed on through many steps stays small", () => {
    const stage = built(($) => {
      let last: Ref<unknown> = $.step("s0", once).by(never) as Ref<unknown>;
      for (let i = 1; i < 2_000; i++) last = $.step(`s${i}`, { ...once, needs: { last } }).by(never) as Ref<unknown>;
      return last;
    });
    stage.fails("s0", error("the root"));
    const failed = stage.all("step.failed");
    expect(failed).toHaveLength(2_000);
    expect(failed.at(-1)).toMatchObject({
      need: 1_998,
      failure: { kind: "need", message: "its need s1998 failed: the root", cause: { kind: "error" } },
    });
    expect(JSON.stringify(failed).length).toBeLessThan(2_000 * 400);
  });
});

describe("rule 9: while stopping", () => {
  const effectful = () =>
    built(
      ($) => {
        const e = $.step("e", { ...once, kind: "effect", compensate: never, retry: { maxAttempts: 5 } }).by(never);
        const r = $.step("r", once).by(never);
        const asked = $.approval("ask", { decision: any<object>(), desk: "d", timeout: "1h", onTimeout: {} });
        return { r, next: $.step("next", { ...once, needs: { e } }).by(never), asked };
      },
      { deadline: "10h" },
    );

  test("nothing new starts, timers are gone, reads are not waited for, effects are", () => {
    const stage = effectful();
    stage.cancels();
    expect(stage.due).toEqual(["attempt e 0/1"]);
    expect(stage.state.timers.size).toBe(0);
    expect(stage.wait(36_000_000)).toEqual([]);
    const read = { kind: "attempt", slot: stage.slot("r").id, rung: 0, attempt: 1 } as const;
    expect(isCurrent(stage.state, read)).toBe(false);
    expect(isDue(stage.state, read)).toBe(false);
    expect(isCurrent(stage.state, { ...read, slot: 0 })).toBe(true);
    expect(isDue(stage.state, { ...read, slot: 0 })).toBe(true);
    stage.completes("r", "too late");
    expect(stage.value("r")).toBe(undefined);
    stage.completes("e");
    expect(stage.status("next")).toBe("ready");
    expect(stage.due).toEqual(["compensate e 1"]);
  });

  test("an effect whose start mark was written and that had not begun is not applied: nothing to undo", () => {
    const stage = effectful();
    stage.cancels();
    stage.fails("e", error("never begun", "not-applied"));
    expect(stage.all("compensation.started")).toEqual([]);
    expect(stage.state.outcome).toBe("cancelled");
  });

  test("a cancel while stopping or undoing is recorded and ignored; the first one counts", () => {
    const stage = effectful();
    stage.cancels("first");
    stage.completes("e");
    stage.cancels("second");
    stage.undoes("e");
    expect(stage.state.outcome).toBe("cancelled");
    expect(stage.state.cancel?.reason).toBe("first");
    expect(stage.all("run.stopped")).toHaveLength(1);
  });

  test("a second stop changes nothing", () => {
    const stage = effectful();
    stage.cancels();
    stage.say({ kind: "run.stopped", at: stage.now, cause: "failure", slot: 0, failure: error() });
    expect(stage.state.stop?.cause).toBe("cancel");
  });

  test("two cancels before the stop are one", () => {
    const stage = effectful();
    const cancel = { kind: "cancel.requested", at: stage.now } as const;
    stage.say({ ...cancel, by: "a" }, { ...cancel, by: "b" });
    expect(stage.state.cancel?.by).toBe("a");
  });
});

describe("the end", () => {
  test("an answer that breaks the flow's contract stops the run: its effects are undone", () => {
    const stage = built(($) => {
      $.step("e", { ...once, kind: "effect", compensate: never }).by(never);
      return {};
    });
    stage.completes("e");
    expect(stage.due).toEqual(["answer"]);
    expect(isDue(stage.state, { kind: "answer" })).toBe(true);
    stage.say({ kind: "run.stopped", at: stage.now, cause: "failure", failure: error("no total", "contract") });
    expect(isDue(stage.state, { kind: "answer" })).toBe(false);
    stage.undoes("e");
    expect(stage.state).toMatchObject({ outcome: "failed", failure: { kind: "contract" } });
  });

  test("rule 9: on failure the result carries the partial outputs; late entries do not move the end", () => {
    const stage = pair();
    stage.completes("a", { x: 1 });
    stage.now += 40;
    stage.fails("b", error("down"));
    const end = endOf(stage.state);
    expect(end).toMatchObject({
      outcome: "failed",
      cause: "failure",
      failure: { message: "down" },
      partial: { a: '{"x":1}' },
      ms: 40,
      output: undefined,
    });
    stage.now += 5_000;
    stage.say(
      { kind: "attempt.late", at: stage.now, slot: 2, attempt: 1, result: "value" },
      { kind: "cancel.requested", at: stage.now },
    );
    expect(endOf(stage.state)).toEqual(end);
    expect(stage.state.length).toBe(stage.journal.length);
    expect(decide(stage.state, stage.env)).toEqual({ entries: [], commands: [] });
  });

  test("a run of no steps answers at once; a run that goes on has no end yet", () => {
    const stage = built(() => ({ fixed: 1 }));
    expect(stage.due).toEqual(["answer"]);
    expect(endOf(stage.state)).toBe(undefined);
    stage.ends();
    expect(advance(stage.state, stage.env)).toEqual({ entries: [], commands: [] });
    expect(endOf(stage.state)).toMatchObject({
      outcome: "succeeded",
      output: '"done"',
      ms: 0,
      cost: { usd: 0, tokens: 0 },
    });
  });

  test("due means due: commands of settled slots, earlier undos and other phases are not", () => {
    const stage = built(($) => {
      $.step("e", { ...once, kind: "effect", compensate: { run: never, retry: { delay: 0 } } }).by(never);
      return $.step("r", { ...once, when: never }).by(never);
    });
    const ask = { kind: "ask-condition", slot: 1 } as const;
    expect(isDue(stage.state, ask)).toBe(true);
    expect(isDue(stage.state, { kind: "answer-deadline" })).toBe(false);
    stage.answers("r", false);
    expect(isDue(stage.state, ask)).toBe(false);
    stage.cancels();
    stage.completes("e");
    stage.undoes("e", error());
    expect(isDue(stage.state, { kind: "compensate", slot: 0, attempt: 1 })).toBe(false);
    expect(isDue(stage.state, { kind: "compensate", slot: 0, attempt: 2 })).toBe(true);
    expect(isDue(stage.state, { kind: "answer-deadline" })).toBe(true);
  });
});
