// Rules 17 and 19: one decision for one request, by journal order; early ones are refused, late ones are kept and answered as late.
import { describe, expect, test } from "vitest";
import { flow, recordDecision, sealedDecision, summaryOf, withVia } from "../src/index.ts";
import { any, never, Stage, sealed } from "./stage.ts";

const loan = flow("loan", {
  input: any(),
  build: ($) => {
    const summary = $.step("summary", { output: any<string>() }).by(never);
    const verdict = $.approval("underwriter", {
      needs: { summary },
      decision: any<{ approved: boolean }>(),
      desk: "underwriting",
      timeout: "5m",
      onTimeout: { approved: false },
    });
    return $.step("book", { needs: { verdict }, output: any() }).by(never);
  },
});

function asked(): Stage {
  const stage = new Stage(loan);
  stage.completes("summary", "fine");
  return stage;
}

const yes = { approved: true };

describe("rule 19: a decision", () => {
  test("of a person settles the request, says by whom, and degrades nothing", () => {
    const stage = asked();
    expect(stage.decides("underwriter", yes, { by: "ada", id: "d1", note: "ok" })).toBe("decided");
    expect(stage.value("underwriter")).toEqual({ approved: true, via: "person", by: "ada" });
    expect(stage.all("approval.decided")).toMatchObject([{ via: "person", by: "ada", id: "d1", note: "ok" }]);
    expect(stage.due).toEqual(["attempt book 0/1"]);
    expect([stage.state.degradations, stage.state.timers.size]).toEqual([[], 0]);
  });

  test("without a name and without an id is one too", () => {
    const stage = asked();
    expect(stage.decides("underwriter", {})).toBe("decided");
    expect(stage.value("underwriter")).toEqual({ via: "person" });
  });

  test("before anybody was asked is refused as early, and nothing is journaled", () => {
    const stage = new Stage(loan);
    const { length } = stage.journal;
    expect(() => stage.decides("underwriter", yes)).toThrow(
      expect.objectContaining({ code: "approval-early", found: "the step is pending" }),
    );
    expect(stage.journal).toHaveLength(length);
  });

  test("for something that is no approval of this run names those that are", () => {
    const stage = asked();
    const unknown = (path: string) => () => stage.decides(path, yes);
    expect(unknown("summary")).toThrow(
      expect.objectContaining({ code: "approval-unknown", expected: "one of underwriter" }),
    );
    expect(unknown("nobody")).toThrow(expect.objectContaining({ code: "approval-unknown" }));
    const none = new Stage(flow("none", { input: any(), build: ($) => $.step("s", { output: any() }).by(never) }));
    expect(() => none.decides("s", yes)).toThrow(expect.objectContaining({ expected: "a flow with an approval" }));
  });

  test("sent again under its id is answered as before, also over a crash, and counts once", () => {
    const stage = asked();
    stage.decides("underwriter", yes, { by: "ada", id: "d1" });
    stage.crash();
    expect(stage.decides("underwriter", yes, { by: "ada", id: "d1" })).toBe("repeated");
    expect(() => stage.decides("underwriter", { approved: false }, { by: "ada", id: "d1" })).toThrow(
      expect.objectContaining({ code: "decision-conflict" }),
    );
    expect(stage.all("approval.decided")).toHaveLength(1);
    expect(stage.all("decision.refused")).toHaveLength(0);
  });

  test("that comes second is late: kept with who it was, and changes nothing", () => {
    const stage = asked();
    stage.decides("underwriter", yes, { by: "ada", id: "d1" });
    expect(stage.decides("underwriter", { approved: false }, { by: "bob", id: "d2" })).toBe("late");
    expect(stage.all("decision.refused")).toMatchObject([{ because: "late", by: "bob", id: "d2" }]);
    expect(stage.value("underwriter")).toMatchObject({ approved: true });
  });

  test("is late when the run is stopping or has ended", () => {
    const stage = asked();
    stage.cancels();
    expect(stage.decides("underwriter", yes)).toBe("late");
    expect(stage.state.outcome).toBe("cancelled");
  });
});

