// What users read when they use branch, ensemble, map, loop, call, sleep, signal or agent wrongly and the compiler did not see it:
// plain JavaScript, `any`, or what types cannot tell. Rule 33: each message says what, where, expected, found and how to mend it.
import { flow, lastGood, tool, weighted } from "plumbline";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { messageOf, type Untyped } from "./message.ts";

const Input = z.object({ pdf: z.string(), pages: z.array(z.string()) });
const Fields = z.object({ income: z.number(), name: z.string() });
const read = () => ({ income: 1, name: "Ada" });

function defining(build: ($: Untyped, input: Untyped) => unknown): () => unknown {
  return () => flow("loan", { input: Input, build } as never);
}

function extract($: Untyped, input: Untyped, options: object = {}) {
  return $.step("extract", { needs: { pdf: input.pdf }, output: Fields, ...options }).by(read);
}
const reading = ($: Untyped) => $.step("read", { output: Fields }).by(read);

const branch = { choose: () => "one", cases: { one: () => null, other: reading } };
const withBranch = (options: object) => defining(($) => $.branch("route", { ...branch, ...options }));
const ensemble = { output: Fields, quorum: 1 };
const members = { rules: read, model: read };
const withEnsemble = (options: object) => defining(($) => $.ensemble("score", { ...ensemble, ...options }).by(members));
const withMembers = (...given: Untyped[]) => defining(($) => $.ensemble("score", ensemble).by(...given));
const withMap = (options: object) =>
  defining(($, { pages }) => $.map("pages", { over: pages, each: reading, ...options }));
const loop = { output: Fields, body: reading, until: () => true, maxTurns: 3, atLimit: "fail" };
const withLoop = (options: object) => defining(($) => $.loop("refine", { ...loop, ...options }));
const signal = { schema: z.object({ paid: z.boolean() }), timeout: "3d", onTimeout: { paid: false } };
const withSignal = (options: object) => defining(($) => $.signal("payment", { ...signal, ...options }));
const withSleep = (options: object) => defining(($) => $.sleep("cool-off", options));
const withCall = (options: object) => defining(($) => $.call("collect", options));
const search = { description: "Finds pages.", input: z.string(), output: z.string(), run: () => "" };
const agent = { tools: { search }, output: z.string(), maxTurns: 3 };
const model = () => ({ answer: "" });
const withAgent = (options: object) => defining(($) => $.agent("research", { ...agent, ...options }).by(model));
const withModels = (...models: Untyped[]) => defining(($) => $.agent("research", agent).by(...models));
const withStep = (options: object, ...others: Untyped[]) =>
  defining(($) => $.step("extract", { output: Fields, ...options }).by(read, ...others));
const withRung = (rung: object) => defining(($) => $.step("extract", { output: Fields }).by({ run: read, ...rung }));

function nested(depth: number): ($: Untyped) => unknown {
  return depth === 0 ? () => 1 : ($) => $.branch("b", { choose: () => "c", cases: { c: nested(depth - 1) } });
}

const withoutEnd = ($: Untyped): unknown => $.branch("b", { choose: () => "c", cases: { c: withoutEnd } });

/** A step that needs what nothing produces yet. */
const readingBegun = ($: Untyped, begun: Untyped) => $.step("use", { needs: { begun }, output: Fields }).by(read);
/** `.by` of something outside, in a case. */
const twice = (begun: Untyped, given: Untyped) => [begun.by(given), begun.by(given)];

const withinBranch = ($: Untyped, begun: Untyped, ...given: Untyped[]) =>
  $.branch("route", { ...branch, cases: { one: () => begun.by(...given) } });

type Mistake = [string, () => unknown];

