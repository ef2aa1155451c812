// An agent is a loop of steps: a turn of the model, a call of each tool that it asks for; what it says is held to a contract before anything is called.
import { describe, expect, test } from "vitest";
import {
  type AgentTurn,
  type BranchCode,
  flow,
  type LoopCode,
  lastGood,
  type PlanStep,
  type RungCode,
  type StepCode,
  type StepContext,
  template,
  tool,
} from "../src/index.ts";
import { accepting, any, error, never, Stage } from "./stage.ts";

const aNumber = accepting<number>((value) => (typeof value === "number" ? undefined : "no number"));
const seen: unknown[] = [];
const tools = {
  search: tool({
    description: "Finds texts.",
    input: accepting<{ text: string }>((value) => (typeof value?.text === "string" ? undefined : "no text")),
    output: any<string[]>(),
    timeout: "3s",
    run: ({ text }) => [text],
  }),
  pay: tool({
    description: "Pays.",
    kind: "effect",
    input: any(),
    output: any(),
    run: () => "paid",
    compensate: () => {},
    retry: { maxAttempts: 2, retryIf: ({ message }) => message !== "for good" },
  }),
};

function small(question: unknown) {
  seen.push(question);
  return { answer: 1 };
}

function asking(more: object = {}, ...models: unknown[]) {
  return flow("asking", {
    input: any<{ topic: string }>(),
    build: ($, input) => {
      const begun = $.agent("agent", {
        needs: { topic: input.topic },
        tools,
        output: aNumber,
        maxTurns: 2,
        ...more,
      } as never);
      return { answer: begun.by(...((models.length > 0 ? models : [small]) as [never])) };
    },
  });
}

const agent = asking();
/** The functions of the agent's own nodes. */
function codeOf(made = agent) {
  const all = made.code.scopes.flat();
  const steps = all.filter((one) => one.kind === "step") as StepCode[];
  const [search, pay] = steps.slice(1) as [StepCode, StepCode];
  return { model: steps[0] as StepCode, search, pay, loop: all.find((one) => one.kind === "loop") as LoopCode };
}
const context = {} as StepContext;
type Asked = (given: unknown, context: StepContext) => Promise<unknown>;
const asked = ({ run }: RungCode) => run as unknown as Asked;

test("a model is asked with its needs, its tools, and the turns so far as they were", async () => {
  const { model } = codeOf();
  const reply = {
    calls: [
      { id: "1", tool: "search", input: {} },
      { id: "2", tool: "pay", input: {} },
      { id: "3", tool: "pay", input: {} },
    ],
  };
  const results = [
    { status: "success", value: ["x"] },
    { status: "failure", failure: { message: "agent[1].calls[1] failed: no money", cause: { message: "no money" } } },
    { status: "failure", failure: { message: "no money at all" } },
  ];
  const given = { needs: { topic: "t" }, turn: 2, turns: [{ reply, results }] };
  expect(await asked(model.rungs[0] as RungCode)(given, context)).toEqual({ answer: 1 });
  expect(seen.at(-1)).toMatchObject({
    needs: { topic: "t" },
    turn: 2,
    turns: [
      {
        reply,
        results: [
          { id: "1", tool: "search", status: "success", output: ["x"] },
          { id: "2", tool: "pay", status: "failure", message: "no money" },
          { id: "3", tool: "pay", status: "failure", message: "no money at all" },
        ],
      },
    ],
    tools: { search: { description: "Finds texts." }, pay: { description: "Pays." } },
  });
});

test("its ladder keeps names, and a template is asked like every other rung", async () => {
  const other = { run: small, name: "other" };
  const ladder = asking(
    {},
    small,
    other,
    { run: small },
    template(({ turns }: never) => ({ answer: turns })),
  );
  const step = ladder.plan.scopes.flatMap(({ nodes }) => nodes).find(({ name }) => name === "model") as PlanStep;
  expect(step.rungs.map(({ name }) => name)).toEqual(["small", "other", "small (2)", "template"]);
  const { rungs } = codeOf(ladder).model;
  expect(await asked(rungs[1] as RungCode)({ turns: [] }, context)).toEqual({ answer: 1 });
  const reply = { calls: [{ id: "1", tool: "search", input: {}, refused: "no text" }] };
  const turns = [{ reply, results: [{ status: "success", value: "no text" }] }];
  const results = [{ id: "1", tool: "search", status: "failure", message: "no text" }];
  expect(await asked(rungs[3] as RungCode)({ turns }, context)).toEqual({ answer: [{ reply, results }] });
});

