// Rule 20: signals are kept in order, known by name and id, taken one for each wait, never lost before the wait begins; without one the declared value.
import { describe, expect, test } from "vitest";
import { flow, maxLosses, recordSignal } from "../src/index.ts";
import { any, error, never, Stage, sealed } from "./stage.ts";

/** Two waits of one name, in the cases of two branches, and one of another name. */
const waiting = flow("waiting", {
  input: any(),
  build: ($) => {
    const go = ($$: typeof $) => $$.signal("go", { schema: any(), timeout: "1m", onTimeout: "nobody" });
    return {
      first: $.branch("first", { choose: () => "one" as const, cases: { one: go } }),
      second: $.branch("second", { choose: () => "one" as const, cases: { one: go } }),
      stop: $.signal("stop", { schema: any(), timeout: "1m", onTimeout: never }),
    };
  },
});

function says(stage: Stage, name: string, id: string, value: unknown = id): string {
  const { status, entries } = recordSignal(stage.state, { name, id, value: sealed(value) }, stage.now);
  stage.say(...entries);
  return status;
}

function enter(stage: Stage, ...paths: string[]): void {
  const entries = paths.map((path) => {
    const { id: slot } = stage.slot(path);
    return { kind: "scope.entered", at: stage.now, slot, scope: path === "first" ? 1 : 2, key: "one" } as const;
  });
  stage.say(...entries);
}

describe("rule 20: a signal", () => {
  test("that comes before its wait is kept, in order, and each wait takes one", () => {
    const stage = new Stage(waiting);
    expect([says(stage, "go", "a"), says(stage, "go", "b"), says(stage, "go", "a")]).toEqual([
      "received",
      "received",
      "repeated",
    ]);
    enter(stage, "first");
    expect(stage.value("first.one.go")).toBe("a");
    stage.crash();
    enter(stage, "second");
    expect([stage.value("first.one.go"), stage.value("second.one.go")]).toEqual(["a", "b"]);
    expect(stage.all("signal.awaited")).toMatchObject([{ slot: stage.slot("stop").id }]);
  });

  test("is taken once by waits that begin together, and one of another name with the same id stays its own", () => {
    const stage = new Stage(waiting);
    stage.say(
      { kind: "signal.received", at: stage.now, name: "go", id: "1", value: sealed("go 1") },
      { kind: "signal.received", at: stage.now, name: "stop", id: "1", value: sealed("stop 1") },
      { kind: "scope.entered", at: stage.now, slot: 0, scope: 1, key: "one" },
      { kind: "scope.entered", at: stage.now, slot: 1, scope: 2, key: "one" },
    );
    expect([stage.value("first.one.go"), stage.value("stop")]).toEqual(["go 1", "stop 1"]);
    expect(stage.status("second.one.go")).toBe("awaiting");
    says(stage, "go", "2");
    expect([stage.value("second.one.go"), stage.slot("second.one.go").dueAt]).toEqual(["2", undefined]);
  });

  test("that does not come in time is the declared value, and degrades the run", () => {
    const stage = new Stage(waiting);
    enter(stage, "first");
    stage.wait(60_000);
    expect(stage.value("first.one.go")).toBe("nobody");
    expect(stage.state.degradations).toMatchObject([{ path: "first.one.go", kind: "automatic-decision" }]);
    expect(stage.due).toContain("declare-decision stop timeout");
  });

  test("that comes too late stays in line, for the wait that is still to come", () => {
    const stage = new Stage(waiting);
    enter(stage, "first");
    stage.wait(60_000);
    expect(says(stage, "go", "late")).toBe("received");
    expect(stage.value("first.one.go")).toBe("nobody");
    enter(stage, "second");
    expect(stage.value("second.one.go")).toBe("late");
  });

  test("to a run that has ended is late", () => {
    const stage = new Stage(waiting);
    stage.cancels();
    expect(says(stage, "go", "a")).toBe("late");
  });

  test("is refused when a thousand of its name wait to be taken (rule 32)", () => {
    const stage = new Stage(waiting);
    for (let id = 0; id < 1_000; id++) says(stage, "go", String(id));
    expect(() => says(stage, "go", "one more")).toThrow(
      expect.objectContaining({ code: "signal-overflow", path: "run-1 go" }),
    );
    expect(says(stage, "stop", "another name")).toBe("received");
  });
});

test("rule 5: a declared value that takes the process down is given up, and the wait is not begun anew", () => {
  const stage = new Stage(waiting);
  stage.wait(60_000);
  for (let losses = 1; losses <= maxLosses; losses++) {
    expect(stage.status("stop")).toBe("expired");
    stage.crash();
  }
  expect(stage.all("step.failed").map(({ failure }) => failure.kind)).toContain("crashed");
  expect(stage.all("signal.awaited").filter(({ slot }) => slot === stage.slot("stop").id)).toHaveLength(1);
});

test("a failed wait is a failed step: the run ends with it", () => {
  const stage = new Stage(waiting);
  stage.say({ kind: "step.failed", at: stage.now, slot: stage.slot("stop").id, failure: error() });
  expect(stage.state.outcome).toBe("failed");
});
