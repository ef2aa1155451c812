// Rule 27: rows and step reports are readings of the folded journal, so rebuilding them gives the same.
import { expect, test } from "vitest";
import { answererOf, flow, type RunState, stepsOf, summaryOf } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const once = { output: any(), retry: { maxAttempts: 1 } } as const;
const busy = flow("busy", {
  input: any(),
  build: ($) => {
    const read = $.step("read", { output: any(), retry: { delay: "1m", jitter: 0 } }).by(
      { run: never, name: "first" },
      { run: never, name: "second" },
    );
    const pay = $.step("pay", {
      ...once,
      kind: "effect",
      compensate: { run: never, retry: { maxAttempts: 2, delay: "1m", jitter: 0 } },
    }).by(never);
    const ask = $.approval("ask", { decision: any<object>(), desk: "d", timeout: "1h", onTimeout: {} });
    const late = $.step("late", { ...once, needs: { read, ask } }).by(never);
    return { late, pay, gone: $.step("gone", { ...once, when: never }).by(never) };
  },
});

const statuses = (state: RunState) => Object.fromEntries(stepsOf(state).map(({ path, status }) => [path, status]));

test("rule 27: the row and the steps of a run, rebuilt from text, are those that were written", () => {
  const stage = new Stage(busy);
  const check = (): void => {
    const written = [summaryOf(stage.state), stepsOf(stage.state)];
    const { state, journal } = stage;
    const length = journal.length;
    stage.crash();
    journal.length = length;
    const rebuilt = new Stage(busy);
    rebuilt.state = state;
    expect([summaryOf(rebuilt.state), stepsOf(rebuilt.state)]).toEqual(written);
    stage.state = state;
  };
  check();
  expect(statuses(stage.state)).toEqual({
    read: "running",
    pay: "running",
    ask: "waiting",
    late: "pending",
    gone: "running",
  });
  expect(summaryOf(stage.state)).toMatchObject({
    id: "run-1",
    flow: "busy",
    status: "running",
    degraded: false,
    length: 3,
    usd: 0,
    waits: [{ path: "ask" }],
  });
  stage.say({ kind: "attempt.progressed", at: stage.now, slot: 0, attempt: 1, fraction: 0.25 });
  expect(stepsOf(stage.state)[0]).toMatchObject({ progress: 0.25 });
  stage.fails("read", error("slow", "timeout"));
  check();
  expect(statuses(stage.state)).toMatchObject({ read: "retrying" });
  expect(stepsOf(stage.state)[0]).toMatchObject({ attempts: 1, failure: { message: "slow" }, ms: 5 });
  stage.say({
    kind: "step.completed",
    ...stage.attempt("pay"),
    value: "1",
    cost: { usd: 0.5, tokens: 10 },
    dropped: [".x"],
    from: { run: "r0", path: "pay", at: 1 },
  });
  stage.answers("gone", false);
  check();
  expect(summaryOf(stage.state)).toMatchObject({ status: "waiting", usd: 0.5, tokens: 10 });
  expect(stepsOf(stage.state)[1]).toMatchObject({
    status: "succeeded",
    answeredBy: "never",
    usd: 0.5,
    tokens: 10,
    dropped: [".x"],
    from: { run: "r0" },
  });
  stage.waitForTimer();
  stage.fails("read", error("down"), false);
  stage.say({ kind: "step.completed", ...stage.attempt("read"), value: "2", cost: {} });
  stage.decides("ask", {}, { by: "ada" });
  check();
  expect(statuses(stage.state)).toEqual({
    read: "degraded",
    pay: "succeeded",
    ask: "succeeded",
    late: "running",
    gone: "skipped",
  });
  expect(stepsOf(stage.state)[2]).toMatchObject({ answeredBy: "person", by: "ada" });
  expect(answererOf(stage.slot("read"))).toBe("second");
  stage.fails("late");
  check();
  expect(statuses(stage.state)).toMatchObject({ pay: "undoing", late: "failed" });
  expect(summaryOf(stage.state)).toMatchObject({ status: "stopping", degraded: true, waits: [] });
  stage.undoes("pay", error());
  check();
  expect(statuses(stage.state)).toMatchObject({ pay: "undoing" });
  stage.waitForTimer();
  stage.undoes("pay");
  check();
  expect(statuses(stage.state)).toMatchObject({ pay: "undone" });
  expect(summaryOf(stage.state)).toMatchObject({ status: "ended", outcome: "failed" });
  expect(answererOf(stage.slot("late"))).toBe(undefined);
});

test("a run that was stopped shows what never came to an end", () => {
  const stage = new Stage(busy);
  stage.cancels();
  expect(statuses(stage.state)).toEqual({
    read: "stopped",
    pay: "running",
    ask: "stopped",
    late: "stopped",
    gone: "stopped",
  });
});

test("a key is part of the row", () => {
  const stage = new Stage(flow("x", { input: any(), build: () => 1 }));
  stage.state.key = "application-42";
  expect(summaryOf(stage.state)).toMatchObject({ key: "application-42", waits: [] });
});

test("rule 22: a run that only waits for a backoff or for an undo's next try waits", () => {
  const waiting = flow("waiting", {
    input: any(),
    build: ($) => ({
      e: $.step("e", { ...once, kind: "effect", compensate: { run: never, retry: { delay: "1h" } } }).by(never, never),
    }),
  });
  const stage = new Stage(waiting);
  stage.fails("e", error("late", "timeout"));
  stage.undoes("e", error());
  expect(statuses(stage.state)).toEqual({ e: "undoing" });
  expect(summaryOf(stage.state)).toMatchObject({ status: "waiting", dueAt: expect.any(Number) });
});

test("a branch was answered by its case, a call by the run that it called", () => {
  const made = flow("answering", {
    input: any(),
    build($) {
      const way = $.branch("way", { choose: never, cases: { left: () => 1, right: () => 2 } });
      return { way, sub: $.call("sub", { flow: busy, input: {} }) };
    },
  });
  const stage = new Stage(made);
  expect([answererOf(stage.slot("way")), answererOf(stage.slot("sub"))]).toEqual([undefined, undefined]);
  stage.chooses("way", "right");
  stage.hears("sub", "succeeded", { value: 1 });
  expect([answererOf(stage.slot("way")), answererOf(stage.slot("sub"))]).toEqual(["right", "run-1.1"]);
});