describe("mistakes in a branch", () => {
  test.each<Mistake>([
    ["a case that is no function", withBranch({ cases: { one: null } })],
    [
      "a reference for a case",
      defining(($, input) => $.branch("route", { ...branch, cases: { one: extract($, input) } })),
    ],
    ["no choose", withBranch({ choose: undefined })],
    ["no cases", withBranch({ cases: {} })],
    ["a case that is async", withBranch({ cases: { one: async () => 1 } })],
    ["a case that gives nothing", withBranch({ cases: { one: ($: Untyped) => void reading($) } })],
    ["one name twice in a case", withBranch({ cases: { one: ($: Untyped) => [reading($), reading($)] } })],
    ["the outer $ in a case", defining(($) => $.branch("route", { ...branch, cases: { one: () => reading($) } }))],
    [
      "the outer $ in a case of a case",
      withBranch({
        cases: { one: ($: Untyped) => $.branch("again", { choose: () => "a", cases: { a: () => reading($) } }) },
      }),
    ],
    [
      ".by of an outer step in a case",
      defining(($) => {
        const begun = $.step("extract", { output: Fields });
        return $.branch("route", { ...branch, cases: { one: () => begun.by(read) } });
      }),
    ],
    [
      "a reference of a case outside of it",
      defining(($) => {
        let inner: Untyped;
        const one = ($: Untyped) => (inner = reading($));
        const route = $.branch("route", { ...branch, cases: { one } });
        return { route, income: inner.income };
      }),
    ],
    [
      "a reference of a case in another",
      defining(($) => {
        let inner: Untyped;
        const one = ($: Untyped) => (inner = reading($));
        const other = ($: Untyped) => $.step("use", { needs: { income: inner.income }, output: Fields }).by(read);
        return $.branch("route", { ...branch, cases: { one, other } });
      }),
    ],
    [
      "the $ of a case after it",
      defining(($) => {
        let kept: Untyped;
        const keep = ($: Untyped) => {
          kept = $;
          return 1;
        };
        const route = $.branch("route", { ...branch, cases: { one: keep } });
        return { route, late: reading(kept) };
      }),
    ],
    ["deeper than anyone can follow", defining(nested(21))],
    ["a function that uses itself for its own case", defining(withoutEnd)],
    [
      "a branch that nobody reads",
      defining(($, { pdf }) => {
        $.branch("route", { ...branch, cases: { one: reading } });
        return pdf;
      }),
    ],
  ])("%s", async (_name, define) => {
    expect(await messageOf(define)).toMatchSnapshot();
  });
});

describe("mistakes in an ensemble", () => {
  test.each<Mistake>([
    ["a quorum above the members", withEnsemble({ quorum: 3 })],
    ["no quorum", withEnsemble({ quorum: undefined })],
    ["members that are effects", withEnsemble({ kind: "effect" })],
    ["a member that says it is an effect", withMembers({ rules: { run: read, kind: "effect" } })],
    ["no members", withMembers({})],
    ["no .by", defining(($, { pdf }) => [$.ensemble("score", ensemble), pdf])],
    ["an ensemble without .by among the needs", defining(($) => readingBegun($, $.ensemble("score", ensemble)))],
    ["an ensemble without .by that nobody reads", defining(($, { pdf }) => [pdf, void $.ensemble("score", ensemble)])],
    ["a .by of nothing", withMembers()],
    ["a second .by", defining(($) => twice($.ensemble("score", ensemble), members))],
    [".by in a scope inside", defining(($) => withinBranch($, $.ensemble("score", ensemble), members))],
    ["members that are one function", withMembers(read)],
    ["members in a list", withMembers([read, read])],
    ["members that are an instance of a class", withMembers(new (class Members {})())],
    [
      "a member that is a prototype",
      withMembers(JSON.parse('{ "rules": 1 }', () => ({ __proto__: read, rules: read }))),
    ],
    ["a member with the name of a prototype", withMembers(Object.fromEntries([["__proto__", read]]))],
    ["a member that is none", withMembers({ rules: "gpt-5" })],
    ["a member without a rung", withMembers({ rules: [] })],
    ["a member with half a ladder", withMembers({ rules: [read, undefined] })],
    ["members among the options", withEnsemble({ members })],
    ["a combine that is none", withEnsemble({ combine: "median" })],
    ["a combine by name that is none", withMembers(members, "median")],
    ["two ways to combine", defining(($) => $.ensemble("score", { ...ensemble, combine: read }).by(members, read))],
    ["weights that do not stand beside the members", withEnsemble({ combine: weighted({ rules: 2 }, Number) })],
    ["a weight for who is no member", withMembers(members, weighted({ rulse: 2 }, Number))],
    ["a weight that is none", () => weighted({ rules: Number.NaN }, Number)],
    ["a settle that is none", withEnsemble({ settle: "first" })],
    ["an answer below the quorum that a journal cannot keep", withEnsemble({ below: { at: Symbol("now") } })],
    [
      "an ensemble that nobody reads",
      defining(($, { pdf }) => {
        $.ensemble("score", ensemble).by(members);
        return pdf;
      }),
    ],
  ])("%s", async (_name, define) => {
    expect(await messageOf(define)).toMatchSnapshot();
  });
});

