// A loop takes turns until one is enough or the limit is reached: each turn sees those before it, and what the limit means is declared.
import { describe, expect, test } from "vitest";
import { type FlowBuilder, flow, maxLosses, type Ref } from "../src/index.ts";
import { any, error, never, Stage } from "./stage.ts";

type Options = { maxTurns?: number; maxCost?: { usd?: number; tokens?: number }; start?: unknown };

function looping(atLimit: "fail" | "last" | (() => never), { maxTurns = 2, ...more }: Options = {}) {
  return flow("looping", {
    input: any(),
    build: ($) => {
      const draft = $.loop("draft", {
        output: any<unknown>(),
        body: ($: FlowBuilder, previous: Ref<unknown>, turn: Ref<number>, turns: Ref<unknown[]>) =>
          $.step("write", { needs: { previous, turn, turns }, output: any() }).by(never) as never,
        until: never,
        maxTurns,
        atLimit,
        ...more,
      } as never);
      return { draft };
    },
  });
}

function turn(stage: Stage, number: number, done: boolean): void {
  stage.completes(`draft[${number}].write`, `text ${number}`);
  expect(stage.due).toEqual(["judge-turn draft"]);
  stage.judges("draft", done, `judged ${number}`);
}

describe("a loop", () => {
  test("gives each turn what the one before it answered, its number, and all before it", () => {
    const stage = new Stage(looping("fail", { maxTurns: 3, start: "begin" }));
    expect(stage.needs("draft[1].write")).toEqual({ previous: "begin", turn: 1, turns: [] });
    turn(stage, 1, false);
    stage.crash();
    turn(stage, 2, false);
    expect(stage.needs("draft[3].write")).toEqual({ previous: "judged 2", turn: 3, turns: ["judged 1", "judged 2"] });
  });

  test("without a start has nothing before the first turn", () => {
    expect(new Stage(looping("fail")).needs("draft[1].write")).toEqual({ previous: undefined, turn: 1, turns: [] });
  });

  test("ends with the turn that is enough", () => {
    const stage = new Stage(looping("fail"));
    turn(stage, 1, true);
    expect([stage.status("draft"), stage.given("draft"), stage.state.degradations]).toEqual([
      "completed",
      "judged 1",
      [],
    ]);
  });

  test("rule 14: at its limit takes the last turn, and the run is degraded", () => {
    const stage = new Stage(looping("last", { maxTurns: 1 }));
    turn(stage, 1, false);
    expect(stage.given("draft")).toBe("judged 1");
    expect(stage.state.degradations).toEqual([
      { path: "draft", kind: "at-limit", reason: "not good enough after 1 turn" },
    ]);
  });

  test("rule 32: at its limit fails where that is declared, and has no more turns than that", () => {
    const stage = new Stage(looping("fail"));
    turn(stage, 1, false);
    turn(stage, 2, false);
    expect(stage.all("step.failed")).toMatchObject([
      { failure: { kind: "limit", message: "not good enough after 2 turns" } },
    ]);
    expect(stage.state.outcome).toBe("failed");
  });

  test("at its limit asks for an answer made of all turns, counts its losses, and gives that answer", () => {
    const stage = new Stage(looping(never));
    turn(stage, 1, false);
    turn(stage, 2, false);
    expect(stage.due).toEqual(["declare-answer draft"]);
    expect(stage.crash()).toMatchObject([{ kind: "attempt.lost", slot: 0 }]);
    stage.makes("draft", "of both", "not good enough after 2 turns");
    expect([stage.given("draft"), stage.state.degradations[0]?.kind]).toEqual(["of both", "at-limit"]);
  });

  test.each([
    ["dollars", { usd: 0.5 }],
    ["tokens", { tokens: 3 }],
  ])("begins no turn when those before have cost too many %s", (_, maxCost) => {
    const stage = new Stage(looping("last", { maxTurns: 5, maxCost }));
    const { id: slot } = stage.slot("draft[1].write");
    const cost = { usd: 0.5, tokens: 3 };
    stage.say({ kind: "step.completed", at: 1, slot, rung: 0, attempt: 1, ms: 1, cost, value: "1" });
    stage.judges("draft", false);
    expect([stage.status("draft"), stage.all("scope.entered")]).toMatchObject(["completed", [{ key: 1 }]]);
    expect(stage.slot("draft")).toMatchObject(cost);
  });

  test.each<[object, string]>([
    [{ usd: 1 }, "not good enough after 10 turns, which cost 1 of 1 dollars"],
    [{ usd: 5, tokens: 30 }, "not good enough after 10 turns, which cost 30 of 30 tokens"],
    [{ usd: 1.05 }, "not good enough after 11 turns, which cost 1.1 of 1.05 dollars"],
    [{ usd: 9, tokens: 99 }, "not good enough after 12 turns"],
  ])(
    "rule 32: ten costs of 0.1 have reached 1, though they add up to less in binary; says what bound it: %j",
    (maxCost, reason) => {
      const stage = new Stage(looping("last", { maxTurns: 12, maxCost }));
      const cost = { usd: 0.1, tokens: 3 };
      for (let turn = 1; stage.status("draft") === "open"; turn++) {
        const { id: slot } = stage.slot(`draft[${turn}].write`);
        stage.say({ kind: "step.completed", at: 1, slot, rung: 0, attempt: 1, ms: 1, cost, value: "1" });
        stage.judges("draft", false);
      }
      expect(stage.state.degradations).toEqual([{ path: "draft", kind: "at-limit", reason }]);
    },
  );

  test("fails with a turn in which something failed", () => {
    const stage = new Stage(looping("last"));
    stage.fails("draft[1].write", error("blank"), false);
    expect(stage.all("step.failed")).toMatchObject([
      {},
      { failure: { kind: "scope", message: "draft[1].write failed: blank" } },
    ]);
  });

  test("rule 5: whose judgement takes the process down is given up", () => {
    const stage = new Stage(looping("last"));
    stage.completes("draft[1].write");
    for (let losses = 0; losses < maxLosses; losses++) expect(stage.crash()).toMatchObject([{ kind: "attempt.lost" }]);
    expect(stage.all("step.failed")).toMatchObject([{ slot: 0, failure: { kind: "crashed" } }]);
  });
});
