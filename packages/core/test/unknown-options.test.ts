// Rule 33: an option that would be ignored is refused when the flow is defined, with the nearest that there is.
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type FlowBuilder, flow, lastGood } from "../src/index.ts";
import { any, never } from "./stage.ts";

const withFlow = (options: object) => () => flow("f", { input: any(), build: () => 1, ...options } as never);
const withStep = (options: object, rung: unknown = never) =>
  withFlow({ build: ($: FlowBuilder) => $.step("s", { output: any(), ...options }).by(rung as never) });
const withApproval = (options: object) =>
  withFlow({
    build: ($: FlowBuilder) =>
      $.approval("a", { decision: any<object>(), desk: "d", timeout: "5m", onTimeout: {}, ...options }),
  });
const withRung = (options: object) => withStep({}, { run: never, ...options });
const withUndo = (compensate: unknown) => withStep({ kind: "effect", compensate });
const refusal = (path: string, mend: unknown) => expect.objectContaining({ code: "option-invalid", path, mend });

describe("rule 33: options that there are not", () => {
  test.each<[string, () => unknown, string, string]>([
    ["a flow's", withFlow({ imput: any() }), "f.imput", "did you mean input?"],
    ["a deadline's", withFlow({ deadline: { afer: "1s" } }), "f.deadline.afer", "did you mean after?"],
    ["a step's", withStep({ retries: 3 }), "s.retries", "did you mean retry?"],
    ["a step's, in other capitals", withStep({ onDROPPED: "fail" }), "s.onDROPPED", "did you mean onDropped?"],
    ["a retry's", withStep({ retry: { attempts: 3 } }), "s.retry.attempts", "did you mean maxAttempts?"],
    ["a rung's", withRung({ timeoutMs: 3 }), "s.by[0].timeoutMs", "did you mean timeout?"],
    ["a rung's retry's", withRung({ retry: { max: 3 } }), "s.by[0].retry.max", "did you mean maxAttempts?"],
    ["a breaker's", withRung({ breaker: { nam: "b" } }), "s.by[0].breaker.nam", "did you mean name?"],
    ["lastGood's", withStep({}, lastGood({ maxage: "1h" } as never)), "s.by[0].maxage", "did you mean maxAge?"],
    ["an undo's", withUndo({ run: never, timout: 1 }), "s.compensate.timout", "did you mean timeout?"],
    [
      "an undo's retry's",
      withUndo({ run: never, retry: { retryIf: never } }),
      "s.compensate.retry.retryIf",
      "take it away: it would be ignored",
    ],
    ["an approval's", withApproval({ onTimout: {} }), "a.onTimout", "did you mean onTimeout?"],
    ["a desk's breaker's", withApproval({ breaker: { opnFor: 1 } }), "a.breaker.opnFor", "did you mean openFor?"],
    ["one that is near nothing", withStep({ colour: "red" }), "s.colour", "take it away: it would be ignored"],
    ["one of two letters", withStep({ zz: 1 }), "s.zz", "take it away: it would be ignored"],
    [
      "one so long that no finger slipped",
      withStep({ [`retry${"y".repeat(40)}`]: 1 }),
      `s.retry${"y".repeat(40)}`,
      "take it away: it would be ignored",
    ],
  ])("%s", (_name, define, path, mend) => {
    expect(define).toThrow(refusal(path, mend));
  });

  test("all that there are is told", () => {
    expect(withStep({ retry: { tries: 2 } })).toThrow(
      expect.objectContaining({ expected: "one of maxAttempts, backoff, delay, cap, jitter, retryIf", found: "tries" }),
    );
  });
});

describe("rule 33: what stands where options belong", () => {
  test.each<[string, () => unknown, string, string]>([
    ["a number of attempts", withStep({ retry: 5 }), "s.retry", "write { maxAttempts: 5 }"],
    ["a number, for a pure step", withStep({ kind: "pure", retry: 5 }), "s.retry", "write { maxAttempts: 5 }"],
    ["a rung's attempts", withRung({ retry: 0 }), "s.by[0].retry", "write { maxAttempts: 0 }"],
    ["no retry at all", withStep({ retry: false }), "s.retry", "write { maxAttempts: ... }"],
    ["a list", withStep({ retry: [1] }), "s.retry", "write { maxAttempts: ... }"],
    ["a breaker's name alone", withRung({ breaker: "bank" }), "s.by[0].breaker", "write { name: ... }"],
    ["a number for a breaker", withRung({ breaker: 5 }), "s.by[0].breaker", "write { name: ... }"],
    ["a deadline that is null", withFlow({ deadline: null }), "f.deadline", "write { after: ... }"],
    ["an undo's attempts", withUndo({ run: never, retry: 2 }), "s.compensate.retry", "write { maxAttempts: 2 }"],
    ["an undo that is null", withUndo(null), "s.compensate", "write what is expected"],
    ["a desk's breaker", withApproval({ breaker: 5 }), "a.breaker", "write { after: ... }"],
    ["a function for a flow", () => flow("f", (() => 1) as never), "f", "write { input: ... }"],
    ["a flow without build", withFlow({ build: undefined }), "f.build", "add it: it has no default"],
    ["a build that is none", withFlow({ build: {} }), "f.build", "write what is expected"],
  ])("%s", (_name, define, path, mend) => {
    expect(define).toThrow(refusal(path, mend));
  });

  test("lastGood without options is told as an age that is missing", () => {
    const define = withStep({ version: "1" }, lastGood(undefined as never));
    expect(define).toThrow(expect.objectContaining({ code: "duration-invalid", path: "s.by[0].maxAge" }));
  });

  test("a schema alone is told as a contract that is missing", () => {
    const schema = z.string() as never;
    const missing = (path: string) => expect.objectContaining({ code: "contract-missing", path });
    expect(() => flow("f", schema)).toThrow(missing("f.input"));
    expect(withFlow({ build: ($: FlowBuilder) => $.step("s", schema) })).toThrow(missing("s.output"));
  });
});

describe("rule 33: what build returns", () => {
  test("nothing is no answer", () => {
    const define = () =>
      flow("f", {
        input: any(),
        build($) {
          $.step("s", { output: any() }).by(never);
        },
      });
    expect(define).toThrow(expect.objectContaining({ code: "flow-invalid", path: "f.build", found: "undefined" }));
  });

  test.each([[null], [0], [""], [false], [{}], [[]]])("%j is one", (answer) => {
    expect(flow("f", { input: any(), build: () => answer }).name).toBe("f");
  });
});