describe("mistakes in a map", () => {
  test.each<Mistake>([
    ["over something that is no array", withMap({ over: "pages" })],
    ["over nothing", withMap({ over: undefined })],
    ["no each", withMap({ each: undefined })],
    ["a way with failures that is none", withMap({ onFailure: "skip" })],
    ["none at the same time", withMap({ concurrency: 0 })],
    ["needs instead of over", withMap({ needs: {} })],
    ["an item taken for a value", withMap({ each: (_$: Untyped, page: Untyped) => `${page}` })],
    ["the outer $ for each item", defining(($, { pages }) => $.map("pages", { over: pages, each: () => reading($) }))],
    [
      "an item outside of the map",
      defining(($, { pages }) => {
        let item: Untyped;
        const map = $.map("pages", { over: pages, each: (_$: Untyped, page: Untyped) => (item = page) });
        return { map, item };
      }),
    ],
    [
      "a map that nobody reads",
      defining(($, { pdf, pages }) => {
        $.map("pages", { over: pages, each: reading });
        return pdf;
      }),
    ],
  ])("%s", async (_name, define) => {
    expect(await messageOf(define)).toMatchSnapshot();
  });
});

describe("mistakes in a loop", () => {
  test.each<Mistake>([
    ["no bound", withLoop({ maxTurns: undefined })],
    ["no turns", withLoop({ maxTurns: 0 })],
    ["a way at the limit that is none", withLoop({ atLimit: "stop" })],
    ["no way at the limit", withLoop({ atLimit: undefined })],
    ["no until", withLoop({ until: undefined })],
    ["no body", withLoop({ body: undefined })],
    ["no contract", withLoop({ output: undefined })],
    ["a cost in a word that is none", withLoop({ maxCost: { eur: 1 } })],
    ["the outer $ in the body", defining(($) => $.loop("refine", { ...loop, body: () => reading($) }))],
    [
      "a loop that nobody reads",
      defining(($, { pdf }) => {
        $.loop("refine", loop);
        return pdf;
      }),
    ],
  ])("%s", async (_name, define) => {
    expect(await messageOf(define)).toMatchSnapshot();
  });
});

describe("mistakes in waiting", () => {
  test.each<Mistake>([
    ["a sleep with neither", withSleep({})],
    ["a sleep with both", withSleep({ for: "1h", until: () => new Date() })],
    ["a sleep until a date", withSleep({ until: new Date(0) })],
    ["a signal without a timeout", withSignal({ timeout: undefined })],
    ["a signal without an answer for the timeout", withSignal({ onTimeout: undefined })],
    ["an answer for the timeout that breaks the schema", withSignal({ onTimeout: { payed: false } })],
    ["a signal without a schema", withSignal({ schema: undefined })],
    ["a call without a flow", withCall({ input: {} })],
    ["a call of a name", withCall({ flow: "collect", input: {} })],
    ["a call without an input", withCall({ flow: flow("collect", { input: Input, build: () => 1 }) })],
    [
      "a call of a flow of the same name",
      withCall({ flow: flow("loan", { input: Input, build: () => 1 }), input: { pdf: "", pages: [] } }),
    ],
  ])("%s", async (_name, define) => {
    expect(await messageOf(define)).toMatchSnapshot();
  });
});

test("a flow cannot call itself: it does not exist yet while it is being defined", () => {
  const define = () => {
    const again: Untyped = flow("again", {
      input: Input,
      build: ($: Untyped, input: Untyped) => $.call("self", { flow: again, input }),
    });
  };
  expect(define).toThrow("Cannot access 'again' before initialization");
});

