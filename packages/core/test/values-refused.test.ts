// Rule 13 and 33: what would not come back equal is refused at the boundary, with the place and the reason.
import { expect, test, vi } from "vitest";
import { maxDepth, type SealOptions, seal } from "../src/index.ts";

function refusalOf(value: unknown, options: SealOptions = {}): string {
  const result = seal(value, options);
  return "refusal" in result ? `${result.refusal.path} | ${result.refusal.reason}` : `sealed: ${result.sealed}`;
}

class Customer {
  readonly name = "Ada";
}
class Items extends Array<number> {}
class Late extends Date {}
// Classes that are called like something that every object has.
const odd = Object.setPrototypeOf(
  new Error("x"),
  Object.create(Error.prototype, { constructor: { value: { name: "constructor" } } }),
);
const tagged = Object.create({ constructor: { name: "toString" }, [Symbol.toStringTag]: "toString" }) as object;
class Link {}
Object.defineProperty(Link, "name", { value: "URL" });
const holed = [1];
holed[2] = 3;

const cyclic: Record<string, unknown> = { a: { b: [] } };
cyclic.self = cyclic;
let deep: unknown = 1;
for (let i = 0; i < 10_000; i++) deep = { d: deep };

test.each<[string, unknown, string]>([
  ["NaN", { a: [1, Number.NaN] }, ".a[1] | NaN is refused: declare nonFinite"],
  ["an infinity", Number.NEGATIVE_INFINITY, " | -Infinity is refused"],
  ["a function", { on: () => 1 }, ".on | a function on cannot be kept"],
  ["a symbol", [Symbol("s")], "[0] | Symbol(s) cannot be kept"],
  ["a symbol as a key", { a: { [Symbol("s")]: 1 } }, ".a | a symbol as a key"],
  [
    "an invalid date",
    { at: new Date(Number.NaN) },
    ".at | an invalid Date: give a valid one, or null where there is none",
  ],
  ["a class", { customer: new Customer() }, ".customer | an instance of Customer would come back as plain data"],
  ["a class with null above", Object.create(Object.create(Object.create(null))), " | an object with no keys would"],
  ["a promise", { later: Promise.resolve(1) }, ".later | an instance of Promise"],
  ["a boxed number", [Object(1)], "[0] | an instance of Number"],
  ["a weak map", new WeakMap(), " | an instance of WeakMap"],
  ["a subclass of Date", { at: new Late(0) }, ".at | an instance of Late"],
  ["a subclass of Array", { items: Items.of(1) }, ".items | an array of 1 of a class of its own"],
  ["a match of a regular expression", /b/.exec("abc"), ".index | a field on an array"],
  ["a hole in an array", { a: holed }, ".a[1] | a hole in an array"],
  [
    "a Map with a field of its own",
    Object.assign(new Map(), { total: 3 }),
    " | an instance of Map with fields of its own",
  ],
  ["an error of a class of its own", odd, " | an instance of constructor"],
  ["a class that calls itself like an old function", tagged, " | an instance of toString"],
  ["a class that calls itself URL", new Link(), " | an instance of URL would come back as plain data"],
  [
    "an error whose message is no text",
    Object.assign(new Error(), { message: 5 }),
    ".message | an error whose message",
  ],
  ["inside a Map", new Map([["k", Number.NaN]]), "<value 0> | NaN"],
  ["a key of a Map", new Map([[Symbol.iterator, 1]]), "<key 0> | Symbol(Symbol.iterator)"],
  ["inside a Set", { s: new Set([1, () => 1]) }, ".s<item 1> | a function"],
  ["inside an error", new Error("x", { cause: { f: never } }), ".cause.f | a function never"],
  ["a cycle", cyclic, "… | nested deeper than"],
  ["10,000 levels", deep, "… | nested deeper than"],
])("rule 13: %s is refused, and it says where and why", (_name, value, said) => {
  const refusal = refusalOf(value);
  expect(refusal).toContain(said);
  expect(refusal.length).toBeLessThan(400);
});

function never(): never {
  throw new RangeError("hands off");
}

test("rule 13: getters and proxies that throw are refusals at their place", () => {
  const getter = Object.defineProperty({}, "secret", { enumerable: true, get: never });
  expect(refusalOf({ a: [getter] })).toBe(".a[0].secret | reading it threw: hands off");
  const stack = Object.defineProperty(new Error("x"), "message", { get: never });
  expect(refusalOf({ e: stack })).toBe(".e | reading it threw: hands off");
  const proxy = new Proxy({}, { getPrototypeOf: never });
  expect(refusalOf(proxy)).toBe(" | reading it threw: hands off");
  const shy = Object.defineProperty({}, "x", {
    enumerable: true,
    get: () => {
      throw "just text"; // not an error
    },
  });
  expect(refusalOf(shy)).toBe('.x | reading it threw: "just text"');
});

test("rule 13: toJSON is never called: what is seen is what is kept, or it is refused", () => {
  const hidden = Object.defineProperty({ a: 1 }, "toJSON", { value: () => ({ a: 2 }) });
  expect(seal({ deep: [hidden] })).toEqual({ sealed: '{"deep":[{"a":1}]}' });
  const list = Object.defineProperty([1], "toJSON", { value: () => [2] });
  expect(seal(list)).toEqual({ sealed: "[1]" });
  expect(refusalOf({ toJSON: () => "x" })).toContain(".toJSON | a function");
});

test("a value of another realm is judged by what it is, not by whose it is", async () => {
  const { runInNewContext } = await import("node:vm");
  const foreign = runInNewContext('({ list: [1, { a: "b" }], at: new Date(7), map: new Map([[1, 2]]) })') as object;
  expect(seal(foreign)).toEqual({
    sealed: '{"list":[1,{"a":"b"}],"at":{"$":"date","v":"1970-01-01T00:00:00.007Z"},"map":{"$":"map","v":[[1,2]]}}',
  });
  expect(seal(runInNewContext("[1, 2]"))).toEqual({ sealed: "[1,2]" });
});

test("rule 32: a path is clipped, a description never holds a whole value", () => {
  expect(refusalOf(cyclic).length).toBeLessThan(200);
  expect(refusalOf({ x: Object.assign(() => 1, {}) }).length).toBeLessThan(200);
  expect(maxDepth).toBeGreaterThan(100);
});

test("rule 33: a text longer than a string can be is refused as such, and not as something that threw", () => {
  const stringify = vi.spyOn(JSON, "stringify").mockImplementation(() => {
    throw new RangeError("Invalid string length"); // as Node says it of 512 MB, which take a while
  });
  try {
    expect(seal(["long", "longer"])).toEqual({
      refusal: { path: "", isTooLong: true, reason: expect.stringMatching(/longer than a string can be/) },
    });
  } finally {
    stringify.mockRestore();
  }
});
