// One turn of an agent against the AI SDK's mock model. Goal: a model is told the tools, the turns before and what was wrong,
// and whatever it asks for reaches the core unchanged. Method: look at what the model was handed and at what the rung gave.
import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import {
  type AgentQuestion,
  type AgentTurn,
  flow,
  PlumblineError,
  type Schema,
  type StepContext,
  template,
  tool,
} from "@plumbline/core";
import { run } from "@plumbline/engine";
import { expect, test } from "vitest";
import { z } from "zod";
import { type AgentModelOptions, agentModel, retryableModelError } from "../src/index.ts";
import { fakeContext, refusedBefore } from "./fake-context.ts";
import { type MockTurn, mockModel } from "./mock-model.ts";

const Place = z.object({ city: z.string() });
const Report = z.object({ text: z.string(), warm: z.boolean() });
const weather = { description: "The weather of a city.", input: Place };

type Question = AgentQuestion<{ question: string }>;
function question(changes: Partial<Question> = {}): Question {
  const needs = { question: "Is it warm in Oslo?" };
  return { needs, turns: [], turn: 1, tools: { weather }, output: Report, ...changes };
}

async function turnOf(
  said: MockTurn,
  asked: Question = question(),
  options: Partial<AgentModelOptions<{ question: string }>> = {},
  changes: Partial<StepContext> = {},
) {
  const model = mockModel("small", said);
  const context = fakeContext(z.unknown(), changes);
  const rung = agentModel<{ question: string }>(model, { prompt: ({ question }) => question, ...options });
  const reply = await rung.run(asked, context);
  return { reply, context, call: model.doGenerateCalls[0] as LanguageModelV4CallOptions };
}

const asksOslo: MockTurn = { text: "Let me see.", calls: [{ id: "c1", tool: "weather", input: '{"city":"Oslo"}' }] };
const answers: MockTurn = { text: '{"text":"It is cold.","warm":false}' };
const looked: AgentTurn = {
  reply: {
    text: "Let me see.",
    calls: [
      { id: "c1", tool: "weather", input: { city: "Oslo" } },
      { id: "c2", tool: "weather", input: { city: 3 } },
    ],
  },
  results: [
    { id: "c1", tool: "weather", status: "success", output: { degrees: -3, at: new Date(0) } },
    { id: "c2", tool: "weather", status: "failure", message: "the tool's input breaks its contract: .city" },
  ],
};

