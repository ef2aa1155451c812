// An ensemble makes one answer of so many good ones: what each member said is kept, a failed one is a missing voice, and below the quorum the declared happens.
import { describe, expect, test } from "vitest";
import { type EnsembleCode, flow, maxLosses, optional } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

type Below = "fails" | "value" | (() => never);

function voting(settle: "all" | "quorum", below: Below = "fails", done = false) {
  return flow("voting", {
    input: any<{ amount: number }>(),
    build: ($, input) => {
      const score = $.ensemble("score", {
        needs: { amount: input.amount },
        output: any<number>(),
        retry: { maxAttempts: 1 },
        quorum: 2,
        settle,
        combine: never,
        ...(below === "fails" ? {} : { below: below === "value" ? 0.5 : below }),
      }).by({ rules: never, model: [never, never], graph: { run: never, timeout: 5 } });
      return { score: done ? optional(score, { onFailure: true }) : score };
    },
  });
}

describe("an ensemble", () => {
  test("asks all members the same at once", () => {
    const stage = new Stage(voting("all"), { amount: 9 });
    expect(stage.due).toEqual(["attempt score.rules 0/1", "attempt score.model 0/1", "attempt score.graph 0/1"]);
    expect(stage.needs("score.model")).toEqual({ amount: 9 });
  });

  test("makes one answer of the good ones: by a function of them, of them by member, or not at all", () => {
    const combining = (options: object, ...more: [((survivors: object) => unknown)?]) => {
      const { code } = flow("combining", {
        input: any(),
        build: ($) => $.ensemble("e", { output: any(), quorum: 1, ...options }).by({ a: never, b: never }, ...more),
      });
      const { combine } = code.scopes.flat()[0] as EnsembleCode;
      return (combine as (...given: unknown[]) => unknown)({ b: 2 }, [2]);
    };
    expect(combining({ combine: (...given: unknown[]) => given })).toEqual([[2]]);
    expect(combining({}, (...given: unknown[]) => given)).toEqual([{ b: 2 }]);
    expect(combining({})).toEqual([2]);
  });

  test("waits for all, combines what came, and tells what became of each", () => {
    const stage = new Stage(voting("all"));
    stage.completes("score.rules", 1);
    stage.fails("score.graph", error("too slow", "timeout"));
    expect(stage.due).toEqual(["attempt score.model 0/1"]);
    stage.completes("score.model", 2);
    expect(stage.due).toEqual(["combine score"]);
    stage.crash();
    stage.makes("score", 1.5);
    expect(stage.given("score")).toEqual({
      value: 1.5,
      survivors: 2,
      votes: {
        rules: { status: "success", value: 1, message: undefined },
        model: { status: "success", value: 2, message: undefined },
        graph: { status: "timeout", value: undefined, message: "too slow" },
      },
    });
    expect(stage.state.degradations).toMatchObject([{ path: "score.graph", kind: "missing-voice" }]);
  });

  test("whose journal has no value for it is read all the same, and so is a member's vote without one", () => {
    const stage = new Stage(voting("all"));
    for (const member of ["rules", "graph", "model"]) stage.completes(`score.${member}`, 1);
    stage.makes("score", 1);
    stage.slot("score").value = undefined;
    stage.slot("score.rules").value = undefined;
    expect(stage.given("score")).toMatchObject({
      value: undefined,
      votes: { rules: { status: "success" } },
      survivors: 3,
    });
  });

  test("that settles at its quorum closes the others, and they degrade nothing", () => {
    const stage = new Stage(voting("quorum"));
    stage.completes("score.graph", 3);
    stage.completes("score.rules", 1);
    expect(stage.all("scope.closed")).toHaveLength(1);
    expect(stage.due).toEqual(["combine score"]);
    stage.completes("score.model", 2); // it says so too late
    expect(stage.status("score.model")).toBe("ready");
    stage.makes("score", 2);
    expect(stage.given("score")).toMatchObject({ survivors: 2, votes: { model: { status: "superseded" } } });
    expect([stage.state.degradations, stage.due]).toEqual([[], ["answer"]]);
  });

  test("that settles at its quorum ends at once when it cannot be reached", () => {
    const stage = new Stage(voting("quorum", "value"));
    stage.fails("score.rules", error("no", "contract"));
    stage.fails("score.graph");
    expect(stage.all("scope.closed")).toHaveLength(1);
    expect(stage.given("score")).toMatchObject({
      value: 0.5,
      survivors: 0,
      votes: { rules: { status: "contract" }, graph: { status: "error" }, model: { status: "superseded" } },
    });
    expect(stage.state.degradations.at(-1)).toEqual({
      path: "score",
      kind: "below-quorum",
      reason: "0 of 3 members gave an answer, 2 are needed",
    });
  });

  test("below its quorum fails where nothing is declared", () => {
    const stage = new Stage(voting("quorum"));
    stage.fails("score.rules");
    stage.fails("score.graph");
    expect(stage.all("step.failed").at(-1)).toMatchObject({ slot: 0, failure: { kind: "quorum" } });
    expect([stage.state.outcome, stage.state.stop?.slot]).toEqual(["failed", 0]);
  });

  test("below its quorum can be done without", () => {
    const stage = new Stage(voting("quorum", "fails", true));
    stage.fails("score.rules");
    stage.fails("score.graph");
    expect([stage.status("score"), stage.due]).toEqual(["failed", ["answer"]]);
  });

  test("below its quorum asks for a declared answer that is a function, and counts its losses", () => {
    const stage = new Stage(voting("all", never));
    stage.fails("score.rules");
    stage.fails("score.graph");
    stage.completes("score.model", 2);
    expect(stage.due).toEqual(["declare-answer score"]);
    expect(stage.crash()).toMatchObject([{ kind: "attempt.lost", slot: 0 }]);
    stage.makes("score", "unknown", "too few");
    expect([stage.given("score"), stage.state.degradations.at(-1)?.kind]).toMatchObject([
      { value: "unknown", survivors: 1 },
      "below-quorum",
    ]);
  });

  test("rule 5: whose combining takes the process down is given up", () => {
    const stage = new Stage(voting("quorum"));
    stage.completes("score.rules", 1);
    stage.completes("score.graph", 1);
    for (let losses = 0; losses < maxLosses; losses++) stage.crash();
    expect(stage.all("step.failed")).toMatchObject([{ slot: 0, failure: { kind: "crashed" } }]);
  });

  test("a member goes down its own ladder", () => {
    const stage = new Stage(voting("all"));
    stage.fails("score.model");
    expect(stage.due).toContain("attempt score.model 1/2");
    stage.completes("score.model", 2);
    expect(stage.state.degradations).toMatchObject([{ path: "score.model", kind: "fallback" }]);
  });
});