describe("a tool", () => {
  test("is given what keeps its contract, and is not called where that says otherwise now", async () => {
    const run = asked(codeOf().search.rungs[0] as RungCode);
    expect(await run({ input: { text: "x" } }, context)).toEqual(["x"]);
    const refused = run({ input: { topic: "x" } }, context);
    await expect(refused).rejects.toMatchObject({ name: "NotApplied" });
    await expect(refused).rejects.toThrow("the tool's input breaks its contract: no text");
  });

  test("is tried again as it says itself", () => {
    const { retryIf } = codeOf().pay.rungs[0] as RungCode;
    expect([retryIf?.(error("for good"), 1), retryIf?.(error(), 1)]).toEqual([false, true]);
  });

  test("that is an effect has its start mark and its undo", () => {
    const pay = agent.plan.scopes.flatMap(({ nodes }) => nodes).filter(({ name }) => name === "run")[1];
    expect(pay).toMatchObject({ stepKind: "effect", compensation: {}, rungs: [{ name: "pay" }] });
  });
});

describe("a turn", () => {
  test("is over when no tool is asked for; the agent's value is the answer alone", () => {
    const stage = new Stage(agent, { topic: "t" });
    expect(stage.needs("agent[1].model")).toEqual({ needs: { topic: "t" }, turns: [], turn: 1 });
    stage.completes("agent[1].model", { calls: [{ id: "1", tool: "search", input: { text: "x" } }] });
    stage.lists("agent[1].calls", { id: "1", tool: "search", input: { text: "x" } });
    expect([stage.due, stage.needs("agent[1].calls[0].tool")]).toEqual([
      ["ask-choice agent[1].calls[0].tool"],
      { tool: "search", refused: undefined },
    ]);
    stage.chooses("agent[1].calls[0].tool", "search");
    expect(stage.needs("agent[1].calls[0].tool.search.run")).toEqual({ input: { text: "x" } });
    stage.fails("agent[1].calls[0].tool.search.run", error("down"), false);
    const turn = { reply: { calls: [{ id: "1" }] }, results: [{ status: "failure" }] };
    stage.judges("agent", false, turn);
    expect(stage.needs("agent[2].model")).toMatchObject({ turn: 2, turns: [turn] });
    stage.completes("agent[2].model", { calls: [], answer: 7 });
    stage.lists("agent[2].calls");
    stage.judges("agent", true, { reply: { calls: [], answer: 7 }, results: [] });
    stage.ends();
    expect(stage.given("agent")).toMatchObject({ reply: { answer: 7 } });
    expect(JSON.stringify(agent.plan.scopes[0]?.answer)).toContain('"path":["reply","answer"]');
  });

  test("goes on after a call that was refused: nothing is called, and what stands there is the reason", () => {
    const stage = new Stage(agent, { topic: "t" });
    const call = { id: "1", tool: "find", input: {}, refused: "there is no tool" };
    stage.completes("agent[1].model", { calls: [call] });
    stage.lists("agent[1].calls", call);
    expect(stage.needs("agent[1].calls[0].tool")).toEqual({ tool: "find", refused: "there is no tool" });
    stage.chooses("agent[1].calls[0].tool", "not called");
    stage.judges("agent", false, { reply: { calls: [call] }, results: [{ status: "success" }] });
    expect(stage.given("agent[1].calls")).toEqual([{ status: "success", value: "there is no tool" }]);
    expect([stage.due, stage.state.degradations]).toEqual([["attempt agent[2].model 0/1"], []]);
  });

  test("choosing and ending are the agent's own", () => {
    const { loop } = codeOf();
    const until = loop.until as unknown as (turn: AgentTurn) => unknown;
    expect([
      until({ reply: { calls: [] }, results: [] }),
      until({ reply: { calls: [{} as never] }, results: [] }),
    ]).toEqual([true, false]);
    const branch = agent.code.scopes.flat().find((one) => one.kind === "branch") as BranchCode;
    const choose = branch.choose as unknown as (given: unknown) => unknown;
    expect([choose({ tool: "pay" }), choose({ tool: "pay", refused: "no" })]).toEqual(["pay", "not called"]);
    expect(loop.output["~standard"].validate(5)).toEqual({ value: 5 });
  });
});

describe("rule 32: when no turn answered", () => {
  test("the agent fails, or answers as declared, held to its contract", async () => {
    expect(codeOf().loop.atLimit).toBeUndefined();
    const give = (answer: unknown) =>
      codeOf(asking({ atLimit: () => answer, maxCost: { usd: 1 }, retry: { maxAttempts: 1 }, timeout: 5 })).loop
        .atLimit as unknown as (turns: unknown) => Promise<unknown>;
    expect(await give(7)([])).toEqual({ reply: { calls: [], answer: 7 }, results: [] });
    await expect(give("seven")([])).rejects.toThrow("breaks its contract: no number");
  });
});

