// A step that is defined on its own is placed in flows with its contract and its ladder; each use has its own needs.
import { expect, test } from "vitest";
import { flow, step } from "../src/index.ts";
import { any, never, Stage } from "./stage.ts";

const extract = step({ input: any<{ pdf: string }>(), output: any<{ income: number }>(), timeout: "5s" }).by(
  { run: never, name: "model" },
  { run: never, name: "rules" },
);

test("it is used twice, in a scope too, each time with needs of its own", () => {
  const using = flow("using", {
    input: any<{ first: string; second: string }>(),
    build: ($, input) => {
      const one = $.use("one", extract, { needs: { pdf: input.first } });
      const way = $.branch("way", {
        choose: () => "x" as const,
        cases: { x: ($) => $.use("two", extract, { needs: { pdf: input.second } }) },
      });
      return { one, way };
    },
  });
  const stage = new Stage(using, { first: "a", second: "b" });
  stage.chooses("way", "x");
  expect([stage.needs("one"), stage.needs("way.x.two")]).toEqual([{ pdf: "a" }, { pdf: "b" }]);
  expect(using.plan.scopes[0]?.nodes[0]).toMatchObject({
    rungs: [{ name: "model", timeoutMs: 5_000 }, { name: "rules" }],
  });
});

test("it is refused without its contracts, and its use with an option that is not the use's", () => {
  expect(() => step({ output: any() } as never)).toThrow(expect.objectContaining({ path: "step.input" }));
  expect(() => step({ input: any() } as never)).toThrow(expect.objectContaining({ path: "step.output" }));
  const build = ($: { use(...given: unknown[]): unknown }) => $.use("one", extract, { needs: {}, timeout: 5 });
  expect(() => flow("using", { input: any(), build: build as never })).toThrow(
    expect.objectContaining({ path: "one.timeout" }),
  );
});