describe("mistakes in an agent", () => {
  test.each<Mistake>([
    ["no bound", withAgent({ maxTurns: undefined })],
    ["no .by", defining(($, { pdf }) => [$.agent("research", agent), pdf])],
    ["an agent without .by among the needs", defining(($) => readingBegun($, $.agent("research", agent)))],
    ["an agent without .by that nobody reads", defining(($, { pdf }) => [pdf, void $.agent("research", agent)])],
    ["a .by of nothing", withModels()],
    ["a second .by", defining(($) => twice($.agent("research", agent), model))],
    [".by in a scope inside", defining(($) => withinBranch($, $.agent("research", agent), model))],
    ["a model that is a name", withModels("gpt-5")],
    ["a second model that is none", withModels(model, { modelId: "gpt-5" })],
    ["models in a list", withModels([model, model])],
    ["a model among the options", withAgent({ model })],
    ["a last good answer for a turn", withModels(model, lastGood({ maxAge: "1h" }))],
    ["no contract", withAgent({ output: undefined })],
    ["no tools", withAgent({ tools: {} })],
    ["tools in a list", withAgent({ tools: [search] })],
    ["a tool with a name that no provider takes", withAgent({ tools: { "look up": search } })],
    ["a cost that bounds nothing", withAgent({ maxCost: {} })],
    ["a cost that is no number", withAgent({ maxCost: { usd: Number.NaN } })],
    ["a cost of nothing", withAgent({ maxCost: { tokens: 0 } })],
    ["a tool without run", withAgent({ tools: { search: { ...search, run: undefined } } })],
    ["a tool without an input", withAgent({ tools: { search: { ...search, input: undefined } } })],
    ["a tool without an output", withAgent({ tools: { search: { ...search, output: undefined } } })],
    ["a tool without a description", withAgent({ tools: { search: { ...search, description: undefined } } })],
    ["a tool on its own without run", () => tool({ ...search, run: undefined } as never)],
    ["no calls in a turn", withAgent({ maxCalls: 0 })],
    ["a way at the limit that is none", withAgent({ atLimit: "last" })],
    ["needs without names", withAgent({ needs: "question" })],
  ])("%s", async (_name, define) => {
    expect(await messageOf(define)).toMatchSnapshot();
  });
});

describe("mistakes in what a step may keep and use", () => {
  const cached = { cache: { maxAge: "1h" }, version: "1" };
  test.each<Mistake>([
    ["a cache without a version", withStep({ cache: { maxAge: "1h" } })],
    ["a cache without an age", withStep({ cache: {}, version: "1" })],
    ["a cache of an effect", withStep({ ...cached, kind: "effect" })],
    ["a hedge of an effect", withStep({ hedge: { after: "1s" }, kind: "effect" }, read)],
    ["a hedge with one rung", withStep({ hedge: { after: "1s" } })],
    ["a hedge without a delay", withStep({ hedge: {} }, read)],
    ["a limit without a number", withRung({ limit: { name: "gpu" } })],
    ["a limit without a name", withRung({ limit: { concurrency: 1 } })],
    ["a rate without a time", withRung({ limit: { name: "gpu", rate: { count: 10 } } })],
  ])("%s", async (_name, define) => {
    expect(await messageOf(define)).toMatchSnapshot();
  });
});

test("what looks like a mistake and is none", () => {
  const effect = ($: Untyped) => $.step("send", { kind: "effect", output: Fields }).by(read);
  const asking = { decision: z.object({ ok: z.boolean() }), desk: "d", timeout: "1h", onTimeout: { ok: true } };
  const made = flow("fine", {
    input: Input,
    build($: Untyped, { pdf, pages }: Untyped) {
      $.branch("same names", { choose: () => "one", cases: { one: effect, other: effect } });
      $.map("for each", {
        over: pages,
        each: ($: Untyped) => $.branch("route", { ...branch, cases: { one: effect } }),
      });
      $.loop("ask", { ...loop, output: z.unknown(), body: ($: Untyped) => $.approval("ok", asking) });
      $.signal("payment", signal);
      $.sleep("cool-off", { for: "1h" });
      $.call("other", { flow: flow("other", { input: Input, build: () => 1 }), input: { pdf, pages } });
      $.agent("writes", { ...agent, tools: { search: { ...search, kind: "effect" } } }).by(model);
      return { deep: nested(20)($) };
    },
  } as never);
  expect(made.plan.scopes.length).toBeGreaterThan(20);
});
