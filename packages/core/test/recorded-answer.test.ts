// Attacks the answer that is taken over as it was recorded: only where it is all of what one step gave.
import { expect, test } from "vitest";
import { type Expression, flow, inputNode, recordedAs } from "../src/index.ts";
import { any, never, Stage } from "./stage.ts";

test("rule 13: the text of an expression is known where it is the whole value of a step that ran, and nowhere else", () => {
  const made = flow("recorded", {
    input: any(),
    build($) {
      const given = $.step("given", { output: any() }).by(never);
      const later = $.step("later", { needs: { given }, output: any() }).by(never);
      const way = $.branch("way", { choose: never, cases: { left: () => 1, right: () => 2 } });
      return { given, later, way };
    },
  });
  const stage = new Stage(made);
  stage.completes("given", { a: 1 });
  stage.chooses("way", "right");
  const { frame } = stage.slot("given");
  const ref = (node: number, path: string[] = [], scope = frame.scope.id): Expression => ({
    kind: "ref",
    scope,
    node,
    path,
  });
  const recorded = (expression: Expression) => recordedAs(stage.state, frame, expression);
  const nodeOf = (name: string) => stage.slot(name).id - frame.base;

  expect(recorded(ref(nodeOf("given")))).toBe('{"a":1}');
  expect(recorded(ref(nodeOf("given"), ["a"]))).toBeUndefined();
  expect(recorded(ref(nodeOf("later")))).toBeUndefined(); // it has not run
  expect(recorded(ref(nodeOf("way")))).toBeUndefined(); // its value is read off its cases
  expect(recorded(ref(inputNode))).toBeUndefined();
  expect(recorded(ref(nodeOf("given"), [], 7))).toBeUndefined(); // of another run, that this one is a part of
  expect(recorded({ kind: "constant", value: "1" })).toBeUndefined();
});
