// A branch enters one of its cases; what a case reads outside is the branch's dependency, and a skip of it is left to who reads it there.
import { describe, expect, test } from "vitest";
import { flow, maxLosses, optional, stepsOf } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const choose = never as () => "fast" | "slow";

/** `outside` may be skipped or fail; both cases read it, one of them without it. */
const chosen = flow("chosen", {
  input: any<{ id: number }>(),
  build: ($, input) => {
    const outside = $.step("outside", { output: any<string>(), when: never }).by(never);
    const route = $.branch("route", {
      needs: { id: input.id },
      choose,
      cases: {
        fast: () => "constant",
        slow: ($) => {
          const bare = $.step("bare", { needs: { outside }, output: any() }).by(never);
          const without = $.step("without", { needs: { outside: optional(outside) }, output: any() }).by(never);
          return { bare: optional(bare), without, id: input.id };
        },
      },
    });
    return { route };
  },
});

describe("a branch", () => {
  test("asks for its case when all that its cases read has settled", () => {
    const stage = new Stage(chosen, { id: 7 });
    expect(stage.due).toEqual(["ask-condition outside"]);
    stage.answers("outside");
    stage.completes("outside", "text");
    expect(stage.due).toEqual(["ask-choice route"]);
    expect(stage.needs("route")).toEqual({ id: 7 });
  });

  test("gives what the case answers; the steps of other cases are not there", () => {
    const stage = new Stage(chosen, { id: 7 });
    stage.answers("outside");
    stage.completes("outside", "text");
    stage.chooses("route", "slow");
    expect(stage.due).toEqual(["attempt route.slow.bare 0/1", "attempt route.slow.without 0/1"]);
    expect(stage.needs("route.slow.bare")).toEqual({ outside: "text" });
    stage.completes("route.slow.bare", 1);
    stage.completes("route.slow.without", 2);
    expect([stage.status("route"), stage.given("route")]).toEqual(["completed", { bare: 1, without: 2, id: 7 }]);
    expect(stepsOf(stage.state)).toMatchObject([{ path: "outside" }, { path: "route", answeredBy: "slow" }, {}, {}]);
  });

  test("with a constant case has its answer at once, and does not forget it in a crash", () => {
    const stage = new Stage(chosen);
    stage.answers("outside", false);
    stage.chooses("route", "fast");
    stage.crash();
    expect([stage.status("route"), stage.given("route"), stage.due]).toEqual(["completed", "constant", ["answer"]]);
  });

  test("rule 15: leaves a skip outside to the readers in its cases", () => {
    const stage = new Stage(chosen);
    stage.answers("outside", false);
    stage.chooses("route", "slow");
    expect([stage.status("route.slow.bare"), stage.due]).toEqual(["skipped", ["attempt route.slow.without 0/1"]]);
    stage.completes("route.slow.without", 2);
    expect(stage.given("route")).toEqual({ bare: undefined, without: 2, id: undefined });
  });

  test("rule 15: fails with a need that only its cases read, and asks for no case", () => {
    const stage = new Stage(chosen);
    stage.answers("outside");
    stage.fails("outside", error(), false);
    expect(stage.all("step.failed")).toMatchObject([{ slot: 0 }, { slot: 1, failure: { kind: "need" }, need: 0 }]);
    expect([stage.state.outcome, stage.state.stop]).toMatchObject(["failed", { slot: 0 }]);
  });

  test("rule 5: a choice that takes the process down is given up", () => {
    const stage = new Stage(chosen);
    stage.answers("outside", false);
    for (let losses = 0; losses < maxLosses; losses++) expect(stage.crash()).toMatchObject([{ kind: "attempt.lost" }]);
    expect(stage.all("step.failed")).toMatchObject([{ slot: 1, failure: { kind: "crashed" } }]);
  });
});

test("a step three scopes in reads a step of each scope around it, and the input", () => {
  const nested = flow("nested", {
    input: any<{ id: number }>(),
    build: ($, input) => {
      const top = $.step("top", { output: any<string>() }).by(never);
      return $.branch("outer", {
        choose: () => "one" as const,
        cases: {
          one: ($) => {
            const middle = $.step("middle", { output: any<string>() }).by(never);
            return $.branch("inner", {
              choose: () => "two" as const,
              cases: {
                two: ($) => $.step("deep", { needs: { top, middle, id: input.id }, output: any() }).by(never),
              },
            });
          },
        },
      });
    },
  });
  const stage = new Stage(nested, { id: 3 });
  stage.completes("top", "T");
  stage.chooses("outer", "one");
  expect(stage.due).toEqual(["attempt outer.one.middle 0/1"]);
  stage.completes("outer.one.middle", "M");
  stage.chooses("outer.one.inner", "two");
  expect(stage.needs("outer.one.inner.two.deep")).toEqual({ top: "T", middle: "M", id: 3 });
  stage.completes("outer.one.inner.two.deep", "D");
  expect(stage.given("outer")).toBe("D");
});
