// Rules 11 and 12: schema, then dropped fields, then checks; garbage and broken contracts are judgements, never escaping errors.
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Contract, droppedFields, type Judgement, judge, reasonOf, type Schema } from "../src/index.ts";
import { any } from "./stage.ts";

const contract = (schema: unknown, checks: Record<string, unknown> = {}, onDropped: "record" | "fail" = "record") =>
  ({ schema, checks: Object.entries(checks), onDropped }) as unknown as Contract;
const custom = (validate: (value: unknown) => unknown): Schema =>
  ({ "~standard": { version: 1, vendor: "test", validate } }) as unknown as Schema;
const now = (judged: Judgement | Promise<Judgement>): Judgement => {
  expect(judged).not.toBeInstanceOf(Promise);
  return judged as Judgement;
};
const hostile = () =>
  Object.defineProperty({}, "x", {
    enumerable: true,
    get: () => {
      throw new Error("hands off");
    },
  });

describe("rule 11: the schema", () => {
  test("gives the value: defaults and transforms count", () => {
    const schema = z.object({ n: z.number().default(3), at: z.string().transform((text) => new Date(text)) });
    expect(now(judge(contract(schema), { at: "2026-01-01" }, {}))).toEqual({
      value: { n: 3, at: new Date("2026-01-01") },
      reasons: [],
      dropped: [],
    });
  });

  test("gives reasons with their places, at most 20, each clipped", () => {
    const schema = z.object({ items: z.array(z.object({ price: z.number() })) });
    expect(now(judge(contract(schema), { items: [{ price: "x" }] }, {})).reasons).toEqual([
      expect.stringMatching(/^\.items\[0\]\.price: /),
    ]);
    const many = custom(() => ({ issues: Array.from({ length: 50 }, () => ({ message: "m".repeat(1_000) })) }));
    const { reasons } = now(judge(contract(many), 1, {}));
    expect([reasons.length, reasons[0]?.length]).toEqual([20, 500]);
    expect(reasonOf({ message: "no", path: [{ key: "a" }, 0, Symbol("s")] })).toBe(".a[0].Symbol(s): no");
  });

  test.each<[string, (value: unknown) => unknown, RegExp]>([
    [
      "throws",
      () => {
        throw new Error("inside");
      },
      /^the schema threw: inside$/,
    ],
    [
      "throws what is no error",
      () => {
        throw "text";
      },
      /^the schema threw: "text"$/,
    ],
    [
      "throws an error that cannot be read",
      () => {
        throw Object.defineProperty(new Error(), "message", {
          get: () => {
            throw 1;
          },
        });
      },
      /^the schema threw: /,
    ],
    ["gives nothing", () => undefined, /^the schema threw: /],
    ["gives issues that are no list", () => ({ issues: 7 }), /^the schema threw: /],
    ["gives an issue without a message", () => ({ issues: [{}] }), /^the schema threw: /],
    ["refuses without a reason", () => ({ issues: [] }), /^the schema refused it without a reason$/],
    ["gives something that cannot be compared", () => ({ value: {} }), /^the schema threw: hands off$/],
  ])("that %s is a broken contract", (_name, validate, reason) => {
    const judged = now(judge(contract(custom(validate)), hostile(), {}));
    expect(judged.reasons).toEqual([expect.stringMatching(reason)]);
  });

  test("may be asynchronous, and may then fail likewise", async () => {
    const slow = (settle: () => unknown) => contract(custom(async () => settle()));
    await expect(
      judge(
        slow(() => ({ value: 2 })),
        1,
        {},
      ),
    ).resolves.toEqual({ value: 2, reasons: [], dropped: [] });
    await expect(
      judge(
        slow(() => {
          throw new Error("late");
        }),
        1,
        {},
      ),
    ).resolves.toMatchObject({ value: 1, reasons: ["the schema threw: late"] });
    await expect(
      judge(
        slow(() => undefined),
        1,
        {},
      ),
    ).resolves.toMatchObject({ reasons: [expect.stringContaining("the schema threw")] });
  });
});