describe("rule 33: an agent without meaning is refused", () => {
  const good = { description: "d", input: any(), output: any(), run: never };
  test.each<[string, object, string]>([
    ["a model among the options", { model: small }, "agent.model"],
    ["no tools", { tools: undefined }, "agent.tools"],
    ["tools that are none", { tools: {} }, "agent.tools"],
    ["a tool that is none", { tools: { x: null } }, "agent.tools.x"],
    ["a tool that is missing", { tools: { x: undefined } }, "agent.tools.x.description"],
    ["a tool without words", { tools: { x: { ...good, description: undefined } } }, "agent.tools.x.description"],
    ["a tool with empty words", { tools: { x: { ...good, description: "" } } }, "agent.tools.x.description"],
    ["a tool that does nothing", { tools: { x: { ...good, run: 1 } } }, "agent.tools.x.run"],
    ["tools in a list", { tools: [good] }, "agent.tools"],
    ["a tool with a name that no provider takes", { tools: { "a b": good } }, "agent.tools"],
    ["a cost that bounds nothing", { maxCost: {} }, "agent.maxCost"],
    ["a cost of nothing", { maxCost: { usd: 0 } }, "agent.maxCost.usd"],
    ["a cost that is no number", { maxCost: { usd: 1, tokens: Number.NaN } }, "agent.maxCost.tokens"],
    ["no calls in a turn", { maxCalls: 0 }, "agent.maxCalls"],
    ["too many calls in a turn", { maxCalls: 1_001 }, "agent.maxCalls"],
    ["half a call in a turn", { maxCalls: 1.5 }, "agent.maxCalls"],
    ["another limit", { atLimit: "last" }, "agent.atLimit"],
    ["an option that there is not", { turns: 1 }, "agent.turns"],
  ])("%s", (_, more, path) => {
    expect(() => asking(more)).toThrow(expect.objectContaining({ code: "option-invalid", path }));
  });

  test.each<[string, object, string]>([
    ["no contract of the answer", { output: undefined }, "agent.output"],
    ["a tool without a contract for its input", { tools: { x: { ...good, input: 1 } } }, "agent.tools.x.input"],
    ["a tool without a contract for its output", { tools: { x: { ...good, output: 1 } } }, "agent.tools.x.output"],
  ])("%s", (_, more, path) => {
    expect(() => asking(more)).toThrow(expect.objectContaining({ code: "contract-missing", path }));
  });

  test.each<[string, unknown, string]>([
    ["a rung that is none", "gpt", "agent.by[1]"],
    ["a rung that is null", null, "agent.by[1]"],
    ["rungs in a list", [small], "agent.by[1]"],
    ["an object that is no rung", { modelId: "gpt" }, "agent.by[1]"],
    ["an answer to another conversation", lastGood({ maxAge: "1h" }), "agent.by[1]"],
  ])("%s", (_, model, path) => {
    expect(() => asking({}, small, model)).toThrow(expect.objectContaining({ code: "option-invalid", path }));
  });

  test("one that nothing answers, or that is finished twice", () => {
    const building = (build: (agent: { by: (...models: unknown[]) => unknown }) => unknown) => () =>
      flow("x", {
        input: any(),
        build: ($) => build($.agent("agent", { tools, output: aNumber, maxTurns: 1 }) as never) ?? null,
      });
    const missing = expect.objectContaining({ code: "step-without-rung", path: "agent" });
    expect(building(() => null)).toThrow(missing);
    expect(building((begun) => begun.by())).toThrow(missing);
    expect(building((begun) => begun)).toThrow(missing);
    expect(building((begun) => [begun.by(small), begun.by(small)])).toThrow(
      expect.objectContaining({ code: "option-invalid", path: "agent.by" }),
    );
  });

  test("no options at all, needs that are one reference, and an order", () => {
    expect(() => flow("x", { input: any(), build: ($) => $.agent("agent", undefined as never) as never })).toThrow();
    const needs = ($: never, input: unknown) =>
      ($ as { agent: (...given: unknown[]) => unknown }).agent("agent", {
        needs: input,
        tools,
        output: aNumber,
        maxTurns: 1,
      });
    expect(() => flow("x", { input: any(), build: needs as never })).toThrow(
      expect.objectContaining({ path: "agent.needs" }),
    );
    const ordered = flow("x", {
      input: any(),
      build: ($) => {
        const before = $.step("before", { kind: "effect", output: any() }).by(never);
        return $.agent("agent", { after: before, tools, output: aNumber, maxTurns: 1 }).by(small);
      },
    });
    expect(ordered.plan.scopes[0]?.nodes[1]?.dependsOn).toMatchObject([{ node: 0 }]);
  });
});