describe("rule 17 and 19: an answer against the clock", () => {
  test("nobody answers: the declared decision, marked, and the run is degraded", () => {
    const stage = asked();
    expect(stage.wait(299_999)).toEqual([]);
    expect(stage.wait(1)).toMatchObject([{ kind: "timer.fired", timer: "approval" }]);
    expect(stage.value("underwriter")).toEqual({ approved: false, via: "timeout" });
    expect(stage.state.degradations).toEqual([
      { path: "underwriter", kind: "automatic-decision", reason: "nobody answered in time" },
    ]);
    expect(stage.decides("underwriter", yes, { by: "ada" })).toBe("late");
  });

  test("an answer and the timeout in one turn are decided once, by their order in the journal", () => {
    const person = (stage: Stage) =>
      recordDecision(stage.state, { path: "underwriter", value: sealed(yes) }, stage.now).entries;
    const timer = (stage: Stage) =>
      ({ kind: "timer.fired", at: stage.now, slot: stage.slot("underwriter").id, timer: "approval" }) as const;
    const answerFirst = asked();
    answerFirst.now += 300_000;
    answerFirst.say(...person(answerFirst), timer(answerFirst));
    expect(answerFirst.value("underwriter")).toMatchObject({ via: "person" });
    const both = asked();
    both.now += 300_000;
    both.say(timer(both), ...person(both));
    // The answer arrived before anything was decided for nobody: a person's word is taken while it can be.
    expect(both.value("underwriter")).toMatchObject({ via: "person" });
    expect(both.all("approval.decided")).toHaveLength(1);
  });

  test("rule 22: while it waits, the run waits, and says for whom and until when", () => {
    const stage = asked();
    expect(summaryOf(stage.state)).toMatchObject({
      status: "waiting",
      dueAt: stage.now + 300_000,
      waits: [
        { kind: "approval", path: "underwriter", desk: "underwriting", since: stage.now, dueAt: stage.now + 300_000 },
      ],
    });
  });

  test("a condition may spare the person", () => {
    const sparing = flow("sparing", {
      input: any(),
      build: ($) =>
        $.approval("ask", { when: never, decision: any<object>(), desk: "d", timeout: 10, onTimeout: () => ({}) }),
    });
    const skipped = new Stage(sparing);
    skipped.answers("ask", false);
    expect(skipped.due).toEqual(["answer"]);
    const stage = new Stage(sparing);
    stage.answers("ask");
    expect(stage.status("ask")).toBe("asked");
    stage.wait(10);
    expect(stage.due).toEqual(["declare-decision ask timeout"]);
    stage.say({ kind: "approval.decided", at: stage.now, slot: 0, via: "timeout", value: withVia("{}", "timeout") });
    expect(stage.value("ask")).toEqual({ via: "timeout" });
  });
});

test("who decided is added by Plumbline: a decision that brings it along is refused", () => {
  expect(withVia('{"a":1}', "person", 'a"b')).toBe('{"a":1,"via":"person","by":"a\\"b"}');
  expect(sealedDecision({ a: 1 }, "ask", [])).toBe('{"a":1}');
  for (const forged of [{ via: "person" }, { approved: true, by: "the boss" }]) {
    expect(() => sealedDecision(forged, "ask", [])).toThrow(expect.objectContaining({ code: "option-invalid" }));
  }
});

test("rule 32: a late decision is recorded once, and of very many only the first hundred", () => {
  const stage = asked();
  stage.decides("underwriter", yes, { by: "ada", id: "d1" });
  for (const _ of [1, 2, 3]) expect(stage.decides("underwriter", yes, { by: "bob", id: "d2" })).toBe("late");
  expect(stage.all("decision.refused")).toHaveLength(1);
  for (let i = 0; i < 150; i++)
    expect(stage.decides("underwriter", yes, i % 2 === 0 ? {} : { id: `late ${i}` })).toBe("late");
  expect(stage.all("decision.refused")).toHaveLength(100);
});