describe("rule 12: what a schema strips", () => {
  const schema = z.object({
    a: z.number(),
    deep: z.object({ b: z.number() }).optional(),
    list: z.array(z.object({ c: z.number() })).optional(),
  });

  test("is recorded with its path, however deep, and the value goes on without it", () => {
    const given = {
      a: 1,
      lost: 2,
      deep: { b: 1, gone: null },
      list: [{ c: 1 }, { c: 2, unit: "kg" }],
      never: undefined,
    };
    const judged = now(judge(contract(schema), given, {}));
    expect(judged).toMatchObject({ reasons: [], dropped: [".lost", ".deep.gone", ".list[1].unit"], value: { a: 1 } });
  });

  test("is a broken contract where that was declared", () => {
    const judged = now(judge(contract(schema, { never: () => false }, "fail"), { a: 1, x: 1, y: 2 }, {}));
    expect(judged.reasons).toEqual(["fields that the contract does not have: .x, .y"]);
    expect(now(judge(contract(schema, {}, "fail"), { a: 1 }, {})).reasons).toEqual([]);
  });

  test("is not looked for in what a transform made into something else", () => {
    const date = z.object({ year: z.number() }).transform(({ year }) => new Date(Date.UTC(year)));
    expect(now(judge(contract(date, {}, "fail"), { year: 2026 }, {})).reasons).toEqual([]);
    expect(droppedFields({ a: 1 }, [1])).toEqual([]);
    expect(droppedFields([1, 2], { 0: 1 })).toEqual([]);
    expect(droppedFields([{ a: 1 }], [])).toEqual([]);
    expect(droppedFields("text", { a: 1 })).toEqual([]);
    expect(droppedFields({ a: { b: 1 } }, { a: "b" })).toEqual([]);
    expect(droppedFields(new Map([["a", 1]]), {})).toEqual([]);
  });

  test("is found in objects without a prototype, and in own keys only", () => {
    expect(droppedFields(Object.assign(Object.create(null), { a: 1, toString: 2 }), { a: 1 })).toEqual([".toString"]);
  });

  test("rule 32: is bounded: 50 fields, and no depth or cycle overflows", () => {
    const wide = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, i]));
    expect(droppedFields({ wide, more: 1 }, { wide: {} })).toHaveLength(50);
    let deep: object = { end: 1 };
    for (let i = 0; i < 20_000; i++) deep = { deep };
    const copying = custom((value) => ({
      value: { ...(value as object), deep: { ...(value as { deep: object }).deep } },
    }));
    expect(now(judge(contract(copying), deep, {})).reasons).toEqual([]);
    const [one, two] = [{ self: undefined as unknown }, { self: undefined as unknown }];
    one.self = one;
    two.self = two;
    expect(droppedFields(one, two)).toEqual([]);
    let given: object = { lost: 1 };
    let kept: object = {};
    for (let i = 0; i < 20_000; i++)
      [given, kept] = [
        { given, i: [given] },
        { given: kept, i: [kept] },
      ];
    expect(droppedFields(given, kept)).toEqual([]);
  });
});

describe("rule 11: checks", () => {
  const value = { income: 100, instalment: 200 };
  test("see value and needs; each says true, false, or a reason; all reasons are told", () => {
    const checks = {
      holds: () => true,
      "instalment fits income": (given: typeof value) =>
        given.instalment < given.income || `${given.instalment} of ${given.income}`,
      known: (_given: unknown, needs: { known: boolean }) => needs.known,
    };
    expect(now(judge(contract(any(), checks), value, { known: false })).reasons).toEqual([
      'check "instalment fits income": 200 of 100',
      'check "known" did not hold',
    ]);
  });

  test("a check that throws, or gives something else, is a broken contract", () => {
    const checks = {
      throws: () => {
        throw new TypeError("no");
      },
      odd: () => 1,
      missing: undefined,
    };
    expect(now(judge(contract(any(), checks), value, {})).reasons).toEqual([
      'check "throws" threw: no',
      'check "odd" gave 1 instead of true, false or a reason',
      expect.stringContaining('check "missing" threw'),
    ]);
  });

  test("may be asynchronous, beside others that are not", async () => {
    const checks = {
      slow: async () => "too slow",
      fast: () => false,
      fails: async () => {
        throw new Error("x");
      },
    };
    const judged = judge(contract(any(), checks), value, {});
    await expect(judged).resolves.toMatchObject({
      reasons: ['check "slow": too slow', 'check "fast" did not hold', 'check "fails" threw: x'],
    });
  });

  test("are not run on what its schema refused", () => {
    const check = () => {
      throw new Error("must not run");
    };
    expect(now(judge(contract(z.string(), { check }), 1, {})).reasons).toHaveLength(1);
  });

  test("rule 32: reasons are bounded", () => {
    const checks = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`c${i}`, () => "r".repeat(5_000)]));
    const { reasons } = now(judge(contract(any(), checks), 1, {}));
    expect([reasons.length, Math.max(...reasons.map(({ length }) => length))]).toEqual([20, 500]);
  });
});
