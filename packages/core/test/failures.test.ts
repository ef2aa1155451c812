// Rule 33: whatever is thrown becomes a bounded failure in plain data; errors say code, place, expected, found and mend.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codeOf, failureOf, describe as inWords, NotApplied, PlumblineError } from "../src/index.ts";

describe("a failure of what was thrown", () => {
  test("keeps name, code, message, stack, cause and fields of an error", () => {
    const cause = Object.assign(new TypeError("inner"), { code: 7 });
    const error = Object.assign(new Error("outer", { cause }), {
      code: "E_DOWN",
      status: 503,
      retry: true,
      none: null,
      at: new Date(0),
      size: Number.NaN,
    });
    expect(failureOf(error)).toEqual({
      kind: "error",
      message: "outer",
      name: "Error",
      code: "E_DOWN",
      stack: error.stack,
      fields: { status: 503, retry: true, none: null, at: "an instance of Date", size: "NaN" },
      cause: { kind: "error", message: "inner", name: "TypeError", code: "7", stack: cause.stack },
    });
  });

  test("rule 7: NotApplied is not-applied, whatever it was taken for", () => {
    expect(failureOf(new NotApplied("refused"), "timeout")).toMatchObject({ kind: "not-applied", name: "NotApplied" });
  });

  test("describes what is no error", () => {
    expect(["text", 5, null, undefined, { a: 1 }].map((thrown) => failureOf(thrown).message)).toEqual([
      'thrown: "text"',
      "thrown: 5",
      "thrown: null",
      "thrown: undefined",
      "thrown: an object with a",
    ]);
  });

  test("rule 32: is bounded, however large or circular the error", () => {
    const error = Object.assign(new Error("m".repeat(1e6)), {
      code: "c".repeat(1e5),
      name: "n".repeat(1e5),
      cause: undefined as unknown,
      text: "t".repeat(1e6),
      ["k".repeat(1e5)]: 1,
    });
    for (let i = 0; i < 100; i++) Object.assign(error, { [`f${i}`]: 10n ** 10_000n });
    error.cause = error;
    error.stack = "s".repeat(1e6);
    expect(JSON.stringify(failureOf(error)).length).toBeLessThan(100_000);
    expect(JSON.stringify(failureOf(error))).not.toContain("__proto__");
  });

  test("never throws, and is JSON that comes back equal", () => {
    const hostile = [
      Object.defineProperty(new Error(), "message", {
        get: () => {
          throw new Error("no");
        },
      }),
      new Proxy(new Error("x"), {
        ownKeys: () => {
          throw new Error("no");
        },
      }),
      new Proxy(
        {},
        {
          getPrototypeOf: () => {
            throw new Error("no");
          },
        },
      ),
      Object.assign(new Error("x"), JSON.parse('{"__proto__":{"a":1},"stack":5,"message":"y"}')),
      Object.assign(new Error("x"), { stack: 5 }),
    ];
    for (const thrown of hostile) expect(JSON.parse(JSON.stringify(failureOf(thrown)))).toEqual(failureOf(thrown));
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        const failure = failureOf(thrown);
        expect(JSON.parse(JSON.stringify(failure))).toEqual(failure);
      }),
    );
  });
});

test("a value in a few words", () => {
  class Loan {}
  const named = function book() {};
  const cases: [unknown, string][] = [
    [[1, 2], "an array of 2"],
    [new Loan(), "an instance of Loan"],
    [{}, "an object with no keys"],
    [Object.create(null), "an object with no keys"],
    [named, "a function book"],
    [
      (
        () => () =>
          1
      )(),
      "a function",
    ],
    [5n, "5n"],
    [Symbol("s"), "Symbol(s)"],
    [true, "true"],
    ["x".repeat(200), `"${"x".repeat(79)}…"`],
  ];
  for (const [value, words] of cases) expect(inWords(value)).toBe(words);
  expect(inWords(10n ** 1_000n).length).toBeLessThan(250);
  expect(
    inWords(
      new Proxy([], {
        get: () => {
          throw new Error("no");
        },
      }),
    ),
  ).toBe("an object that cannot be read");
});

test("an error reads as a sentence each: what, expected, found, mend", () => {
  const error = new PlumblineError("key-conflict", "the key is taken", {
    path: "loan",
    expected: "a",
    found: "b",
    mend: "c",
    cause: "why",
    details: { n: 1 },
  });
  expect(error).toMatchObject({
    code: "key-conflict",
    path: "loan",
    what: "the key is taken",
    cause: "why",
    details: { n: 1 },
  });
  expect(error.message).toBe("loan: the key is taken [key-conflict]\n  expected: a\n  found:    b\n  mend:     c");
  expect(new PlumblineError("internal", "it broke").message).toBe("it broke [internal]");
  expect([codeOf(error), codeOf({ code: 5 }), codeOf(null), codeOf("x")]).toEqual([
    "key-conflict",
    undefined,
    undefined,
    undefined,
  ]);
});
