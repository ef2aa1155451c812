// Rules 3 and 7: an effect has a durable start mark, and the next rung waits until the one before is settled or undone.
import { describe, expect, test } from "vitest";
import { flow, standingOf } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const retry = { maxAttempts: 1, jitter: 0 } as const;
const undo = { run: never, retry: { maxAttempts: 2, delay: "1s", jitter: 0 } } as const;
const booking = (compensate: boolean) =>
  flow("booking", {
    input: any(),
    build: ($) => ({
      book: $.step("book", {
        kind: "effect",
        output: any(),
        retry,
        ...(compensate ? { compensate: undo } : {}),
      }).by({ run: never, name: "bank A" }, { run: never, name: "bank B" }),
    }),
  });

describe("rule 3: the start mark", () => {
  test("is journaled by the decision itself, before the command; reads and pure steps have none", () => {
    const stage = new Stage(booking(true));
    expect(stage.kinds).toEqual(["run.started", "attempt.started"]);
    expect(stage.due).toEqual(["attempt book 0/1"]);
    const plain = flow("plain", {
      input: any(),
      build: ($) => [$.step("r", { output: any() }).by(never), $.step("p", { kind: "pure", output: any() }).by(never)],
    });
    expect(new Stage(plain).kinds).toEqual(["run.started"]);
  });

  test("survives a crash as a lost attempt that is in doubt, and the next attempt of the rung gets a mark of its own", () => {
    const stage = new Stage(booking(true));
    expect(stage.crash()).toMatchObject([{ kind: "attempt.lost", rung: 0, attempt: 1 }]);
    expect(stage.kinds.at(-1)).toBe("attempt.started");
    expect(stage.slot("book")).toMatchObject({ inDoubt: true, losses: 1 });
    expect(stage.due).toEqual(["attempt book 0/2"]);
    expect(stage.state.effects).toEqual([0]);
  });
});

describe("rule 7: down the ladder of an effect", () => {
  test.each(["timeout", "error", "contract", "value", "aborted"] as const)(
    "%s leaves it in doubt: it is undone before the next rung",
    (kind) => {
      const stage = new Stage(booking(true));
      stage.fails("book", error("gone wrong", kind));
      expect(stage.due).toEqual(["compensate book 1"]);
      expect(stage.status("book")).toBe("undoing");
      stage.undoes("book");
      expect(stage.due).toEqual(["attempt book 1/2"]);
      expect(stage.all("rung.entered")).toMatchObject([{ because: "bank A: gone wrong" }]);
      expect(stage.slot("book")).toMatchObject({ inDoubt: false, undo: "none" });
    },
  );

  test("what is proven unapplied goes down without an undo", () => {
    const stage = new Stage(booking(true));
    stage.fails("book", error("refused", "not-applied"));
    expect(stage.due).toEqual(["attempt book 1/2"]);
  });

  test("a proof for the second attempt does not cover the first", () => {
    const twice = flow("twice", {
      input: any(),
      build: ($) =>
        $.step("book", { kind: "effect", output: any(), compensate: undo, retry: { maxAttempts: 2, delay: 0 } }).by(
          never,
          never,
        ),
    });
    const stage = new Stage(twice);
    stage.fails("book", error("late", "timeout"));
    stage.fails("book", error("refused", "not-applied"));
    expect(stage.due).toEqual(["compensate book 1"]);
  });

  test("what cannot be undone holds the ladder: the step fails in doubt, and the effect is listed", () => {
    const stage = new Stage(booking(false));
    stage.fails("book", error("late", "timeout"));
    expect(stage.state.outcome).toBe("failed");
    expect(stage.all("rung.entered")).toEqual([]);
    expect(stage.all("step.failed")[0]?.failure).toMatchObject({
      kind: "in-doubt",
      message: "in doubt and cannot be undone: the step declares no compensate; it was: late",
      cause: { kind: "timeout" },
    });
    expect(standingOf(stage.state)).toEqual([
      { path: "book", certainty: "in-doubt", reason: "the step declares no compensate" },
    ]);
  });

  test("an undo that gives up holds the ladder too, keeps the step's own failure, and is not tried again at the end", () => {
    const stage = new Stage(booking(true));
    stage.fails("book", error("late", "timeout"));
    stage.undoes("book", error("bank is closed"));
    expect(stage.due).toEqual([]);
    stage.waitForTimer();
    expect(stage.due).toEqual(["compensate book 2"]);
    stage.undoes("book", error("still closed"));
    expect(stage.all("compensation.abandoned")).toMatchObject([{ because: "still closed" }]);
    expect(stage.all("step.failed")[0]?.failure.message).toBe("in doubt and could not be undone; it was: late");
    expect(stage.state.outcome).toBe("failed");
    expect(stage.all("compensation.started")).toHaveLength(2);
    expect(standingOf(stage.state)).toEqual([
      { path: "book", certainty: "in-doubt", reason: "could not be undone: still closed" },
    ]);
  });

  test("a crash in the middle of the undo is a failed undo: it is tried again, and the reason of the rung is kept", () => {
    const stage = new Stage(booking(true));
    stage.fails("book", error("late", "timeout"));
    expect(stage.crash()).toMatchObject([{ kind: "compensation.failed", failure: { kind: "lost" } }]);
    stage.waitForTimer();
    stage.undoes("book");
    expect(stage.all("rung.entered")).toMatchObject([{ because: "bank A: late" }]);
  });

  test("the second rung's own doubt is undone when the run fails, under the second rung's key", () => {
    const stage = new Stage(booking(true));
    stage.fails("book", error("refused", "not-applied"));
    stage.fails("book", error("late", "timeout"));
    expect(stage.all("step.failed")).toMatchObject([{ failure: { kind: "timeout" } }]);
    expect(stage.due).toEqual(["compensate book 1"]);
    expect(stage.slot("book").rung).toBe(1);
  });
});

test("an effect that succeeds after a doubtful attempt is applied, once, and is undone as such", () => {
  const stage = new Stage(booking(true));
  stage.crash();
  stage.completes("book");
  stage.ends();
  expect(stage.state.outcome).toBe("succeeded");
  expect(standingOf(stage.state)).toEqual([]);
});

test("rule 8: an effect left in doubt behind an absorbed failure is listed though the run goes on", async () => {
  const { optional } = await import("../src/index.ts");
  const absorbed = flow("absorbed", {
    input: any(),
    build: ($) => {
      const note = (name: string, compensate: boolean) =>
        $.step(name, { kind: "effect", output: any(), retry, ...(compensate ? { compensate: undo } : {}) }).by(never);
      return {
        sent: optional(note("send", false), { onFailure: true }),
        kept: optional(note("keep", true), { onFailure: true }),
        done: note("done", true),
      };
    },
  });
  const stage = new Stage(absorbed);
  stage.fails("send", error("late", "timeout"));
  stage.fails("keep", error("late", "timeout"));
  stage.completes("done");
  stage.ends();
  expect(stage.state.outcome).toBe("degraded");
  expect(standingOf(stage.state)).toEqual([
    { path: "send", certainty: "in-doubt", reason: "the step declares no compensate" },
    { path: "keep", certainty: "in-doubt", reason: "the run went on without it" },
  ]);
});
