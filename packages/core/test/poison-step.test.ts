// Rule 5: what was running when the process died is lost, counted apart from its attempts, and given up after five losses.
import { describe, expect, test } from "vitest";
import { flow, maxLosses, recover } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const retry = { maxAttempts: 2, delay: 0 } as const;

function crashes(stage: Stage, times: number): void {
  for (let i = 0; i < times; i++) stage.crash();
}

describe("rule 5: a poison step", () => {
  test.each(["pure", "read", "effect"] as const)(
    "of kind %s goes down its ladder after five losses, and fails as crashed on the last rung",
    (kind) => {
      const poison = flow("poison", {
        input: any(),
        build: ($) => ({
          s: $.step("s", { kind, output: any(), retry, ...(kind === "effect" ? { compensate: never } : {}) }).by(
            { run: never, name: "one" },
            { run: never, name: "two" },
          ),
        }),
      });
      const stage = new Stage(poison);
      crashes(stage, maxLosses);
      const message = "the process died 5 times while one was running";
      if (kind === "effect") {
        expect(stage.due).toEqual(["compensate s 1"]);
        stage.undoes("s");
      }
      expect(stage.all("rung.entered")).toMatchObject([{ rung: 1, because: `one: ${message}` }]);
      expect(stage.slot("s")).toMatchObject({ losses: 0, rungAttempts: 0, attempts: 5 });
      crashes(stage, maxLosses);
      expect(stage.all("step.failed")).toMatchObject([
        { failure: { kind: "crashed", message: "the process died 5 times while two was running" } },
      ]);
      expect(stage.all("attempt.lost")).toHaveLength(2 * maxLosses);
    },
  );

  test("without an undo and with a rung below is in doubt, and says so instead of breaking the engine", () => {
    const poison = flow("poison", {
      input: any(),
      build: ($) => ({ s: $.step("s", { kind: "effect", output: any() }).by(never, never) }),
    });
    const stage = new Stage(poison);
    crashes(stage, maxLosses);
    expect(stage.all("step.failed")).toMatchObject([{ failure: { kind: "in-doubt", cause: { kind: "crashed" } } }]);
    expect(stage.state.outcome).toBe("failed");
  });

  test("with an undo that gives up keeps crashed as the cause", () => {
    const poison = flow("poison", {
      input: any(),
      build: ($) => ({
        s: $.step("s", { kind: "effect", output: any(), compensate: { run: never, retry: { maxAttempts: 1 } } }).by(
          never,
          never,
        ),
      }),
    });
    const stage = new Stage(poison);
    crashes(stage, maxLosses);
    stage.undoes("s", error("no"));
    expect(stage.all("step.failed")).toMatchObject([{ failure: { kind: "in-doubt", cause: { kind: "crashed" } } }]);
  });

  test("losses do not count towards maxAttempts, nor failures towards losses", () => {
    const stage = new Stage(flow("s", { input: any(), build: ($) => $.step("s", { output: any(), retry }).by(never) }));
    crashes(stage, maxLosses - 1);
    stage.fails("s");
    expect(stage.due).toEqual(["attempt s 0/6"]);
    stage.completes("s");
    expect(stage.ends().entries).toEqual([]);
    expect(stage.state.outcome).toBe("succeeded");
  });
});

describe("rule 5: other user code that takes the process down", () => {
  const conditional = flow("conditional", {
    input: any(),
    build: ($) => ({
      s: $.step("s", { when: never, output: any() }).by(never),
      a: $.approval("a", { when: never, decision: any<object>(), desk: "d", timeout: 10, onTimeout: {} }),
    }),
  });

  test("a condition is given up too, for steps and for approvals", () => {
    const stage = new Stage(conditional);
    expect(stage.due).toEqual(["ask-condition s", "ask-condition a"]);
    crashes(stage, maxLosses);
    expect(stage.all("step.failed").map(({ failure }) => [failure.kind, failure.message])).toEqual([
      ["crashed", expect.stringContaining("while never was running")],
      ["crashed", "the process died 5 times while a was running"],
    ]);
    expect(stage.state.outcome).toBe("failed");
  });

  test("so is a declared decision that is a function: for a timeout and for an open breaker", () => {
    const byFunction = (breaker: boolean) =>
      flow("declared", {
        input: any(),
        build: ($) => ({
          a: $.approval("a", {
            decision: any<object>(),
            desk: "d",
            timeout: 10,
            onTimeout: never,
            ...(breaker ? { breaker: { after: 1, openFor: 10, decide: never } } : {}),
          }),
        }),
      });
    const timedOut = new Stage(byFunction(false));
    timedOut.wait(10);
    crashes(timedOut, maxLosses);
    expect(timedOut.all("step.failed")).toMatchObject([{ failure: { kind: "crashed" } }]);
    const refused = new Stage(byFunction(true));
    for (let i = 0; i < maxLosses; i++) {
      refused.say({
        kind: "admission.answered",
        at: refused.now,
        slot: 0,
        breaker: "desk/d",
        epoch: 1,
        admission: "refused",
      });
      expect(refused.due).toEqual(["declare-decision a breaker"]);
      refused.crash();
    }
    expect(refused.all("step.failed")).toMatchObject([{ failure: { kind: "crashed" } }]);
  });

  test("an expired request stays expired over a crash: nobody is asked twice", () => {
    const stage = new Stage(
      flow("x", {
        input: any(),
        build: ($) => $.approval("a", { decision: any<object>(), desk: "d", timeout: 10, onTimeout: never }),
      }),
    );
    stage.wait(10);
    expect(stage.crash()).toMatchObject([{ kind: "attempt.lost", slot: 0 }]);
    expect(stage.due).toEqual(["declare-decision a timeout"]);
    expect(stage.all("approval.requested")).toHaveLength(1);
  });
});

