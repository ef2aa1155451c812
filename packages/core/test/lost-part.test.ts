// Rule 14: a part that fails as a whole does not take the items with it that have their answers; each of the others is told for itself.
import { describe, expect, test } from "vitest";
import {
  advance,
  type Entry,
  type Failure,
  flow,
  fold,
  inRanges,
  lostPart,
  newState,
  open,
  type PlanBranch,
  type PlanMap,
  type PlanScope,
  pathOf,
  type RunState,
} from "../src/index.ts";
import { any, error, never, Stage, sealed } from "./stage.ts";

const mapping = (onFailure: "drop" | "collect") =>
  flow("mapping", {
    input: any<string[]>(),
    build: ($, input) =>
      $.map("all", {
        over: input,
        concurrency: 5,
        onFailure,
        each: ($, item) => {
          const made = $.step("make", { needs: { item }, output: any() }).by(never);
          const inner = $.branch("inner", {
            needs: { made },
            choose: never,
            cases: {
              book: ($) => $.step("book", { kind: "effect", output: any(), compensate: never }).by(never),
              not: () => "not",
            },
          });
          const check = $.step("check", { needs: { item }, output: any(), retry: { maxAttempts: 1 } }).by(never);
          return { made, inner, check };
        },
      }),
  });
const why: Failure = { kind: "call", message: "it was cancelled" };

/** A part of these items, from 10 on. */
function part(onFailure: "drop" | "collect", items: string[]) {
  const { plan } = mapping(onFailure);
  const [map] = (plan.scopes[0] as PlanScope).nodes as [PlanMap];
  const { part: scope } = map.parts as NonNullable<PlanMap["parts"]>;
  const state = newState(plan);
  const say = (...entries: Entry[]) => {
    fold(state, entries);
    advance(state, { now: 1, chance: () => 0.5 });
  };
  const [started] = new Stage(mapping(onFailure), []).journal as [Extract<Entry, { kind: "run.started" }>];
  say({ ...started, input: sealed({ items, from: 10 }), part: { scope, captured: {} } });
  return { state, say };
}

function branch(state: RunState): PlanBranch {
  return state.slots.find(({ node }) => node.kind === "branch")?.node as PlanBranch;
}

function at(state: RunState, path: string) {
  const slot = state.slots.find((one) => pathOf(one) === path)?.id as number;
  return { at: 1, slot, rung: 0, attempt: 1, ms: 1 };
}

/** 10 is answered, 11 did something, 12 is done without, 13 is being undone, 14 and 15 are under way, 16 and 17 did not begin. */
function stopped(onFailure: "drop" | "collect"): RunState {
  const letters = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const { state, say } = part(onFailure, letters);
  say({ kind: "items.listed", at: 1, slot: 0, items: letters.map(sealed), from: 10 });
  const completes = (path: string) => say({ kind: "step.completed", ...at(state, path), value: sealed(path) });
  const chooses = (item: number, key: "book" | "not") => {
    completes(`all[${item}].make`);
    const { slot } = at(state, `all[${item}].inner`);
    say({ kind: "scope.entered", at: 1, slot, scope: branch(state).cases[key] as number, key });
  };
  chooses(10, "not");
  chooses(11, "book");
  chooses(13, "book");
  completes("all[11].inner.book.book");
  completes("all[10].check");
  completes("all[11].check");
  say({ kind: "attempt.failed", ...at(state, "all[12].check"), failure: error("torn"), retryable: false });
  say({ kind: "attempt.failed", ...at(state, "all[13].check"), failure: error("wet"), retryable: false });
  completes("all[14].make");
  say({ kind: "cancel.requested", at: 1 });
  return state;
}

describe("a part that failed as a whole", () => {
  test("keeps the answers of items that did nothing that is undone, and drops the others", () => {
    const { values, lost } = lostPart(stopped("drop"), why, open);
    expect(values).toEqual([{ made: "all[10].make", inner: "not", check: "all[10].check" }]);
    expect(lost).toEqual([11, 12, 13, 14, 15, 16, 17]);
  });

  test("collects one for each item, with its own failure where it has one", () => {
    const { values } = lostPart(stopped("collect"), why, open);
    const lost = (item: number) => ({
      status: "failure",
      failure: {
        kind: "scope",
        path: `all[${item}]`,
        message: `all[${item}] was lost with its part: it was cancelled`,
        cause: why,
      },
    });
    const failed = (item: number, message: string) => ({
      status: "failure",
      failure: { kind: "scope", path: `all[${item}].check`, cause: error(message) },
    });
    expect(values).toMatchObject([
      { status: "success", value: { made: "all[10].make" } },
      lost(11),
      failed(12, "torn"),
      failed(13, "wet"),
      ...[14, 15, 16, 17].map(lost),
    ]);
  });

  test("tells of nothing but what it was given when it never listed its items", () => {
    for (const onFailure of ["drop", "collect"] as const) {
      const { state } = part(onFailure, ["a", "b"]);
      const { values, lost } = lostPart(state, why, open);
      expect(lost).toEqual([10, 11]);
      expect(values).toHaveLength(onFailure === "drop" ? 0 : 2);
    }
    const { state } = part("drop", []);
    expect(lostPart(state, why, () => undefined)).toEqual({ values: [], lost: [] });
  });
});

test("places are told in ranges, and no more of them than a sentence holds", () => {
  expect(inRanges([])).toBe("");
  expect(inRanges([3, 4, 5, 9, 11, 12])).toBe("3 to 5, 9, 11 to 12");
  const odd = Array.from({ length: 25 }, (_, i) => 2 * i);
  expect(inRanges(odd)).toBe("0, 2, 4, 6, 8, 10, 12, 14, 16, 18 and 15 more");
});
