// Rules 2, 9, 15: what is skipped and what fails passes on to its readers, unless they absorb it; firstOf takes what ran.
import { describe, expect, test } from "vitest";
import { type FlowBuilder, firstOf, flow, open, optional, type Ref, resolve, sealedIn, stepsOf } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

const once = { output: any(), retry: { maxAttempts: 1 } } as const;
const answering = (build: ($: FlowBuilder, input: Ref<{ n: number }>) => unknown) =>
  new Stage(flow("answering", { input: any<{ n: number }>(), build }), { n: 1 });

function given(stage: Stage, path: string): unknown {
  const { frame, node } = stage.slot(path);
  return resolve(stage.state, frame, node.needs, open);
}

function answer(stage: Stage): unknown {
  const { frame } = stage.slot("a");
  return resolve(stage.state, frame, frame.scope.answer, open);
}

/** `a` and `b` may be skipped; the reader is made of their references. */
function reading(
  written: (a: Ref<unknown>, b: Ref<unknown>) => object,
  after?: (a: Ref<unknown>, b: Ref<unknown>) => unknown,
): Stage {
  return answering(($) => {
    const a = $.step("a", { ...once, when: never }).by(never) as unknown as Ref<unknown>;
    const b = $.step("b", { ...once, when: never }).by(never) as unknown as Ref<unknown>;
    const placing = after ? { after: after(a, b) as Ref<unknown> } : {};
    const reader = $.step("reader", { ...once, needs: written(a, b), ...placing }).by(never);
    return { reader, others: [optional(a, { onFailure: true }), optional(b, { onFailure: true })] };
  });
}

type Fate = "runs" | "skipped" | "fails";
function settle(stage: Stage, path: string, fate: Fate): void {
  stage.answers(path, fate !== "skipped");
  if (fate === "runs") stage.completes(path, path);
  if (fate === "fails") stage.fails(path);
}

const read = {
  plain: (a: Ref<unknown>) => ({ a }),
  optional: (a: Ref<unknown>) => ({ a: optional(a) }),
  absorbing: (a: Ref<unknown>) => ({ a: optional(a, { onFailure: true }) }),
  first: (a: Ref<unknown>, b: Ref<unknown>) => ({ x: firstOf(a, b) }),
  firstOptional: (a: Ref<unknown>, b: Ref<unknown>) => ({ x: firstOf(optional(a), b) }),
  firstAbsorbing: (a: Ref<unknown>, b: Ref<unknown>) => ({ x: firstOf(optional(a, { onFailure: true }), b) }),
  absorbingFirst: (a: Ref<unknown>, b: Ref<unknown>) => ({ x: optional(firstOf(a, b), { onFailure: true }) }),
  nestedFirst: (a: Ref<unknown>, b: Ref<unknown>) => ({ x: firstOf(firstOf(a, b), b) }),
  both: (a: Ref<unknown>) => ({ a: optional(a, { onFailure: true }), again: [a] }),
  list: (a: Ref<unknown>, b: Ref<unknown>) => ({ list: [optional(a), { b: optional(b) }] }),
};

describe("rule 15: what a reader is given, or what becomes of it", () => {
  test.each<[keyof typeof read, Fate, Fate, unknown]>([
    ["plain", "runs", "runs", { a: "a" }],
    ["plain", "skipped", "runs", "skipped"],
    ["plain", "fails", "runs", "failed"],
    ["optional", "skipped", "runs", { a: undefined }],
    ["optional", "fails", "runs", "failed"],
    ["absorbing", "skipped", "runs", { a: undefined }],
    ["absorbing", "fails", "runs", { a: undefined }],
    ["first", "runs", "runs", { x: "a" }],
    ["first", "skipped", "runs", { x: "b" }],
    ["first", "runs", "skipped", { x: "a" }],
    ["first", "skipped", "skipped", "skipped"],
    ["first", "runs", "fails", "failed"],
    ["first", "fails", "runs", "failed"],
    ["firstOptional", "skipped", "runs", { x: "b" }],
    ["firstOptional", "skipped", "skipped", { x: undefined }],
    ["firstAbsorbing", "fails", "runs", { x: "b" }],
    ["firstAbsorbing", "fails", "skipped", { x: undefined }],
    ["absorbingFirst", "fails", "runs", { x: "b" }],
    ["absorbingFirst", "runs", "fails", { x: "a" }],
    ["absorbingFirst", "fails", "skipped", { x: undefined }],
    ["absorbingFirst", "skipped", "skipped", { x: undefined }],
    ["nestedFirst", "skipped", "runs", { x: "b" }],
    ["nestedFirst", "skipped", "skipped", "skipped"],
    ["both", "skipped", "runs", "skipped"],
    ["both", "fails", "runs", "failed"],
    ["list", "skipped", "skipped", { list: [undefined, { b: undefined }] }],
  ])("%s, where a %s and b %s", (how, a, b, expected) => {
    for (const order of [
      ["a", "b"],
      ["b", "a"],
    ]) {
      const stage = reading(read[how]);
      for (const path of order) settle(stage, path, path === "a" ? a : b);
      if (typeof expected === "string") expect(stage.status("reader")).toBe(expected);
      else expect([stage.status("reader"), given(stage, "reader")]).toStrictEqual(["ready", expected]);
    }
  });

  test("a reader that absorbs waits for the node all the same (rule 2)", () => {
    const stage = reading(read.absorbing);
    settle(stage, "b", "runs");
    expect(stage.status("reader")).toBe("pending");
    expect(stage.due).toEqual(["ask-condition a"]);
  });

  test("a failure settles its readers at once, though other needs are still under way", () => {
    const stage = reading((a, b) => ({ a, b }));
    settle(stage, "a", "fails");
    expect(stage.status("reader")).toBe("failed");
    expect(stage.state.phase).toBe("ended");
  });
});

