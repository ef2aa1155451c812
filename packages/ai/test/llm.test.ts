// The rung against the AI SDK's mock model. Goal: the same question is asked of any contract, nothing is lost of what the
// model wrote, and dollars are known or absent. Method: look at what the model was handed and at what the rung gave back.
import type { LanguageModelV4CallOptions, SharedV4Warning } from "@ai-sdk/provider";
import { failureOf, flow, PlumblineError, type Schema } from "@plumbline/core";
import { MockLanguageModelV4 } from "ai/test";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { type LlmOptions, llm, retryableModelError } from "../src/index.ts";
import { fakeContext, refusedBefore } from "./fake-context.ts";

afterEach(() => vi.unstubAllGlobals());

interface Answer {
  readonly text: string;
  readonly provider?: string;
  readonly modelId?: string;
  readonly warnings?: SharedV4Warning[];
  readonly tokens?: {
    readonly input: number | undefined;
    readonly output: number | undefined;
    readonly cached?: number;
  };
}

function mock({
  text,
  provider = "local",
  modelId = "small",
  warnings = [],
  tokens = { input: 10, output: 5 },
}: Answer) {
  return new MockLanguageModelV4({
    provider,
    modelId,
    doGenerate: {
      content: [{ type: "text", text }],
      finishReason: { unified: "stop", raw: undefined },
      warnings,
      usage: {
        inputTokens: { total: tokens.input, noCache: undefined, cacheRead: tokens.cached, cacheWrite: undefined },
        outputTokens: { total: tokens.output, text: undefined, reasoning: undefined },
      },
    },
  });
}

async function ask(contract: Schema, answer: Answer, options: Partial<LlmOptions<unknown>> = {}) {
  const model = mock(answer);
  const context = fakeContext(contract);
  const value = await llm<unknown, unknown>(model, { prompt: () => "Go.", ...options }).run({}, context);
  return { value, context, call: model.doGenerateCalls[0] as LanguageModelV4CallOptions };
}

function schemaOf(call: LanguageModelV4CallOptions): unknown {
  return call.responseFormat?.type === "json" ? call.responseFormat.schema : undefined;
}

test.for([
  ["an array", z.array(z.number()), '{"answer":[1,2]}', [1, 2]],
  ["a choice", z.enum(["high", "low"]), '{"answer":"low"}', "low"],
  ["a number", z.number(), '{"answer":3}', 3],
  ["a union", z.union([z.object({ a: z.string() }), z.object({ b: z.number() })]), '{"answer":{"b":1}}', { b: 1 }],
  ["an array without its wrapper", z.array(z.number()), "[1,2]", [1, 2]],
] as const)("%s is asked for as the field of an object and unwrapped", async ([, contract, text, expected]) => {
  const { value, call } = await ask(contract, { text });
  expect(schemaOf(call)).toMatchObject({ type: "object", required: ["answer"], additionalProperties: false });
  expect(value).toEqual(expected);
});

test("references follow a wrapped schema", async () => {
  const Tree: z.ZodType = z.array(
    z.object({
      name: z.string(),
      get children() {
        return Tree.optional();
      },
    }),
  );
  const { call, value } = await ask(Tree, { text: '{"answer":[{"name":"a"}]}' });
  const schema = schemaOf(call) as { readonly definitions?: Record<string, unknown> };
  const references = [...JSON.stringify(schema).matchAll(/"\$ref":"#\/([^"]*)"/g)].map((match) => match[1] as string);
  expect(references.length).toBeGreaterThan(0);
  for (const reference of references) {
    const target = reference.split("/").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], schema);
    expect(target).toBeDefined();
  }
  expect(value).toEqual([{ name: "a" }]);
});

test("a contract that takes anything is asked for as text; a mode says otherwise", async () => {
  expect((await ask(z.unknown(), { text: '{"a":1}' })).value).toBe('{"a":1}');
  expect((await ask(z.unknown(), { text: '{"answer":{"a":1}}' }, { mode: "prompted" })).value).toEqual({ a: 1 });
  expect((await ask(z.object({}), { text: "{}" }, { mode: "text" })).value).toBe("{}");
});

