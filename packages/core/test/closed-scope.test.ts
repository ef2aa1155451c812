// Rule 9: in a scope that was closed nothing begins and nobody is waited for: timers go, people are late, what was decided for it is not written.
import { describe, expect, test } from "vitest";
import { flow, isDue, optional } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const closing = flow("closing", {
  input: any(),
  build: ($) => {
    const way = $.branch("way", {
      choose: () => "one" as const,
      cases: {
        one: ($) => {
          const booked = $.step("book", { kind: "effect", output: any(), compensate: never }).by(never);
          const slow = $.step("slow", { output: any(), retry: { maxAttempts: 2, delay: "1h" } }).by(never);
          const ask = $.approval("ask", { decision: any<object>(), desk: "d", timeout: "1h", onTimeout: {} });
          const check = $.step("check", { output: any(), retry: { maxAttempts: 1 } }).by(never);
          const last = $.step("last", { needs: { check, slow }, output: any() }).by(never);
          $.approval("never", { after: last, decision: any<object>(), desk: "d", timeout: "1h", onTimeout: {} });
          return { booked, ask, check };
        },
      },
    });
    return { way: optional(way, { onFailure: true }) };
  },
});

function closed(): Stage {
  const stage = new Stage(closing);
  stage.chooses("way", "one");
  stage.completes("way.one.book");
  stage.fails("way.one.slow");
  stage.fails("way.one.check", error("wrong"));
  return stage;
}

describe("rule 9: a scope that is being undone", () => {
  test("has no timers and no commands but its undoing", () => {
    const stage = closed();
    expect([stage.status("way"), stage.due, stage.state.timers.size]).toEqual([
      "stopping",
      ["compensate way.one.book 1"],
      0,
    ]);
  });

  test("rule 18: a person who answers in it is late, also before it was their turn", () => {
    const stage = closed();
    expect(stage.decides("way.one.ask", { approved: true }, { id: "1" })).toBe("late");
    expect(stage.decides("way.one.never", { approved: true }, { id: "2" })).toBe("late");
    expect(stage.all("approval.decided")).toEqual([]);
  });

  test("writes nothing more of it: what follows from its failure inside is decided with its end", () => {
    const stage = closed();
    const index = stage.kinds.indexOf("scope.stopped");
    expect(stage.kinds.slice(index + 1)).toEqual(["compensation.started"]);
    expect(stage.status("way.one.last")).toBe("pending");
  });

  test("what was under way in it is not due any more; its undoing is", () => {
    const stage = closed();
    const { id: slot } = stage.slot("way.one.slow");
    expect(isDue(stage.state, { kind: "attempt", slot, rung: 0, attempt: 2 })).toBe(false);
    expect(isDue(stage.state, { kind: "ask-condition", slot })).toBe(false);
    expect(isDue(stage.state, { kind: "compensate", slot: stage.slot("way.one.book").id, attempt: 1 })).toBe(true);
    expect(isDue(stage.state, { kind: "ask-choice", slot: stage.slot("way").id })).toBe(false);
  });
});

test("commands for a part that closes in the same turn are not given", () => {
  const pair = flow("pair", {
    input: any(),
    build: ($) => {
      const score = $.ensemble("score", {
        output: any<number>(),
        quorum: 1,
        settle: "quorum",
        combine: never,
      }).by({ one: never, two: { run: never, retry: { maxAttempts: 2, delay: 0 } } });
      return { score };
    },
  });
  const stage = new Stage(pair);
  const { id, rung, attempts } = stage.slot("score.two");
  const { commands } = stage.say(
    { kind: "attempt.failed", ...stage.attempt("score.two"), failure: error(), retryable: true },
    { kind: "step.completed", ...stage.attempt("score.one"), value: "1" },
  );
  expect([id, rung, attempts]).toEqual([2, 0, 0]);
  expect(commands).toEqual([{ kind: "combine", slot: 0 }]);
});