describe("rule 5: what was not running is not lost", () => {
  const waiting = flow("waiting", {
    input: any(),
    build: ($) => {
      const slow = $.step("slow", { output: any(), retry: { maxAttempts: 2, delay: "1m" } }).by(never);
      const asked = $.step("asks", { output: any() }).by({ run: never, breaker: { name: "b" } });
      const approval = $.approval("ask", {
        decision: any<object>(),
        desk: "d",
        timeout: "1h",
        onTimeout: {},
        breaker: { after: 2, openFor: "1h", decide: {} },
      });
      return { next: $.step("next", { needs: { slow }, output: any() }).by(never), asked, approval };
    },
  });

  test("pending steps, backoffs, requests, and attempts that no breaker admitted yet", () => {
    const stage = new Stage(waiting);
    stage.fails("slow");
    expect(stage.crash()).toEqual([]);
    expect(stage.due).toEqual(["ask-breaker asks", "ask-breaker ask"]);
    const admitted = { kind: "admission.answered", at: stage.now, epoch: 0, admission: "admitted" } as const;
    stage.say(
      { ...admitted, slot: stage.slot("asks").id, breaker: "b" },
      { ...admitted, slot: stage.slot("ask").id, breaker: "desk/d" },
    );
    expect(stage.crash()).toMatchObject([{ kind: "attempt.lost", slot: stage.slot("asks").id }]);
    expect(stage.due).toEqual(["ask-breaker asks"]); // a permit of a dead process is asked for again
    stage.wait(3_600_000);
    const ask = stage.slot("ask");
    expect([ask.status, stage.due]).toEqual(["expired", expect.arrayContaining(["declare-decision ask timeout"])]);
    expect(stage.crash().filter((entry) => "slot" in entry && entry.slot === ask.id)).toEqual([]); // declared as a value
  });

  test("nor is anything of a run that has ended", () => {
    const stage = new Stage(flow("x", { input: any(), build: ($) => $.step("s", { output: any() }).by(never) }));
    stage.completes("s");
    stage.ends();
    expect(recover(stage.state, stage.now)).toEqual([]);
  });

  test("reads of a run that is stopping", () => {
    const stage = new Stage(
      flow("x", {
        input: any(),
        build: ($) => ({
          r: $.step("r", { output: any() }).by(never),
          e: $.step("e", { kind: "effect", output: any() }).by(never),
        }),
      }),
    );
    stage.cancels();
    expect(stage.crash()).toMatchObject([{ kind: "attempt.lost", slot: 1 }]);
    expect(stage.state.outcome).toBe("cancelled");
  });
});

test("rule 5: what an engine let go of in good order is lost without blame, and a crash after that counts again", () => {
  const stage = new Stage(
    flow("left", {
      input: any(),
      build: ($) => $.step("slow", { output: any(), retry: { maxAttempts: 1 } }).by(never),
    }),
  );
  for (let closes = 1; closes <= 2 * maxLosses; closes++) {
    stage.say({ kind: "run.left", at: stage.now });
    expect(stage.crash()).toMatchObject([{ kind: "attempt.lost", because: "left" }]);
    expect(stage.slot("slow")).toMatchObject({ losses: 0, attempts: closes, status: "ready" });
  }
  expect(stage.crash()).toEqual([expect.not.objectContaining({ because: "left" })]);
  expect(stage.slot("slow").losses).toBe(1);
  expect(recover(stage.state, stage.now, true)).toMatchObject([{ because: "left" }]);
});