describe("after", () => {
  test.each<[string, (a: Ref<unknown>, b: Ref<unknown>) => unknown, Fate, string]>([
    ["a", (a) => a, "runs", "ready"],
    ["a, skipped", (a) => a, "skipped", "skipped"],
    ["a, failed", (a) => a, "fails", "failed"],
    ["optional(a), skipped", (a) => optional(a), "skipped", "ready"],
    ["firstOf(a, b), of which one ran", (a, b) => firstOf(a, b), "runs", "ready"],
    ["firstOf(a, b), of which none ran", (a, b) => firstOf(a, b), "skipped", "skipped"],
    ["a list", (a, b) => [optional(a), optional(b)], "skipped", "ready"],
  ])("%s", (_name, after, fate, expected) => {
    const stage = reading(() => ({}), after);
    settle(stage, "b", "skipped");
    settle(stage, "a", fate);
    expect(stage.status("reader")).toBe(expected);
  });

  test("what after demands, a reading of the same node does not soften", () => {
    const stage = reading(
      (a) => ({ a: optional(a) }),
      (a) => a,
    );
    settle(stage, "b", "runs");
    settle(stage, "a", "skipped");
    expect(stage.status("reader")).toBe("skipped");
  });
});

describe("conditions", () => {
  test("a skip says why: its own condition, or the slot that was skipped", () => {
    const stage = reading(read.plain);
    settle(stage, "a", "skipped");
    settle(stage, "b", "runs");
    expect(stage.all("step.skipped").map(({ slot, because }) => [slot, because])).toEqual([
      [0, "when"],
      [2, 0],
    ]);
  });

  test("a condition that throws fails the step", () => {
    const stage = reading(read.absorbing);
    stage.say({ kind: "step.failed", at: stage.now, slot: 0, failure: error("when threw: no", "predicate") });
    settle(stage, "b", "runs");
    expect(given(stage, "reader")).toStrictEqual({ a: undefined });
  });

  test("an answered condition is not asked again, not after a crash either", () => {
    const stage = reading(read.plain);
    stage.answers("a");
    stage.crash();
    expect(stage.due).toEqual(["attempt a 0/2", "ask-condition b"]);
  });
});

