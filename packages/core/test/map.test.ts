// A map does the same for each item of an array that is known at run time: in order, so many at the same time, with failures that fail, are dropped or collected.
import { describe, expect, test } from "vitest";
import { type FlowBuilder, flow, maxLosses, optional } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

function mapping(onFailure: "fail" | "drop" | "collect", concurrency = 2) {
  return flow("mapping", {
    input: any<{ pages: string[] }>(),
    build: ($, input) => {
      const pages = $.map("pages", {
        over: input.pages,
        concurrency,
        onFailure,
        each: ($, item, index) => {
          const text = $.step("read", { needs: { item, index }, output: any() }).by(never);
          return { text, index };
        },
      });
      return { pages };
    },
  });
}

function listed(onFailure: "fail" | "drop" | "collect", items = ["a", "b", "c"]): Stage {
  const stage = new Stage(mapping(onFailure), { pages: items });
  stage.lists("pages", ...items);
  return stage;
}

describe("a map", () => {
  test("asks for its items, enters as many as may be under way, and the next when one has ended", () => {
    const stage = new Stage(mapping("fail"), { pages: ["a", "b", "c"] });
    expect(stage.due).toEqual(["list-items pages"]);
    expect(stage.needs("pages")).toEqual({ over: ["a", "b", "c"] });
    stage.lists("pages", "a", "b", "c");
    expect(stage.due).toEqual(["attempt pages[0].read 0/1", "attempt pages[1].read 0/1"]);
    expect(stage.needs("pages[1].read")).toEqual({ item: "b", index: 1 });
    stage.completes("pages[1].read", "B");
    expect(stage.due).toEqual(["attempt pages[0].read 0/1", "attempt pages[2].read 0/1"]);
  });

  test("gives the answers in the order of the items, whatever the order in which they came", () => {
    const stage = listed("fail");
    for (const [page, text] of [
      [1, "B"],
      [2, "C"],
      [0, "A"],
    ] as const)
      stage.completes(`pages[${page}].read`, text);
    stage.crash();
    expect(stage.given("pages")).toEqual([
      { text: "A", index: 0 },
      { text: "B", index: 1 },
      { text: "C", index: 2 },
    ]);
  });

  test("of nothing is an empty array, at once", () => {
    const stage = listed("fail", []);
    expect([stage.status("pages"), stage.given("pages")]).toEqual(["completed", []]);
  });

  test("that fails with an item names it, starts no other and ends the run", () => {
    const stage = listed("fail");
    stage.fails("pages[1].read", error("smudged"), false);
    expect(stage.all("step.failed")).toMatchObject([
      { failure: { message: "smudged" } },
      { slot: 0, failure: { kind: "scope", message: "pages[1].read failed: smudged" } },
    ]);
    expect([stage.state.outcome, stage.state.stop?.slot]).toEqual(["failed", stage.slot("pages[1].read").id]);
    expect(stage.all("scope.entered")).toHaveLength(2);
  });

  test("rule 14: that drops goes on without the item, and the run is degraded", () => {
    const stage = listed("drop");
    stage.fails("pages[0].read", error("smudged"), false);
    stage.completes("pages[1].read", "B");
    stage.completes("pages[2].read", "C");
    expect(stage.given("pages")).toEqual([
      { text: "B", index: 1 },
      { text: "C", index: 2 },
    ]);
    expect(stage.state.degradations).toEqual([
      {
        path: "pages[0]",
        kind: "absorbed-failure",
        reason: "failed and was done without: pages[0].read failed: smudged",
      },
    ]);
  });

  test("rule 14: that collects keeps the failure in the item's place", () => {
    const stage = listed("collect", ["a", "b"]);
    stage.fails("pages[0].read", error("smudged"), false);
    stage.completes("pages[1].read", "B");
    expect(stage.given("pages")).toMatchObject([
      { status: "failure", failure: { kind: "scope", cause: { message: "smudged" } } },
      { status: "success", value: { text: "B", index: 1 } },
    ]);
  });

  test("rule 5: whose items take the process down when they are listed is given up", () => {
    const stage = new Stage(mapping("drop"), { pages: [] });
    for (let losses = 0; losses < maxLosses; losses++) expect(stage.crash()).toMatchObject([{ kind: "attempt.lost" }]);
    expect(stage.all("step.failed")).toMatchObject([{ failure: { kind: "crashed" } }]);
  });
});

test("rule 9: of items that fall at once the first in the journal is the cause, though another ended the map", () => {
  const falling = flow("falling", {
    input: any(),
    build: ($) => {
      const each = ($: FlowBuilder) => {
        const read = $.step("read", { output: any() }).by(never);
        const other = $.step("other", { output: any() }).by(never);
        return $.step("last", { needs: { read, other: optional(other) }, output: any() }).by(never);
      };
      return $.map("pages", { over: [1, 2] as never, each });
    },
  });
  const stage = new Stage(falling);
  stage.lists("pages", 1, 2);
  const failed = (path: string) =>
    ({ kind: "step.failed", at: stage.now, slot: stage.slot(path).id, failure: error(path) }) as const;
  stage.say(failed("pages[0].read"), failed("pages[1].read"), failed("pages[1].last"));
  expect(stage.state.stop?.failure).toMatchObject({
    kind: "scope",
    path: "pages[0].read",
    cause: { message: "pages[0].read" },
  });
});
