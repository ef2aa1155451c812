// Rule 13: a value comes back equal, with equal types, or is refused with path and reason; never anything else.
import { deepStrictEqual } from "node:assert";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blobsIn, type Codec, maxDepth, open, type SealOptions, seal } from "../src/index.ts";

function roundTrip(value: unknown, options: SealOptions = {}): unknown {
  const result = seal(value, options);
  if ("refusal" in result) throw new Error(`refused at "${result.refusal.path}": ${result.refusal.reason}`);
  JSON.parse(result.sealed);
  return open(result.sealed, options.codecs ? { codecs: options.codecs } : {});
}

function refusalOf(value: unknown, options: SealOptions = {}) {
  const result = seal(value, options);
  if ("sealed" in result) throw new Error(`sealed as ${result.sealed}`);
  return result.refusal;
}

const keys = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("$", "__proto__", "constructor", "toString", "hasOwnProperty", "v", "then", ""),
);
const texts = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\ud800", '"$":', '{"$":"undefined"}', "\u2028"));
const leaves = fc.oneof(
  texts,
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, 0, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53 + 2),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 40 }),
  fc.float64Array({ maxLength: 4, noNaN: true }),
  fc.bigInt64Array({ maxLength: 4 }),
  fc.webUrl().map((url) => new URL(url)),
  fc.constantFrom(/a\/b/giu, /\n/, /[\]"\\]/sy),
  texts.map((message) => new RangeError(message)),
);
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small", withCrossShrink: true },
    leaves,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(leaves, tie("value")), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => new Set(items)),
    tie("value").map((cause) => new Error("outer", { cause })),
  ),
}));

test("rule 13: any supported value comes back equal, with equal types and keys", () => {
  fc.assert(
    fc.property(values, (value) => {
      deepStrictEqual(roundTrip(value), value);
    }),
    { numRuns: 2_000 },
  );
});

test("rule 13: two openings share nothing, and sealing again gives the same text", () => {
  fc.assert(
    fc.property(fc.array(values, { minLength: 1 }), (value) => {
      const result = seal(value);
      if ("refusal" in result) throw new Error(result.refusal.reason);
      const [first, second] = [open(result.sealed) as unknown[], open(result.sealed) as unknown[]];
      first.push("changed");
      deepStrictEqual(second, value);
      expect(seal(second)).toEqual(result);
    }),
  );
});

test("rule 13: anything at all is either sealed or refused with a reason; nothing is thrown", () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      const result = seal(value);
      if ("refusal" in result) expect(result.refusal.reason).not.toBe("");
      else expect(open(result.sealed)).toEqual(value);
    }),
    { numRuns: 2_000 },
  );
});

describe("the unusual that is kept", () => {
  test.each<[string, unknown]>([
    ["undefined alone", undefined],
    ["negative zero alone", -0],
    ["undefined in places", { a: undefined, b: [undefined, null], c: { d: undefined } }],
    ["an own key __proto__", JSON.parse('{"__proto__":{"polluted":true},"a":1}')],
    ["an own key __proto__ beside a Date", Object.assign(JSON.parse('{"__proto__":{"x":1}}'), { at: new Date(5) })],
    ["what looks like a tag", { $: "date", v: "2020-01-01T00:00:00.000Z" }],
    ["what looks like a tag, deeper", [{ $: "blob", id: "x", n: "Uint8Array" }, { $: { $: 1 } }]],
    ["the text of a tag", '{"$":"undefined"}'],
    ["huge and tiny dates", [new Date(8.64e15), new Date(-8.64e15), new Date(-62_198_755_200_000)]],
    ["a huge integer", 10n ** 500n],
    ["lone surrogates", { "\udc00": "\ud83d" }],
    ["an ArrayBuffer and a DataView", [new Uint8Array([1, 2]).buffer, new DataView(new Uint8Array([3, 4]).buffer)]],
    ["a part of a larger buffer", new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 3)],
    ["nested maps with odd keys", new Map<unknown, unknown>([[new Date(1), new Map([[undefined, -0]])]])],
    ["empty containers", [[], {}, new Map(), new Set(), new Uint8Array(), ""]],
  ])("%s", (_name, value) => {
    expect(roundTrip(value)).toStrictEqual(value);
  });

  test("rule 13: a Buffer stays a Buffer, so that its toString gives the same", () => {
    const back = roundTrip({ pdf: Buffer.from("héllo") }) as { pdf: Buffer };
    expect(Buffer.isBuffer(back.pdf)).toBe(true);
    expect(back.pdf.toString()).toBe("héllo");
  });

  test("where there are no Buffers, the bytes come back as the Uint8Array that they are", () => {
    const sealed = seal(Buffer.from("x")) as { sealed: string };
    const kept = globalThis.Buffer;
    try {
      Reflect.deleteProperty(globalThis, "Buffer");
      expect(open(sealed.sealed)).toStrictEqual(new Uint8Array([120]));
    } finally {
      globalThis.Buffer = kept;
    }
  });

  test("errors keep class, message, stack, cause and fields", () => {
    const cause = Object.assign(new TypeError("inner"), { code: "E1", at: new Date(3), $: "odd" });
    const error = new SyntaxError("outer", { cause });
    const back = roundTrip(error) as Error & { cause: TypeError & { code: string; at: Date; $: string } };
    expect(back).toBeInstanceOf(SyntaxError);
    expect(back.stack).toBe(error.stack);
    expect(Object.keys(back)).toEqual([]);
    expect(back.cause).toBeInstanceOf(TypeError);
    expect({ ...back.cause }).toStrictEqual({ code: "E1", at: new Date(3), $: "odd" });
  });

  test("a regular expression keeps where it is", () => {
    const pattern = /b/g;
    pattern.exec("abc");
    expect((roundTrip(pattern) as RegExp).lastIndex).toBe(2);
  });

  test("a shared part comes back as copies", () => {
    const part = { at: new Date(1) };
    const [a, b] = roundTrip([part, part]) as [object, object];
    expect(a).toStrictEqual(b);
    expect(a).not.toBe(b);
  });

  test("infinities and NaN, where they are declared", () => {
    const value = [Number.NaN, Number.POSITIVE_INFINITY, { x: Number.NEGATIVE_INFINITY }];
    expect(roundTrip(value, { nonFinite: true })).toStrictEqual(value);
  });

  test("plain data is plain JSON, so that a file stays readable", () => {
    const value = { income: 1_200.5, items: [{ sku: "a", n: null }] };
    expect(seal(value)).toEqual({ sealed: JSON.stringify(value) });
  });

  test("an object without a prototype is plain data too", () => {
    expect(roundTrip(/(?<year>\d+)/.exec("in 2026")?.groups)).toEqual({ year: "2026" });
  });

  test(`nesting up to ${maxDepth} levels`, () => {
    let deep: unknown = new Date(1);
    for (let i = 0; i < maxDepth; i++) deep = [deep];
    expect(roundTrip(deep)).toStrictEqual(deep);
  });
});

