// Rule 32: an array that is too long for one journal is spread over runs of its own, part by part; each begins inside the plan with what it reads outside.
import { describe, expect, test } from "vitest";
import {
  advance,
  capturedName,
  type Entry,
  endOf,
  firstOf,
  flow,
  fold,
  newState,
  open,
  optional,
  type Part,
  type PlanMap,
  pathOf,
  type RunState,
  readOutside,
  resolve,
  summaryOf,
} from "../src/index.ts";
import { any, error, never, Stage, sealed } from "./stage.ts";

const long = flow("long", {
  input: any<{ list: number[]; rate: number }>(),
  build: ($, input) => {
    const given = $.step("given", { output: any<{ deep: string }>() }).by(never);
    const skipped = $.step("skipped", { output: any<string>(), when: never }).by(never);
    const all = $.map("all", {
      over: input.list,
      concurrency: 3,
      onFailure: "drop",
      each: ($, item, index) => {
        const made = $.step("make", {
          needs: {
            item,
            index,
            rate: input.rate,
            deep: given.deep,
            none: optional(skipped),
            either: firstOf(skipped, given.deep),
          },
          output: any(),
        }).by(never);
        const bare = $.step("bare", { needs: { skipped }, after: given, output: any() }).by(never);
        return $.branch("inner", {
          needs: { made },
          choose: () => "one" as const,
          cases: {
            one: ($) => $.step("last", { needs: { made, bare: optional(bare), item }, output: any() }).by(never),
          },
        });
      },
    });
    return { all };
  },
});
const map = long.plan.scopes[0]?.nodes[2] as PlanMap;
const parts = map.parts as NonNullable<PlanMap["parts"]>;
const refs = readOutside(long.plan, parts.part);
const env = { now: 1, chance: () => 0.5 };

/** The caller, at the point where its map has two parts. */
function spread(): Stage {
  const stage = new Stage(long, { list: [1, 2, 3], rate: 5 });
  stage.completes("given", { deep: "D" });
  stage.answers("skipped", false);
  const items = [
    { items: [1, 2], from: 0 },
    { items: [3], from: 2 },
  ].map(sealed);
  stage.say({ kind: "items.listed", at: 1, slot: 2, items, partLength: 2 });
  return stage;
}

/** A part, begun with what it is given; `captured` says what has become of the three that it reads outside. */
function begun(captured: Part["captured"], from = 2): RunState {
  const state = newState(long.plan);
  const started: Entry = {
    kind: "run.started",
    at: 1,
    run: "run-1.3",
    flow: "long",
    fingerprint: long.plan.fingerprint,
    input: sealed({ items: [3], from }),
    parent: { run: "run-1", slot: 3, path: "all[2...].part" },
    part: { scope: parts.part, captured },
  };
  fold(state, [started, { kind: "items.listed", at: 1, slot: 0, items: ["3"], from }]);
  advance(state, env);
  return state;
}

const [rate, deep, skipped] = ["rate", "deep", undefined].map((field) => {
  const found = refs.find(({ path, node }) => (field === undefined ? node === 1 : path[0] === field));
  return capturedName(found as NonNullable<typeof found>);
}) as [string, string, string];

const whole = { [rate]: "5", [deep]: '"D"', [skipped]: null };

