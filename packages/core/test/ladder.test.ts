// Rules 7, 11, 14: the rungs of a ladder are tried in order, each with its own retries, and using a lower one is a degradation.
import { expect, test } from "vitest";
import { endOf, flow, template } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const retry = { maxAttempts: 2, delay: "1s", jitter: 0 } as const;
const ladder = flow("ladder", {
  input: any(),
  build: ($) =>
    $.step("ask", { output: any(), retry }).by(
      { run: never, name: "big model" },
      { run: never, name: "small model", retry: { maxAttempts: 1 } },
      template(never),
    ),
});

test("a rung is retried after its backoff, then the next one is entered, with the reason", () => {
  const stage = new Stage(ladder);
  expect(stage.due).toEqual(["attempt ask 0/1"]);
  stage.fails("ask");
  expect(stage.due).toEqual([]);
  expect(stage.wait(999)).toEqual([]);
  stage.wait(1);
  expect(stage.due).toEqual(["attempt ask 0/2"]);
  stage.fails("ask", error("too slow", "timeout"));
  expect(stage.due).toEqual(["attempt ask 1/3"]);
  expect(stage.all("rung.entered")).toMatchObject([{ rung: 1, because: "big model: too slow" }]);
});

test("rule 11: a broken contract is a failed attempt like any other; the next attempt can see value and reasons", () => {
  const stage = new Stage(ladder);
  const failure = { kind: "contract" as const, message: "broke its contract", reasons: ["too long"] };
  stage.say({ kind: "attempt.failed", ...stage.attempt("ask"), failure, retryable: true, value: '"garbage"' });
  stage.wait(1_000);
  expect(stage.due).toEqual(["attempt ask 0/2"]);
  stage.crash();
  expect(stage.slot("ask")).toMatchObject({ brokenValue: '"garbage"', brokenRung: 0, failure });
});

test("what is not worth retrying goes down at once", () => {
  const stage = new Stage(ladder);
  stage.fails("ask", error("no such model"), false);
  expect(stage.due).toEqual(["attempt ask 1/2"]);
});

test("rule 14: an answer of a lower rung degrades the run, with path and reason; attempts are counted over all rungs", () => {
  const stage = new Stage(ladder);
  stage.fails("ask", error("down"), false);
  stage.fails("ask", error("down too"));
  stage.completes("ask", "a template");
  stage.ends();
  expect(stage.state).toMatchObject({
    outcome: "degraded",
    degradations: [{ path: "ask", kind: "fallback", reason: "answered by template: down" }],
  });
  expect(stage.slot("ask")).toMatchObject({ attempts: 3, rung: 2 });
});

test("rule 14: the first rung, after retries too, degrades nothing", () => {
  const stage = new Stage(ladder);
  stage.fails("ask");
  stage.wait(1_000);
  stage.completes("ask");
  expect(stage.ends().commands).toEqual([]);
  expect(stage.state).toMatchObject({ outcome: "succeeded", degradations: [] });
});

test("the last rung's failure is the step's", () => {
  const stage = new Stage(ladder);
  for (const message of ["one", "two", "three"]) stage.fails("ask", error(message), false);
  expect(stage.all("step.failed")).toMatchObject([{ failure: { message: "three" } }]);
  expect(stage.state).toMatchObject({ outcome: "failed", stop: { cause: "failure", slot: 0 } });
});

test("a retry that is due at once needs no timer", () => {
  const eager = flow("eager", {
    input: any(),
    build: ($) => $.step("s", { output: any(), retry: { maxAttempts: 2, delay: 0 } }).by(never),
  });
  const stage = new Stage(eager);
  stage.fails("s");
  expect(stage.due).toEqual(["attempt s 0/2"]);
  expect(stage.state.timers.size).toBe(0);
});

test("rule 18: what a superseded attempt says later is recorded and changes nothing", () => {
  const stage = new Stage(ladder);
  const first = stage.attempt("ask");
  stage.fails("ask", error("no answer within 30 s", "timeout"));
  const before = JSON.stringify(stage.slot("ask").status);
  stage.say({ kind: "attempt.late", at: stage.now, slot: 0, attempt: 1, result: "value", hash: "ab" });
  stage.say({ kind: "step.completed", ...first, value: '"late"' });
  expect(JSON.stringify(stage.slot("ask").status)).toBe(before);
  expect(stage.value("ask")).toBe(undefined);
});

test("rungs of one name are told apart", () => {
  const rung = { run: never, name: "gpt" };
  const { plan } = flow("twins", {
    input: any(),
    build: ($) => $.step("ask", { output: any() }).by(rung, rung, template(never), rung),
  });
  const step = plan.scopes[0]?.nodes[0];
  expect(step?.kind === "step" && step.rungs.map(({ name }) => name)).toEqual([
    "gpt",
    "gpt (2)",
    "template",
    "gpt (3)",
  ]);
});

test("rule 17: a pure step is tried once by default, since it would fail the same way again", () => {
  const attempts = (options: object) => {
    const { plan } = flow("once", {
      input: any(),
      build: ($) => $.step("sum", { output: any(), ...options } as never).by(never as never),
    });
    const step = plan.scopes[0]?.nodes[0];
    return step?.kind === "step" && step.rungs[0]?.retry.maxAttempts;
  };
  expect(attempts({ kind: "pure" })).toBe(1);
  expect(attempts({ kind: "pure", retry: { maxAttempts: 4 } })).toBe(4);
  expect(attempts({ kind: "read" })).toBe(3);
});

test("a run that failed says at which step", () => {
  const stage = new Stage(ladder);
  for (const _ of [1, 2, 3]) stage.fails("ask", error("down"), false);
  stage.ends();
  expect(endOf(stage.state)).toMatchObject({ outcome: "failed", failedAt: "ask" });
});