test("the tools are told by their JSON Schema, and what the model asks for is handed on", async () => {
  const { reply, call } = await turnOf(asksOslo, question(), { system: "You are brief." });
  expect(call.tools).toMatchObject([
    {
      type: "function",
      name: "weather",
      description: "The weather of a city.",
      inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  ]);
  expect(call.prompt).toMatchObject([
    { role: "system", content: "You are brief." },
    { role: "user", content: [{ type: "text", text: "Is it warm in Oslo?" }] },
  ]);
  expect(call.responseFormat).toMatchObject({ type: "json", schema: { required: ["text", "warm"] } });
  expect(reply).toEqual({ text: "Let me see.", calls: [{ id: "c1", tool: "weather", input: { city: "Oslo" } }] });
});

test("an answer is read in the shape of the output", async () => {
  expect((await turnOf(answers)).reply).toEqual({ answer: { text: "It is cold.", warm: false } });
});

test("a free text is asked for as text", async () => {
  const { reply, call } = await turnOf({ text: "Cold." }, question({ output: z.string() }));
  expect(call.responseFormat).toEqual({ type: "text" });
  expect(reply).toEqual({ answer: "Cold." });
});

test("in words, the model is told when to answer, and is not kept from its tools by an order to write JSON", async () => {
  const { reply, call } = await turnOf(answers, question(), { mode: "prompted" });
  expect(call.responseFormat).toEqual({ type: "text" });
  expect(call.prompt[0]?.role).toBe("system");
  expect(call.prompt[0]?.content).toMatch(
    /^Use the tools as long as you need them\. Then: Answer with one JSON object/,
  );
  expect(reply).toMatchObject({ answer: { warm: false } });
});

test("the conversation is made of the turns before: calls, what they gave, and failures as errors", async () => {
  const { call } = await turnOf(answers, question({ turns: [looked], turn: 2 }));
  expect(call.prompt.map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
  expect(call.prompt[1]?.content).toMatchObject([
    { type: "text", text: "Let me see." },
    { type: "tool-call", toolCallId: "c1", toolName: "weather", input: { city: "Oslo" } },
    { type: "tool-call", toolCallId: "c2", toolName: "weather", input: { city: 3 } },
  ]);
  expect(call.prompt[2]?.content).toMatchObject([
    {
      toolCallId: "c1",
      toolName: "weather",
      output: { type: "json", value: { degrees: -3, at: "1970-01-01T00:00:00.000Z" } },
    },
    { toolCallId: "c2", output: { type: "error-text", value: "the tool's input breaks its contract: .city" } },
  ]);
});

test("what was wrong with an answer, or with what was asked for, is told after the turns", async () => {
  const previous = await refusedBefore(Report, { text: "It is cold.", warm: "no" });
  const ofAnswer = { ...previous, value: { calls: [], answer: previous.value } };
  const told = async (changes: Partial<StepContext>) => {
    const { call } = await turnOf(answers, question({ turns: [looked] }), {}, changes);
    const last = call.prompt.at(-1);
    expect(last?.role).toBe("user");
    return JSON.stringify(last?.content);
  };
  const feedback = await told({ attempt: 2, previous: ofAnswer });
  expect(feedback).toContain("- .warm: Invalid input: expected boolean");
  expect(feedback).toContain(JSON.stringify('{"text":"It is cold.","warm":"no"}').slice(1, -1));
  expect(feedback).not.toContain("calls");

  const calls = [{ id: "c3", tool: "whether", input: {} }];
  const reasons = ['there is no tool "whether": use one of weather'];
  expect(await told({ previous: { ...previous, value: { calls }, reasons } })).toMatch(/no tool .*whether.*calls/);
});

test("an input that is no object is asked for as the field of one, and told so again", async () => {
  const echo = { description: "Says it again.", input: z.string() };
  const asked = question({ tools: { echo } });
  const { reply, call } = await turnOf({ calls: [{ id: "c1", tool: "echo", input: '{"input":"hello"}' }] }, asked);
  expect(call.tools?.[0]).toMatchObject({ inputSchema: { properties: { input: { type: "string" } } } });
  expect(reply).toEqual({ calls: [{ id: "c1", tool: "echo", input: "hello" }] });

  const turns: AgentTurn[] = [{ reply, results: [{ id: "c1", tool: "echo", status: "success", output: "hello" }] }];
  const again = await turnOf(answers, { ...asked, turns });
  expect(again.call.prompt[1]?.content).toMatchObject([{ input: { input: "hello" } }]);
  expect(again.call.prompt[2]?.content).toMatchObject([{ output: { type: "text", value: "hello" } }]);
});

test("a tool that does not describe itself is told without a schema, and said so", async () => {
  const validate = (value: unknown) => ({ value });
  const input: Schema = { "~standard": { version: 1, vendor: "own", validate } };
  const { call, context } = await turnOf(answers, question({ tools: { any: { description: "Any.", input } } }));
  expect(call.tools?.[0]).toMatchObject({ name: "any", inputSchema: { type: "object" } });
  expect(context.logged[0]?.message).toMatch(/^the input of the tool any is told without a schema: /);
});

test("calls that share an id, have none, or have that of an earlier turn get ids of their own, in what is kept too", async () => {
  const signature = { local: { signature: "s1" } };
  const call = (id: string) => ({ id, tool: "weather", input: '{"city":"Oslo"}', signature });
  const calls = [call("c1"), call("c1"), call("c9"), call(""), call("")];
  const { reply } = await turnOf({ text: "Let me see.", calls }, question({ turns: [looked], turn: 2 }));
  const ids = ["c1_2", "c1_3", "c9", "call", "call_2"];
  expect(reply.calls?.map(({ id }) => id)).toEqual(ids);

  const results = ids.map((id) => ({ id, tool: "weather", status: "success" as const, output: "cold" }));
  const { prompt } = (await turnOf(answers, question({ turns: [looked, { reply, results }], turn: 3 }))).call;
  const told = prompt.slice(3).map(({ content }) => content as { readonly toolCallId?: string }[]);
  const known = told.map((parts) => parts.flatMap(({ toolCallId }) => toolCallId ?? []));
  expect(known).toEqual([ids, ids]);
});

test("a bare text where an answer was wanted is refused with a reason, and tools may still be used", async () => {
  const { reply } = await turnOf({ text: "I will look at the weather now." });
  expect(reply).toEqual({ answer: "I will look at the weather now." });
  const previous = await refusedBefore(Report, reply.answer);
  const { call } = await turnOf(answers, question(), {}, { attempt: 2, previous: { ...previous, value: reply } });
  const told = JSON.stringify(call.prompt.at(-1)?.content);
  expect(told).toContain("it was not valid JSON");
  expect(told).toContain("Use the tools that you still need, or answer again");
});

test("a tool that there is not, and an input that is no JSON, reach the core as they are", async () => {
  const calls = [
    { id: "c1", tool: "whether", input: "{}" },
    { id: "c2", tool: "weather", input: "{city:" },
  ];
  expect((await turnOf({ calls })).reply).toEqual({
    calls: [
      { id: "c1", tool: "whether", input: {} },
      { id: "c2", tool: "weather", input: "{city:" },
    ],
  });
});

test("what a provider wants to see again is kept with the turn, and shown to the same model only", async () => {
  const signature = { local: { signature: "s1" } };
  const calls = [{ id: "c1", tool: "weather", input: '{"city":"Oslo"}', signature }];
  const { reply } = await turnOf({ reasoning: "Oslo is in the north.", calls });
  const results = [{ id: "c1", tool: "weather", status: "success" as const, output: "cold" }];
  const asked = question({ turns: [{ reply, results }] });
  const said = (await turnOf(answers, asked)).call.prompt[1]?.content;
  expect(said).toMatchObject([{ type: "reasoning" }, { type: "tool-call", providerOptions: signature }]);

  const other = mockModel("other", answers);
  await agentModel<{ question: string }>(other, { prompt: () => "Go." }).run(asked, fakeContext(z.unknown()));
  const toldOther = other.doGenerateCalls[0]?.prompt[1]?.content;
  expect(toldOther).toMatchObject([{ type: "tool-call", toolCallId: "c1" }]);
  expect(JSON.stringify(toldOther)).not.toContain("s1");
});

test("cost, evidence and the prompt's hash: other turns or other tools are another question", async () => {
  const price = { inputPerMillion: 100, outputPerMillion: 1_000 };
  const { context } = await turnOf(asksOslo, question(), { price, version: "v2", temperature: () => 0.4 });
  expect(context.spent).toEqual([{ usd: expect.closeTo(0.006, 10), tokens: 15 }]);
  expect(context.noted).toMatchObject({
    provider: "local",
    model: "small",
    promptVersion: "v2",
    temperature: 0.4,
    finishReason: "tool-calls",
    outputTokens: 5,
  });
  const others = [question(), question({ turns: [looked] }), question({ tools: { forecast: weather } })];
  const hashes = await Promise.all(
    others.map(async (asked) => (await turnOf(answers, asked)).context.noted["promptHash"]),
  );
  expect(new Set(hashes).size).toBe(3);
  expect(hashes[0]).toBe(context.noted["promptHash"]);
});

test("neither words nor calls is an error, and so is a model or an option without a meaning", async () => {
  await expect(turnOf({ text: " " })).rejects.toMatchObject({ code: "model-empty" });
  expect(agentModel(mockModel("small"), { prompt: () => "Go.", limit: { name: "gpu", concurrency: 1 } })).toMatchObject(
    { name: "small", retry: { retryIf: retryableModelError }, limit: { name: "gpu" } },
  );
  expect(() => agentModel(undefined as never, { prompt: () => "Go." })).toThrow(PlumblineError);
  expect(() => agentModel(mockModel("small"), {} as never)).toThrow(/^agentModel\.prompt: .* \[option-invalid\]/);
});

test("in a flow: what a model does wrong is told to it, and the answer is the agent's value", async () => {
  const model = mockModel(
    "small",
    { calls: [{ id: "c1", tool: "whether", input: '{"city":"Oslo"}' }] },
    { calls: [{ id: "c2", tool: "weather", input: '{"town":"Oslo"}' }] },
    { calls: [{ id: "c3", tool: "weather", input: '{"city":"Oslo"}' }] },
    { text: '{"text":"It is -3 degrees.","warm":"no"}' },
    { text: '{"text":"It is -3 degrees.","warm":false}' },
  );
  const made = flow("ask", {
    input: z.object({ question: z.string() }),
    build: ($, input) =>
      $.agent("look", {
        needs: { question: input.question },
        tools: {
          weather: tool({
            description: "The weather of a city.",
            input: Place,
            output: z.object({ degrees: z.number() }),
            retry: { maxAttempts: 1 },
            run: ({ city }) => ({ degrees: city === "Oslo" ? -3 : 20 }),
          }),
        },
        output: Report,
        maxTurns: 5,
      }).by(
        agentModel(model, {
          prompt: ({ question }) => question,
          price: { inputPerMillion: 1e5, outputPerMillion: 0 },
          retry: { delay: 0 },
        }),
        template(() => ({ answer: { text: "no model answered", warm: false } })),
      ),
  });
  const result = await run(made, { question: "Is it warm in Oslo?" });
  expect(result.failure).toBeUndefined();
  expect(result).toMatchObject({ outcome: "succeeded", output: { text: "It is -3 degrees.", warm: false } });
  expect(result.cost).toEqual({ usd: expect.closeTo(5, 8), tokens: 75 });
  const last = (call: number) => JSON.stringify(model.doGenerateCalls[call]?.prompt.at(-1));
  expect(last(1)).toContain("there is no tool");
  expect(last(2)).toContain("the input breaks the contract of weather: .city");
  expect(last(3)).toContain('"degrees":-3');
  expect(last(4)).toContain(".warm: Invalid input");
});