describe("rule 14 and 15: absorbed failures and the outcome", () => {
  test("a failure that all readers absorb degrades the run; skipped, failed and absent stay distinguishable", () => {
    const stage = answering(($) => {
      const a = $.step("a", { ...once, when: never }).by(never);
      const b = $.step("b", once).by(never);
      return { a, b: optional(b, { onFailure: true }) };
    });
    stage.answers("a", false);
    stage.fails("b", error("down"));
    expect(stage.due).toEqual(["answer"]);
    expect(answer(stage)).toStrictEqual({ a: undefined, b: undefined });
    stage.ends();
    expect(stage.state.degradations).toEqual([
      { path: "b", kind: "absorbed-failure", reason: "failed and was done without: down" },
    ]);
    expect(stepsOf(stage.state).map(({ path, status }) => [path, status])).toEqual([
      ["a", "skipped"],
      ["b", "failed"],
    ]);
  });

  test("a skip alone degrades nothing", () => {
    const stage = answering(($) => ({ a: $.step("a", { ...once, when: never }).by(never) }));
    stage.answers("a", false);
    stage.ends({});
    expect(stage.state.outcome).toBe("succeeded");
  });

  test("one reader that does not absorb is enough to fail the run, when its own failure is not absorbed either", () => {
    const chain = (absorbed: boolean) =>
      answering(($) => {
        const a = $.step("a", once).by(never);
        const b = $.step("b", { ...once, needs: { a } }).by(never);
        const c = $.step("c", { ...once, needs: { a: optional(a, { onFailure: true }) } }).by(never);
        return { b: absorbed ? optional(b, { onFailure: true }) : b, c };
      });
    const fatal = chain(false);
    fatal.fails("a");
    expect(fatal.state.outcome).toBe("failed");
    const absorbed = chain(true);
    absorbed.fails("a");
    absorbed.completes("c");
    absorbed.ends();
    expect(absorbed.state.degradations.map(({ path }) => path)).toEqual(["b"]);
    expect(absorbed.state.outcome).toBe("degraded");
  });

  test("an effect that nobody reads fails the run with it", () => {
    const stage = answering(($) => {
      $.step("a", { ...once, kind: "effect" }).by(never);
      return {};
    });
    stage.fails("a", error("refused", "not-applied"));
    expect(stage.state).toMatchObject({ outcome: "failed", stop: { slot: 0 } });
  });
});

describe("rule 13: what is given is made fresh", () => {
  test("fields are own fields; what is not there is undefined; a key __proto__ is a key", () => {
    const stage = answering(($, input) => {
      const a = $.step("a", once).by(never) as unknown as Ref<{ x: { y: number }; list: string[]; text: string }>;
      const needs = {
        y: a.x.y,
        gone: (a as unknown as { p: { q: Ref<unknown> } }).p.q,
        inherited: (a.x as unknown as { valueOf2: Ref<unknown>; constructor: Ref<unknown> }).constructor,
        deep: (a.text as unknown as { length: Ref<unknown> }).length,
        first: a.list[0],
        n: input.n,
        whole: input,
        ["__proto__"]: a.x,
      };
      return $.step("reader", { ...once, needs }).by(never);
    });
    stage.completes("a", { x: { y: 2 }, list: ["first"], text: "abc" });
    const expected = JSON.parse('{"y":2,"first":"first","n":1,"whole":{"n":1},"__proto__":{"y":2}}') as object;
    const needs = given(stage, "reader") as Record<string, unknown>;
    expect(needs).toEqual(expected);
    expect(Object.keys(needs)).toEqual(["y", "gone", "inherited", "deep", "first", "n", "whole", "__proto__"]);
    expect(Object.getPrototypeOf(needs)).toBe(Object.prototype);
    expect(sealedIn(stage.state, stage.slot("reader").frame, stage.slot("reader").node.needs)).toContain('{"n":1}');
  });

  test("nobody's changes reach anyone else", () => {
    const stage = reading((a) => ({ a, constant: { list: [1] } }));
    settle(stage, "b", "runs");
    stage.answers("a");
    stage.completes("a", { list: [1] });
    const first = given(stage, "reader") as { a: { list: number[] }; constant: { list: number[] } };
    first.a.list.push(2);
    first.constant.list.push(2);
    expect(given(stage, "reader")).toEqual({ a: { list: [1] }, constant: { list: [1] } });
    expect(sealedIn(stage.state, stage.slot("reader").frame, stage.plan.scopes[0]?.answer as never)).toHaveLength(2);
  });

  test("a plan that no builder made may offer firstOf a constant: it is always there", () => {
    const stage = reading(read.first);
    settle(stage, "a", "skipped");
    settle(stage, "b", "skipped");
    const { frame } = stage.slot("reader");
    const skipped = { kind: "ref", scope: 0, node: 0, path: [] } as const;
    const expression = { kind: "first", of: [skipped, { kind: "constant", value: "7" }] } as const;
    expect(resolve(stage.state, frame, expression, open)).toBe(7);
  });

  test("sealedIn finds what firstOf, optional and lists read, and not what was skipped", () => {
    const stage = reading((a, b) => ({ x: [firstOf(a, b)], y: optional(b), fixed: 1 }));
    settle(stage, "a", "skipped");
    settle(stage, "b", "runs");
    const { frame, node } = stage.slot("reader");
    expect(sealedIn(stage.state, frame, node.needs)).toEqual(['"b"', "1"]);
  });
});
