// Rule 33: nodes that open scopes or wait are refused when they are defined, with the place and the mend; every bound is written down (rule 32).
import { describe, expect, test } from "vitest";
import { type FlowBuilder, flow, weighted } from "../src/index.ts";
import { accepting, any, never } from "./stage.ts";

const made = (build: ($: FlowBuilder) => unknown) => () => flow("flawed", { input: any(), build });
const refusal = (code: string, path: string) => expect.objectContaining({ code, path });

const branch = (options: object) =>
  made(($) => $.branch("b", { choose: never, cases: { x: () => 1 }, ...options } as never));
const ensemble = (options: object, members: unknown = { one: never, two: never }, ...more: unknown[]) =>
  made(($) => {
    const begun = $.ensemble("e", { output: any(), quorum: 1, ...options } as never);
    return (begun.by as (...given: unknown[]) => unknown)(members, ...more);
  });
const map = (options: object) => made(($) => $.map("m", { over: [], each: () => 1, ...options } as never));
const loop = (options: object) =>
  made(($) => {
    const defaults = { output: any(), body: () => 1, until: never, maxTurns: 2, atLimit: "last" };
    return $.loop("l", { ...defaults, ...options } as never);
  });
const sleep = (options: object) => made(($) => $.sleep("s", options as never));
const signal = (options: object) =>
  made(($) => $.signal("g", { schema: any(), timeout: "1m", onTimeout: null, ...options } as never));
const call = (options: object) => made(($) => $.call("c", options as never));