describe("rule 32: the caller", () => {
  test("calls its parts one at a time, each with its items, and joins what they answer", () => {
    const stage = spread();
    expect(stage.due).toEqual(["call all[0...].part"]);
    expect(stage.needs("all[0...].part")).toEqual({ input: { items: [1, 2], from: 0 } });
    stage.hears("all[0...].part", "succeeded", { value: ["a", "b"] });
    stage.crash();
    expect(stage.due).toEqual(["call all[2...].part"]);
    stage.hears("all[2...].part", "succeeded", { value: ["c"] });
    expect(stage.given("all")).toEqual(["a", "b", "c"]);
  });

  test("fails with a part, or does without it, as its items would", () => {
    const stage = spread();
    stage.hears("all[0...].part", "failed", { failure: error("no", "call") });
    stage.hears("all[2...].part", "succeeded", { value: ["c"] });
    expect([stage.given("all"), stage.state.degradations[0]?.path]).toEqual([["c"], "all[0...]"]);
  });

  test("rule 14: has a failure for each item of a part that never began, where failures are collected", () => {
    const collecting = flow("collecting", {
      input: any<{ list: number[] }>(),
      build: ($, input) =>
        $.map("all", {
          over: input.list,
          onFailure: "collect",
          each: ($, item) => $.step("make", { needs: { item }, output: any() }).by(never),
        }),
    });
    const stage = new Stage(collecting, { list: [1, 2, 3] });
    const items = [{ items: [1, 2], from: 0 }, { items: [3], from: 2 }, null, { items: [4] }].map(sealed);
    stage.say({ kind: "items.listed", at: 1, slot: 0, items, partLength: 2 });
    stage.hears("all[0...].part", "succeeded", {
      value: [
        { status: "success", value: 1 },
        { status: "success", value: 2 },
      ],
    });
    stage.hears("all[2...].part", "failed", { failure: error("too large", "call") });
    for (const part of ["all[4...].part", "all[6...].part"]) {
      stage.hears(part, "failed", { failure: error("nothing there", "call") });
    }
    expect(stage.given("all")).toMatchObject([
      { status: "success", value: 1 },
      { status: "success", value: 2 },
      {
        status: "failure",
        failure: {
          kind: "scope",
          path: "all[2]",
          message: "all[2] was lost with its part: all[2...].part failed: too large",
        },
      },
      { status: "failure", failure: { path: "all[0]" } }, // of what no builder made
    ]);
  });

  test("rule 14: tells of the items of a part that failed as that part says", () => {
    const stage = spread();
    const failure = { ...error("items lost with it: 1", "call"), path: "all[0...]" };
    stage.hears("all[0...].part", "cancelled", { failure, value: ["a"] });
    stage.hears("all[2...].part", "succeeded", { value: ["c"] });
    expect(stage.given("all")).toEqual(["a", "c"]);
    expect(stage.state.degradations).toMatchObject([
      { path: "all[0...]", kind: "absorbed-failure", reason: "failed and was done without: items lost with it: 1" },
    ]);
  });

  test("rule 9: fails with the item that failed in a part, and says where", () => {
    const failing = flow("failing", {
      input: any<{ list: number[] }>(),
      build: ($, input) =>
        $.map("all", {
          over: input.list,
          each: ($, item) => $.step("make", { needs: { item }, output: any() }).by(never),
        }),
    });
    const stage = new Stage(failing, { list: [1, 2] });
    const items = [{ items: [1, 2], from: 0 }].map(sealed);
    stage.say({ kind: "items.listed", at: 1, slot: 0, items, partLength: 2 });
    const failure = {
      kind: "scope" as const,
      path: "all[1].make",
      message: "all[1].make failed: no",
      cause: error("no"),
    };
    stage.hears("all[0...].part", "failed", { failure });
    expect(endOf(stage.state)).toMatchObject({ outcome: "failed", failedAt: "all[1].make", failure });
  });

  test("rule 14: says what was less than asked for in a part", () => {
    const stage = spread();
    const { id: slot } = stage.slot("all[0...].part");
    const degradations = [
      { path: "all[1].make", reason: "was slow" },
      { path: "", reason: "late" },
    ];
    stage.say({ kind: "call.answered", at: 1, slot, outcome: "degraded", value: "[]", ms: 1, degradations });
    expect(stage.state.degradations[0]?.reason).toContain("ended degraded: all[1].make was slow; late");
  });
});

describe("rule 32: a part", () => {
  test("needs to be given what its scopes read outside, each once", () => {
    expect(refs.map(({ scope, node, path }) => [scope, node, ...path]).sort()).toEqual([
      [0, -1, "rate"],
      [0, 0],
      [0, 0, "deep"],
      [0, 1],
    ]);
  });

  test("begins with the map itself, over its part, and numbers its items as the whole does", () => {
    const state = begun(whole);
    expect(state.slots.slice(0, 2).map(pathOf)).toEqual(["all", "all[2].make"]);
    expect(summaryOf(state)).toMatchObject({ parent: "run-1" });
    const [, make] = state.slots as [never, RunState["slots"][number]];
    expect(resolve(state, make.frame, make.node.needs, open)).toEqual({
      item: 3,
      index: 2,
      rate: 5,
      deep: "D",
      none: undefined,
      either: "D",
    });
  });

  test("rule 15: knows what was skipped outside from what was given and from what failed", () => {
    expect(begun(whole).slots.map(({ status }) => status)).toEqual(["open", "ready", "skipped", "pending"]);
    const failed = begun({ [rate]: "5", [deep]: '"D"' });
    expect(failed.slots[2]?.status).toBe("ready"); // where the caller's failed, it would not have been called
  });

  test("has no parts of its own", () => {
    const state = begun(whole, 0);
    expect(pathOf(state.slots[1] as never)).toBe("all[0].make");
    const [plan] = (long.plan.scopes[parts.part]?.nodes ?? []) as [PlanMap];
    expect([plan.parts, plan.scope, plan.concurrency]).toEqual([undefined, map.scope, 3]);
  });
});

test("a journal that lists parts where there are none, or enters another scope, is folded as what it can be", () => {
  const state = newState(long.plan);
  const part = { scope: parts.part, captured: whole };
  const [started] = new Stage(long).journal as [Extract<Entry, { kind: "run.started" }>];
  fold(state, [
    { ...started, part },
    { kind: "items.listed", at: 1, slot: 0, items: ["1", "2"], partLength: 1 },
    { kind: "scope.entered", at: 1, slot: 0, scope: parts.spread, key: 0 },
  ]);
  expect(state.frames).toHaveLength(1);
  expect(advance(state, env).entries.map(({ kind }) => kind)).toContain("scope.entered");
});