test("a date in a contract costs nothing of its shape, and is asked for as people write it", async () => {
  const { call } = await ask(z.object({ due: z.coerce.date(), total: z.bigint().optional() }), { text: "{}" });
  expect(schemaOf(call)).toMatchObject({
    type: "object",
    properties: { due: { type: "string", format: "date-time" } },
  });
});

test("a contract that does not describe itself is asked for as JSON in words, and said so", async () => {
  const validate = (value: unknown) => ({ value });
  const contract: Schema = { "~standard": { version: 1, vendor: "own", validate } };
  const { value, call, context } = await ask(contract, { text: '{"a":1}' });
  expect(value).toEqual({ a: 1 });
  expect(call.prompt[0]).toMatchObject({ role: "system", content: expect.stringContaining("JSON") });
  expect(context.logged[0]?.message).toMatch(/without a schema: .*'own'/);
  // It may take a text for all we know: the contract decides.
  expect((await ask(contract, { text: "plain" })).value).toBe("plain");
});

test("a provider that drops the schema with a warning is told it in words from then on", async () => {
  // The AI SDK would also warn through the process, which is for applications to decide.
  vi.stubGlobal("AI_SDK_LOG_WARNINGS", false);
  const model = mock({ text: '{"a":1}', warnings: [{ type: "unsupported", feature: "responseFormat" }] });
  const rung = llm<unknown, unknown>(model, { prompt: () => "Go." });
  const contract = z.object({ a: z.number() });
  const context = fakeContext(contract);
  await rung.run({}, context);
  await rung.run({}, fakeContext(contract));
  const [first, second] = model.doGenerateCalls.map(({ prompt }) => JSON.stringify(prompt));
  expect(first).not.toContain("JSON Schema");
  expect(second).toContain("JSON Schema");
  expect(context.logged[0]?.fields?.["warning"]).toContain("responseFormat");
});

test("garbage is not taken for the text of a contract that would take a text", async () => {
  const contract = z.union([z.string(), z.object({ a: z.number() })]);
  await expect(ask(contract, { text: "{a:" })).rejects.toMatchObject({ code: "model-not-json" });
});

test("a key that could replace a prototype is not taken over", async () => {
  const { value } = await ask(z.object({ a: z.number() }), { text: '{"a":1,"__proto__":{"polluted":true}}' });
  expect(Object.getOwnPropertyNames(value)).toEqual(["a"]);
});

test.for([
  ["a listed model", { provider: "openai.chat", modelId: "gpt-4o" }, undefined, { usd: 0.000075, tokens: 15 }],
  ["a model that is not listed", { provider: "openai.chat", modelId: "gpt-none" }, undefined, { tokens: 15 }],
  ["a listed name elsewhere", { provider: "my-openai-proxy.chat", modelId: "gpt-4o" }, undefined, { tokens: 15 }],
  ["an own price", {}, { inputPerMillion: 100, outputPerMillion: 1_000 }, { usd: 0.006, tokens: 15 }],
  [
    "a missing count",
    { tokens: { input: undefined, output: 5 } },
    { inputPerMillion: 1, outputPerMillion: 1 },
    { tokens: 5 },
  ],
  [
    "counts that contradict each other",
    { provider: "openai.chat", modelId: "gpt-4o", tokens: { input: 10, output: 5, cached: 50 } },
    undefined,
    { tokens: 15 },
  ],
] as const)("cost of %s", async ([, who, price, expected]) => {
  const { context } = await ask(z.string(), { text: "ok", ...who }, price === undefined ? {} : { price });
  expect(context.spent).toHaveLength(1);
  expect(context.spent[0]?.tokens).toBe(expected.tokens);
  if ("usd" in expected) expect(context.spent[0]?.usd).toBeCloseTo(expected.usd, 10);
  else expect(context.spent[0]).not.toHaveProperty("usd");
});