describe("rule 33: what has no meaning is refused", () => {
  test.each<[string, () => unknown, string]>([
    ["a branch without a choice", branch({ choose: "x" }), "b.choose"],
    ["a branch without cases", branch({ cases: {} }), "b.cases"],
    ["cases that are none", branch({ cases: null }), "b.cases"],
    ["cases in a text", branch({ cases: "x" }), "b.cases"],
    ["a case that is no function", branch({ cases: { x: 1 } }), "b.x"],
    ["a case without a good name", branch({ cases: { "x/y": () => 1 } }), "b.cases.name"],
    ["an option that there is not", branch({ chose: 1 }), "b.chose"],
    ["an ensemble without members", ensemble({}, {}), "e.by"],
    ["members that are none", ensemble({}, null), "e.by"],
    ["a quorum of none", ensemble({ quorum: 0 }), "e.quorum"],
    ["a quorum of more than there are", ensemble({ quorum: 3 }), "e.quorum"],
    ["half a quorum", ensemble({ quorum: 1.5 }), "e.quorum"],
    ["members among the options", ensemble({ members: { one: never } }), "e.members"],
    ["members in a list", ensemble({}, [never]), "e.by"],
    ["members in a function", ensemble({}, never), "e.by"],
    ["members of a class", ensemble({}, new (class Members {})()), "e.by"],
    ["a member with the name of a prototype", ensemble({}, JSON.parse('{ "__proto__": {} }')), "e.by.name"],
    ["a member that is a prototype", ensemble({}, Object.create({ one: never })), "e.by"],
    ["a member with half a ladder", ensemble({}, { one: [never, null] }), "e.by.one"],
    ["nothing to combine with", ensemble({ combine: 1 }), "e.combine"],
    ["nothing to combine with, by name", ensemble({}, { one: never }, 1), "e.by[1]"],
    ["two ways to combine", ensemble({ combine: never }, { one: never }, never), "e.by[1]"],
    ["weights away from the members", ensemble({ combine: weighted({ one: 1 }, never) }), "e.combine"],
    ["a weight for who is no member", ensemble({}, { one: never }, weighted({ two: 1 }, never)), "e.by[1]"],
    ["another way to settle", ensemble({ settle: "some" }), "e.settle"],
    ["members that are effects", ensemble({ kind: "effect" }), "e.kind"],
    ["a declared answer that a journal cannot keep", ensemble({ below: { x: Symbol("no") } }), "e.below.x"],
    ["a member that is none", ensemble({}, { one: never, two: "gpt" }), "e.by.two"],
    ["a member with an empty ladder", ensemble({}, { one: [], two: never }), "e.by.one"],
    ["a map over what is no array", map({ over: 3 }), "m.over"],
    ["a map without a body", map({ each: 1 }), "m.each"],
    ["no item at a time", map({ concurrency: 0 }), "m.concurrency"],
    ["too many at a time", map({ concurrency: 1_001 }), "m.concurrency"],
    ["half an item at a time", map({ concurrency: 1.5 }), "m.concurrency"],
    ["another way to fail", map({ onFailure: "ignore" }), "m.onFailure"],
    ["a loop without a body", loop({ body: 1 }), "l.body"],
    ["a loop without an end", loop({ until: 1 }), "l.until"],
    ["no turns", loop({ maxTurns: 0 }), "l.maxTurns"],
    ["endless turns", loop({ maxTurns: Number.POSITIVE_INFINITY }), "l.maxTurns"],
    ["more turns than a journal takes", loop({ maxTurns: 10_001 }), "l.maxTurns"],
    ["nothing at the limit", loop({ atLimit: undefined }), "l.atLimit"],
    ["a cost in shells", loop({ maxCost: { shells: 1 } }), "l.maxCost.shells"],
    ["a sleep without a time", sleep({}), "s.for"],
    ["a sleep with two", sleep({ for: 1, until: never }), "s.for"],
    ["an instant that is no function", sleep({ until: 3 }), "s.until"],
    ["a wait without a timeout", signal({ timeout: undefined }), "g.timeout"],
    ["a wait without an answer for it", signal({ onTimeout: undefined }), "g.onTimeout"],
    ["an answer that a journal cannot keep", signal({ onTimeout: { x: Symbol("no") } }), "g.onTimeout.x"],
    ["a call of nothing", call({ flow: undefined, input: 1 }), "c.flow"],
    ["a call without an input", call({ flow: flow("other", { input: any(), build: () => 1 }) }), "c.input"],
    ["a call of what is no flow", call({ flow: { plan: {} }, input: 1 }), "c.flow"],
  ])("%s", (_, make, path) => {
    expect(make).toThrow(refusal("option-invalid", path));
  });

  test("a scope that is built by an async function", () => {
    expect(branch({ cases: { x: async () => 1 } })).toThrow(refusal("flow-invalid", "b.x"));
  });

  test("a step that is made with the $ of a scope around, also two scopes out", () => {
    const outer = made(($) => {
      const inner = ($$: FlowBuilder) => {
        const bad = () => $.step("s", { output: any() }).by(never);
        return $$.branch("inner", { choose: never, cases: { y: bad } } as never);
      };
      return $.branch("b", { choose: never, cases: { x: inner } } as never);
    });
    expect(outer).toThrow(refusal("flow-invalid", "s"));
    expect(outer).toThrow("a step of b.x.inner.y is made with the $ of flawed");
  });

  test("a step that is begun outside and finished inside", () => {
    const late = made(($) => {
      const begun = $.step("s", { output: any() });
      return $.branch("b", { choose: never, cases: { x: () => begun.by(never) } } as never);
    });
    expect(late).toThrow("a step of b.x is made with the $ of flawed");
  });

  test("scopes inside each other without end", () => {
    const deeper = ($: FlowBuilder): unknown => $.branch("b", { choose: never, cases: { x: deeper } } as never);
    expect(made(deeper)).toThrow(expect.objectContaining({ code: "flow-invalid", found: "scope 21" }));
  });

  test("a flow that calls itself, by its name", () => {
    const other = flow("flawed", { input: any(), build: () => 1 });
    expect(call({ flow: other, input: 1 })).toThrow(refusal("option-invalid", "c.flow"));
  });

  test("a declared signal that breaks its own contract; one that is judged later is not judged here", () => {
    const picky = accepting<number>((value) => (value === 1 ? undefined : "not one"));
    expect(signal({ schema: picky, onTimeout: 2 })).toThrow(refusal("option-invalid", "g.onTimeout"));
    const later = { "~standard": { version: 1, vendor: "test", validate: () => Promise.reject(new Error("later")) } };
    expect(signal({ schema: later, onTimeout: 2 })).not.toThrow();
  });

  test("a reference where an option is wanted is named in the message", () => {
    const named = made(($) => {
      const first = $.sleep("first", { for: 1 });
      return $.map("m", { over: [], each: () => 1, concurrency: first } as never);
    });
    expect(named).toThrow(expect.objectContaining({ path: "m.concurrency", found: "the reference first" }));
  });

  test("the names of two nodes in one scope", () => {
    const twice = ($: FlowBuilder) => [$.sleep("s", { for: 1 }), $.sleep("s", { for: 1 })];
    expect(branch({ cases: { x: twice } })).toThrow(refusal("step-duplicate", "b.x.s"));
  });

  test("an ensemble that is begun and never finished, or finished twice", () => {
    const begun = (finish: (begun: { by: (...given: unknown[]) => unknown }) => unknown) =>
      made(($) => finish($.ensemble("e", { output: any(), quorum: 1 }) as never) ?? null);
    const missing = refusal("step-without-rung", "e");
    expect(begun(() => null)).toThrow(missing);
    expect(begun((one) => one.by())).toThrow(missing);
    expect(begun((one) => one)).toThrow(missing);
    const twice = begun((one) => [one.by({ a: never }), one.by({ a: never })]);
    expect(twice).toThrow(refusal("option-invalid", "e.by"));
  });

  test("a step that is begun in a scope and never finished", () => {
    expect(map({ each: ($: FlowBuilder) => void $.step("s", { output: any() }) })).toThrow(
      refusal("step-without-rung", "m[0].s"),
    );
  });

  test("a reference out of a scope that has been built", () => {
    const leaked = made(($) => {
      let inner: unknown;
      const way = $.branch("b", {
        choose: never,
        cases: { x: ($: FlowBuilder) => (inner = $.sleep("s", { for: 1 })) },
      } as never);
      return { way, inner };
    });
    expect(leaked).toThrow(refusal("reference-foreign", "flawed answer.inner"));
  });

  test("a nested step that nobody reads", () => {
    const unread = ($: FlowBuilder) => {
      $.step("s", { output: any() }).by(never);
      return 1;
    };
    expect(branch({ cases: { x: unread } })).toThrow(expect.objectContaining({ code: "step-unread" }));
  });
});

test("rule 32: bounds and defaults are written out", () => {
  const { plan } = flow("bounded", {
    input: any<{ list: number[] }>(),
    build: ($, input) => ({
      m: $.map("m", { over: input.list, each: (_, item) => item }),
      e: $.ensemble("e", { output: any(), quorum: 1 }).by({ one: never }),
      l: $.loop("l", {
        output: any(),
        body: () => 1,
        until: never,
        maxTurns: 2,
        maxCost: { usd: 1 },
        atLimit: "fail",
        checks: { "is good": never },
      } as never),
      s: $.sleep("s", { for: "1m" }),
      g: $.signal("g", { schema: any(), timeout: "1h", onTimeout: never }),
    }),
  });
  expect(plan.scopes[0]?.nodes).toMatchObject([
    { kind: "map", concurrency: 10, onFailure: "fail" },
    { kind: "ensemble", quorum: 1, settle: "all", below: { kind: "fails" } },
    { kind: "loop", maxTurns: 2, maxCost: { usd: 1 }, atLimit: "fail", checks: ["is good"] },
    { kind: "sleep", forMs: 60_000 },
    { kind: "signal", timeoutMs: 3_600_000 },
  ]);
});
