// Rule 33: a value that an option does not take is refused when the flow is defined, with the word that was meant.
import { describe, expect, test } from "vitest";
import { type FlowBuilder, flow } from "../src/index.ts";
import { any, never } from "./stage.ts";

const withFlow = (options: object) => () => flow("f", { input: any(), build: () => 1, ...options } as never);
const withStep = (options: object, rung: unknown = never) =>
  withFlow({ build: ($: FlowBuilder) => $.step("s", { output: any(), ...options } as never).by(rung as never) });
const withApproval = (options: object) =>
  withFlow({
    build: ($: FlowBuilder) =>
      $.approval("a", { decision: any<object>(), desk: "d", timeout: "5m", onTimeout: {}, ...options } as never),
  });
const withRung = (options: object) => withStep({}, { run: never, ...options });
const withUndo = (retry: object) => withStep({ kind: "effect", compensate: { run: never, retry } });

class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}
const money = {
  name: "money",
  is: (value: unknown): value is Money => value instanceof Money,
  encode: ({ cents }: Money) => cents,
  decode: (cents: unknown) => new Money(cents as number),
};

describe("rule 33: words near one that there is", () => {
  test.each<[string, () => unknown, string, string]>([
    ["backoff", withStep({ retry: { backoff: "exp" } }), "s.retry.backoff", '"exponential"'],
    ["a rung's backoff", withRung({ retry: { backoff: "fxed" } }), "s.by[0].retry.backoff", '"fixed"'],
    ["an undo's backoff", withUndo({ backoff: "Fixed" }), "s.compensate.retry.backoff", '"fixed"'],
    ["onDropped", withStep({ onDropped: "fial" }), "s.onDropped", '"fail"'],
    ["kind", withStep({ kind: "efect" }), "s.kind", '"effect"'],
  ])("%s", (_name, define, path, meant) => {
    expect(define).toThrow(expect.objectContaining({ code: "option-invalid", path, mend: `did you mean ${meant}?` }));
  });

  test("one that is near nothing is told what there is", () => {
    expect(withStep({ onDropped: "explode" })).toThrow(
      expect.objectContaining({ expected: '"record" or "fail"', found: '"explode"', mend: "write what is expected" }),
    );
  });
});

describe("rule 33: values of the wrong kind", () => {
  test.each<[string, () => unknown, string]>([
    ["a backoff that is no word", withStep({ retry: { backoff: 2 } }), "s.retry.backoff"],
    ["a flag for onDropped", withStep({ onDropped: true }), "s.onDropped"],
    ["null for onDropped", withStep({ onDropped: null }), "s.onDropped"],
    ["a list of checks", withStep({ checks: [never] }), "s.checks"],
    ["one check", withStep({ checks: never }), "s.checks"],
    ["a check that is no function", withStep({ checks: { good: true } }), "s.checks.good"],
    ["a check that is missing", withStep({ checks: { good: undefined } }), "s.checks.good"],
    ["a flow's check that is no function", withFlow({ checks: { good: "yes" } }), "f.checks.good"],
    ["a retryIf that is no function", withStep({ retry: { retryIf: true } }), "s.retry.retryIf"],
    ["a rung's retryIf", withRung({ retry: { retryIf: "no" } }), "s.by[0].retry.retryIf"],
    ["a version that is a number", withStep({ version: 2 }), "s.version"],
    ["a version of nothing", withStep({ version: "" }), "s.version"],
    ["a text for nonFinite", withStep({ nonFinite: "yes" }), "s.nonFinite"],
    ["a rung's name that is a number", withRung({ name: 3 }), "s.by[0].name"],
    [
      "a text for countContract",
      withRung({ breaker: { name: "b", countContract: "no" } }),
      "s.by[0].breaker.countContract",
    ],
    ["a title that is a number", withApproval({ title: 7 }), "a.title"],
    ["samples in a list", withFlow({ samples: [1] }), "f.samples"],
    ["a text for samples", withFlow({ samples: "x" }), "f.samples"],
    ["one codec", withFlow({ codecs: money }), "f.codecs"],
    ["a codec that is none", withFlow({ codecs: [Money] }), "f.codecs[0]"],
    [
      "a codec without decode",
      withFlow({ codecs: [money, { ...money, name: "b", decode: undefined }] }),
      "f.codecs[1].decode",
    ],
    ["a codec that asks nothing", withFlow({ codecs: [{ ...money, is: Money.name }] }), "f.codecs[0].is"],
    ["a codec without a name", withFlow({ codecs: [{ ...money, name: undefined }] }), "f.codecs[0].name"],
    ["a codec whose name is a number", withFlow({ codecs: [{ ...money, name: 1 }] }), "f.codecs[0].name"],
    ["two codecs of one name", withFlow({ codecs: [money, { ...money }] }), "f.codecs[1].name"],
  ])("%s", (_name, define, path) => {
    const error = expect.objectContaining({ code: "option-invalid", path, expected: expect.any(String) });
    expect(define).toThrow(error);
  });

  test("a number for a version is told with the text that it would be", () => {
    expect(withStep({ version: 2 })).toThrow(expect.objectContaining({ found: "2", mend: 'write "2"' }));
  });
});

test("all that options do take is taken, and undefined is nothing", () => {
  const define = withFlow({
    checks: { good: () => true },
    codecs: [money],
    samples: { small: 1, none: undefined },
    build: ($: FlowBuilder) => {
      const read = $.step("s", {
        output: any(),
        checks: { good: () => true },
        retry: { backoff: "fixed", retryIf: () => true },
        onDropped: "fail",
        version: "2",
        nonFinite: true,
        kind: undefined,
      } as never).by({ run: never, name: "r", breaker: { name: "b", countContract: true } });
      const asked = $.approval("a", { decision: any<object>(), desk: "d", timeout: 1, onTimeout: {}, title: "Well?" });
      return { read, asked };
    },
  });
  expect(define().plan.scopes[0]?.nodes).toMatchObject([
    { stepKind: "read", onDropped: "fail", version: "2", rungs: [{ name: "r", retry: { backoff: "fixed" } }] },
    { title: "Well?" },
  ]);
});