class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}
class Line extends Array<number> {}
const money: Codec<Money> = {
  name: "money",
  is: (value) => value instanceof Money,
  encode: ({ cents }) => ({ cents, $: 1 }),
  decode: (data) => new Money((data as { cents: number }).cents),
};

describe("codecs", () => {
  const codecs = [money];
  test("an instance comes back as one, wherever it lies", () => {
    const value = { price: new Money(5), list: [new Map([["a", new Money(7)]])] };
    expect(roundTrip(value, { codecs })).toStrictEqual(value);
  });

  test("a subclass of Array may have one", () => {
    const line: Codec<Line> = {
      name: "line",
      is: (value) => value instanceof Line,
      encode: (value) => [...value],
      decode: (data) => Line.from(data as number[]) as Line,
    };
    expect(roundTrip(Line.of(1, 2), { codecs: [line] })).toStrictEqual(Line.of(1, 2));
  });

  test("a codec that throws, or gives what cannot be kept, is a refusal that says where", () => {
    const throwing = { ...money, encode: () => never() };
    expect(refusalOf({ a: [new Money(1)] }, { codecs: [throwing] })).toEqual({
      path: ".a[0]",
      reason: "reading it threw: no",
    });
    const useless = { ...money, encode: () => () => 1 };
    expect(refusalOf({ a: new Money(1) }, { codecs: [useless] }).path).toBe(".a");
  });

  test("a codec that never comes to plain data is a refusal", () => {
    const endless = { ...money, encode: (value: Money) => value };
    expect(refusalOf(new Money(1), { codecs: [endless] }).reason).toContain("nested deeper than");
  });

  test("opening without the codec says which one is missing", () => {
    const { sealed } = seal(new Money(1), { codecs }) as { sealed: string };
    expect(() => open(sealed)).toThrow('needs the codec "money"');
  });
});

function never(): never {
  throw new Error("no");
}

describe("big bytes", () => {
  const bytes = new Uint8Array(20_000).map((_, i) => i);
  test("are put elsewhere, named, and come back as a copy of their own", () => {
    const blobs = new Map<string, Uint8Array>();
    const putBytes = (given: Uint8Array) => {
      blobs.set(`b${blobs.size}`, given.slice());
      return `b${blobs.size - 1}`;
    };
    const value = { small: new Uint8Array([1]), big: bytes, list: new Map([["k", [bytes.buffer]]]), $: "x" };
    const { sealed } = seal(value, { putBytes }) as { sealed: string };
    expect(sealed.length).toBeLessThan(500);
    expect(blobsIn(sealed)).toEqual(["b0", "b1"]);
    const getBytes = (name: string) => blobs.get(name) as Uint8Array;
    const [first, second] = [open(sealed, { getBytes }) as typeof value, open(sealed, { getBytes }) as typeof value];
    first.big.fill(0);
    expect(second).toStrictEqual(value);
    expect(() => open(sealed)).toThrow("names bytes");
  });

  test("stay in the text where nobody keeps them elsewhere", () => {
    expect(roundTrip(bytes)).toStrictEqual(bytes);
  });

  test("rule 31: a user's object that looks like a blob names none", () => {
    const { sealed } = seal({ mine: { $: "blob", id: "of another run" }, at: [null, 1] }) as { sealed: string };
    expect(blobsIn(sealed)).toEqual([]);
    expect(blobsIn(JSON.stringify({ plain: 1 }))).toEqual([]);
  });
});

test("text that nobody sealed is an error, not a value", () => {
  expect(() => open('{"$":"made up"}')).toThrow("no such tag");
  expect(() => open("{")).toThrow(SyntaxError);
});
