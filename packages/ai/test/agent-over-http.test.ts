// A whole agent over a real socket. Goal: what the journal holds of the turns becomes a conversation that an OpenAI-compatible
// server takes, also when another model of the ladder goes on with it. Method: a stand-in on loopback that is no language model,
// refuses conversations that OpenAI would refuse, and knows only what it is told.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { type Flow, flow, tool } from "@plumbline/core";
import { run } from "@plumbline/engine";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { agentModel } from "../src/index.ts";
import { startToolCallingStandIn, type ToolCallingStandIn } from "./tool-calling-stand-in.ts";

const Totals = z.object({ totals: z.array(z.number()) });
const add = tool({
  description: "Adds two numbers.",
  input: z.object({ a: z.number(), b: z.number() }),
  output: z.object({ total: z.number() }),
  retry: { maxAttempts: 1 },
  run: ({ a, b }) => ({ total: a + b }),
});

let server: ToolCallingStandIn;
beforeEach(async () => {
  server = await startToolCallingStandIn();
});
afterEach(() => server[Symbol.asyncDispose]());

function sums(first: string, ...others: string[]): Flow<{ question: string }, z.infer<typeof Totals>> {
  const provider = createOpenAICompatible({
    name: "stand-in",
    baseURL: server.baseUrl,
    supportsStructuredOutputs: true,
  });
  const prompt = ({ question }: { readonly question: string }) => question;
  const ask = (id: string) =>
    agentModel(provider(id), { prompt, system: "Use the tool.", retry: { maxAttempts: 1 }, timeout: "10s" });
  return flow("sums", {
    input: z.object({ question: z.string() }),
    build: ($, { question }) =>
      $.agent("sum", {
        needs: { question },
        tools: { add },
        output: Totals,
        maxTurns: 4,
      }).by(ask(first), ...others.map(ask)),
  });
}

test("tools are asked for, used side by side, and answered from", async () => {
  const result = await run(sums("ok"), { question: "What is 12 plus 30, and 1.5 plus 2?" });
  expect(result.output).toEqual({ totals: [42, 3.5] });
  expect(result.outcome).toBe("succeeded");
  expect(result.cost).toMatchObject({ tokens: 220 });
  expect(server.requests.map(({ messages }) => messages.map(({ role }) => role))).toEqual([
    ["system", "user"],
    ["system", "user", "assistant", "tool", "tool"],
  ]);
  expect(server.requests[0]).toMatchObject({
    tools: [{ function: { name: "add", parameters: { type: "object" } } }],
    response_format: { type: "json_schema" },
  });
});

test("a tool that failed is told as an error, and the model mends what it wrote", async () => {
  const result = await run(sums("ok"), { question: "What is two plus three?" });
  expect(result.output).toEqual({ totals: [5] });
  const told = server.requests[1]?.messages.at(-1);
  expect(told).toMatchObject({
    role: "tool",
    content: expect.stringContaining("the input breaks the contract of add: .a"),
  });
  expect(server.requests[2]?.messages.filter(({ role }) => role === "assistant")).toMatchObject([
    { tool_calls: [{ id: "call_0", function: { arguments: '{"a":"two","b":"three"}' } }] },
    { content: "I write it as numbers.", tool_calls: [{ id: "again_0" }] },
  ]);
});

test("a model that is down in the second turn: the next of the ladder goes on with the same conversation", async () => {
  const result = await run(sums("tired", "ok"), { question: "What is 12 plus 30?" });
  expect(result.output).toEqual({ totals: [42] });
  expect(result.outcome).toBe("degraded");
  expect(server.requests.map(({ model, messages }) => [model, messages.length])).toEqual([
    ["tired", 2],
    ["tired", 4],
    ["ok", 4],
  ]);
  expect(server.requests[2]?.messages).toEqual(server.requests[1]?.messages);
});
