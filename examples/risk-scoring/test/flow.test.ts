// Goal: the vote of the text, with members made to fail: the upper median of the survivors, "unknown" below two, each
// member's status and message kept; a member that never settles costs its own limit and nothing more.
import { readFileSync } from "node:fs";
import { run } from "plumbline";
import { expect, expectTypeOf, test } from "vitest";
import { riskScoring } from "../src/configured-flow.ts";
import { riskScoringFlow, type ScoreFunction } from "../src/flow.ts";
import type { RiskAssessment } from "../src/risk-assessment.ts";
import { payment } from "./payment.ts";

const MEMBER_TIMEOUT_MS = 100;

type Behaviour = number | "hangs" | "throws" | "nonsense";

function memberThat(behaviour: Behaviour): ScoreFunction {
  if (typeof behaviour === "number") return () => ({ risk: behaviour, reasons: [] });
  if (behaviour === "hangs") return () => new Promise(() => {});
  if (behaviour === "nonsense") return () => ({ risk: Number.NaN, reasons: [] });
  return () => {
    throw new Error("503 from the member");
  };
}

/** Scores one payment with members that behave so: rules, trees, graph. */
async function score(...[rules, trees, graph]: readonly [Behaviour, Behaviour, Behaviour]) {
  const members = { rules: memberThat(rules), trees: memberThat(trees), graph: memberThat(graph) };
  const { fraud: _, atMs: __, ...transaction } = payment();
  const result = await run(riskScoringFlow({ members, memberTimeout: MEMBER_TIMEOUT_MS }), transaction);
  const { output } = result;
  if (output === undefined) throw new Error(`no answer: ${result.failure?.message}`);
  const statuses = Object.values(output.members).map(({ status }) => status);
  return { ...result, output, statuses };
}

test("the answer of the flow is typed", () => {
  expectTypeOf<NonNullable<typeof riskScoring.gives>>().toEqualTypeOf<RiskAssessment>();
});

test("three answers: the middle one counts, whoever gave it", async () => {
  const { outcome, output, degradations } = await score(0.9, 0.2, 0.75);
  expect([outcome, degradations]).toEqual(["succeeded", []]);
  expect(output).toMatchObject({ level: "high", risk: 0.75, survivors: 3 });
  expect((await score(0.1, 0.95, 0.3)).output).toMatchObject({ level: "low", risk: 0.3 });
});

test("exactly 0.7 is low", async () => {
  expect((await score(0.7, 0.7, 0.9)).output).toMatchObject({ level: "low", risk: 0.7 });
});

test("one hangs for good: its limit ends it, of the two that are left the higher counts, and the run says so", async () => {
  const { outcome, output, statuses, degradations, ms } = await score(0.2, 0.8, "hangs");
  expect(output).toMatchObject({ level: "high", risk: 0.8, survivors: 2 });
  expect(statuses).toEqual(["success", "success", "timeout"]);
  expect(output.members.graph.message).toContain(`${MEMBER_TIMEOUT_MS} ms`);
  expect(outcome).toBe("degraded");
  expect(degradations).toMatchObject([{ path: "vote.graph", kind: "missing-voice" }]);
  expect(ms).toBeGreaterThan(0.9 * MEMBER_TIMEOUT_MS);
});

test("one throws: its message is kept", async () => {
  const { output, statuses, outcome } = await score(0.2, "throws", 0.1);
  expect(output).toMatchObject({ level: "low", risk: 0.2, survivors: 2 });
  expect(statuses).toEqual(["success", "error", "success"]);
  expect(output.members.trees.message).toContain("503 from the member");
  expect(outcome).toBe("degraded");
});

test("one answers what is no risk: that is no answer, and never a vote", async () => {
  const { output, statuses } = await score("nonsense", 0.2, 0.3);
  expect(output).toMatchObject({ level: "low", risk: 0.3, survivors: 2 });
  expect(statuses).toEqual(["contract", "success", "success"]);
});

test("two gone: unknown, however sure the third is, and its score is still shown", async () => {
  const { outcome, output, statuses } = await score(1, "throws", "hangs");
  expect(output).toMatchObject({ level: "unknown", risk: null, survivors: 1 });
  expect(statuses).toEqual(["success", "error", "timeout"]);
  expect(output.members.rules.value?.risk).toBe(1);
  expect(outcome).toBe("degraded");
});

test("all gone: unknown, and not a failed run", async () => {
  const { outcome, output } = await score("throws", "nonsense", "hangs");
  expect(output).toMatchObject({ level: "unknown", risk: null, survivors: 0 });
  expect(outcome).toBe("degraded");
});

test("the README draws every node of the plan", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const drawing = readme.match(/```mermaid\n(.*?)```/s)?.[1] ?? "";
  const names = riskScoring.plan.scopes.flatMap(({ nodes }) => nodes.map(({ name }) => name));
  expect(names.sort()).toEqual(["graph", "level", "rules", "trees", "vote"]);
  for (const name of names) expect(drawing).toMatch(new RegExp(`\\b${name}\\b`));
});

test("an amount that is none is refused before anything runs", async () => {
  const { fraud: _, atMs: __, ...transaction } = payment({ amount: -5 });
  await expect(run(riskScoring, transaction)).rejects.toMatchObject({ code: "input-invalid" });
});