test("no counts, no cost; an id that the provider did not give is not recorded", async () => {
  const { context } = await ask(z.string(), { text: "ok", tokens: { input: undefined, output: undefined } });
  expect(context.spent).toEqual([]);
  expect(context.noted).toEqual({
    provider: "local",
    model: "small",
    promptHash: expect.any(String),
    finishReason: "stop",
  });
});

test("messages are passed on, feedback comes after them, and is bounded", async () => {
  const model = mock({ text: "ok" });
  const Short = z.string().max(3);
  const prompt = () => [
    {
      role: "user" as const,
      content: [{ type: "file" as const, data: new Uint8Array([1, 2]), mediaType: "image/png" }],
    },
  ];
  const rung = llm<unknown, unknown>(model, { prompt });
  await rung.run({}, fakeContext(Short, { previous: await refusedBefore(Short, "x".repeat(1_000_000)) }));
  const [first, second] = model.doGenerateCalls[0]?.prompt ?? [];
  expect(first).toMatchObject({ role: "user", content: [{ type: "file" }] });
  expect(second?.role).toBe("user");
  expect(JSON.stringify(second).length).toBeLessThan(5_000);
});

test("equal questions have equal hashes, other bytes another", async () => {
  const hashOf = async (byte: number) => {
    const data = new Uint8Array([byte]);
    const prompt = () => [
      { role: "user" as const, content: [{ type: "file" as const, data, mediaType: "image/png" }] },
    ];
    return (await ask(z.string(), { text: "ok" }, { prompt })).context.noted["promptHash"];
  };
  expect(await hashOf(1)).toBe(await hashOf(1));
  expect(await hashOf(1)).not.toBe(await hashOf(2));
});

test("what no retry can mend is set-up: a system text among messages, a model of the past", async () => {
  const prompt = () => [{ role: "system" as const, content: "Be brief." }];
  const thrown = await ask(z.string(), { text: "ok" }, { prompt }).catch((error: unknown) => error);
  expect(thrown).toMatchObject({ code: "model-setup" });
  expect(retryableModelError(failureOf(thrown))).toBe(false);
});

test("options become the rung's; the rung is named after the model", () => {
  const model = mock({ text: "" });
  const prompt = () => "Go.";
  expect(llm(model, { prompt })).toMatchObject({ name: "small", retry: { retryIf: retryableModelError } });
  const retryIf = () => false;
  const breaker = { name: "local" };
  const rung = llm(model, { prompt, name: "first", timeout: "5s", retry: { maxAttempts: 2, retryIf }, breaker });
  expect(rung).toEqual({
    run: expect.any(Function),
    name: "first",
    timeout: "5s",
    retry: { maxAttempts: 2, retryIf },
    breaker,
  });
});

test("the core takes the rung as it is", () => {
  const model = mock({ text: "" });
  const made = flow("ask", {
    input: z.object({ name: z.string() }),
    build: ($, { name }) => ({
      text: $.step("say", { needs: { name }, output: z.string() }).by(llm(model, { prompt: () => "" })),
    }),
  });
  expect(made.plan.scopes[0]?.nodes[0]).toMatchObject({ rungs: [{ kind: "run", name: "small" }] });
});

const goes = () => "Go.";
test.for<[what: string, model: unknown, options: unknown, path: string]>([
  ["no model", undefined, { prompt: goes }, "llm.model"],
  ["no prompt", mock({ text: "" }), {}, "llm.prompt"],
  ["an unknown mode", mock({ text: "" }), { prompt: goes, mode: "xml" }, "llm.mode"],
  ["half a price", mock({ text: "" }), { prompt: goes, price: { inputPerMillion: 1 } }, "llm.price"],
])("%s is refused when the flow is defined", ([, model, options, path]) => {
  const define = () => llm(model as never, options as never);
  expect(define).toThrow(PlumblineError);
  expect(define).toThrow(new RegExp(`^${path.replaceAll(".", "\\.")}: .* \\[option-invalid\\]`));
});
