// Over a real socket: what a provider may answer, and what becomes of it. Goal: nothing that goes wrong at a provider is
// opaque, hidden, paid for twice or left open. Method: a server on loopback with a script of replies.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { failureOf } from "@plumbline/core";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { type LlmOptions, llm, ModelError, retryableModelError } from "../src/index.ts";
import {
  type CompletionsServer,
  hangs,
  type Reply,
  refuses,
  says,
  sends,
  startCompletions,
} from "./completions-server.ts";
import { failedBefore, fakeContext, refusedBefore } from "./fake-context.ts";

const Summary = z.object({ title: z.string(), score: z.number().int() });
const good = { title: "Sound", score: 7 };

let server: CompletionsServer | undefined;
afterEach(() => server?.close());

async function rungOf(script: readonly Reply[], options: Partial<LlmOptions<unknown>> & { plain?: boolean } = {}) {
  server = await startCompletions(...script);
  const provider = createOpenAICompatible({
    name: "openai",
    baseURL: server.url,
    apiKey: "test",
    supportsStructuredOutputs: options.plain !== true,
  });
  const rung = llm<unknown, unknown>(provider("gpt-4o"), { prompt: () => "Summarise.", ...options });
  return { rung, server };
}

async function thrownBy(run: unknown): Promise<ModelError> {
  const thrown = await Promise.resolve(run).then(
    () => expect.unreachable("the attempt should have failed"),
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(ModelError);
  return thrown as ModelError;
}

test("a JSON object: asked for by schema, read, paid for and noted", async () => {
  const { rung, server } = await rungOf([says(JSON.stringify(good))], {
    system: "You are brief.",
    version: "v3",
    temperature: (attempt) => attempt / 10,
    maxOutputTokens: 300,
  });
  const context = fakeContext(Summary, { attempt: 2 });
  expect(await rung.run({}, context)).toEqual(good);
  const [request] = server.requests;
  expect(request).toMatchObject({ model: "gpt-4o", temperature: 0.2, max_tokens: 300 });
  expect(request?.messages).toEqual([
    { role: "system", content: "You are brief." },
    { role: "user", content: "Summarise." },
  ]);
  expect(request?.response_format?.json_schema).toMatchObject({
    strict: true,
    schema: { type: "object", required: ["title", "score"], additionalProperties: false },
  });
  expect(context.spent).toEqual([{ usd: expect.closeTo(0.0045, 8), tokens: 1_200 }]);
  expect(context.noted).toEqual({
    provider: "openai.chat",
    model: "gpt-4o",
    answeredModel: "gpt-4o-2024-08-06",
    promptVersion: "v3",
    promptHash: expect.stringMatching(/^[0-9a-f]{16}$/),
    temperature: 0.2,
    finishReason: "stop",
    inputTokens: 1_000,
    outputTokens: 200,
    responseId: "chatcmpl-7",
  });
  expect(context.logged).toEqual([]);
});

test("a contract of a free string is asked for as plain text", async () => {
  const { rung, server } = await rungOf([says("All is well.")]);
  expect(await rung.run({}, fakeContext(z.string().max(100)))).toBe("All is well.");
  expect(server.requests[0]?.response_format).toBeUndefined();
});

test("a server that takes no schemas is told the schema in words", async () => {
  const { rung, server } = await rungOf([says(`Here it is:\n\`\`\`json\n${JSON.stringify(good)}\n\`\`\``)], {
    plain: true,
  });
  const context = fakeContext(Summary);
  expect(await rung.run({}, context)).toEqual(good);
  const [request] = server.requests;
  expect(request?.response_format).toEqual({ type: "json_object" });
  expect(request?.messages[0]?.role).toBe("system");
  expect(request?.messages[0]?.content).toContain('"score":{"type":"integer"');
  expect(context.logged).toEqual([]);
});

test.for([
  [429, "Rate limit reached", true],
  [503, "Overloaded", true],
  [408, "Timed out", true],
  [401, "Incorrect API key", false],
  [400, "Unknown parameter", false],
  [404, "No such model", false],
] as const)(
  "HTTP %i is one call, an error with its status, and worth a retry: %3$s",
  async ([status, message, again]) => {
    const { rung, server } = await rungOf([refuses(status, message, { "retry-after": "7" })]);
    const context = fakeContext(Summary);
    const error = await thrownBy(rung.run({}, context));
    expect(error.message).toBe(`openai.chat gpt-4o: ${status} ${message} [model-http]`);
    const failure = failureOf(error);
    expect(failure).toMatchObject({
      code: "model-http",
      fields: { status, provider: "openai.chat", model: "gpt-4o", retryAfter: "7" },
      cause: { name: "AI_APICallError" },
    });
    expect(rung.retry?.retryIf?.(failure, 1)).toBe(again);
    expect(server.requests).toHaveLength(1);
    expect(context.spent).toEqual([]);
    expect(context.noted).toMatchObject({ model: "gpt-4o", promptHash: expect.any(String) });
  },
);

test("a hanging server: the abort reaches the socket", async () => {
  const { rung, server } = await rungOf([hangs]);
  const abort = new AbortController();
  const attempt = Promise.resolve(rung.run({}, fakeContext(Summary, { signal: abort.signal })));
  const ended = attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  await server.asked();
  abort.abort();
  expect(await ended).toMatchObject({ name: "AbortError" });
  await server.hungUp();
});

test("an attempt that is already over asks nothing", async () => {
  const { rung, server } = await rungOf([]);
  await expect(Promise.resolve(rung.run({}, fakeContext(Summary, { signal: AbortSignal.abort() })))).rejects.toThrow();
  expect(server.requests).toHaveLength(0);
});

test("nonsense, then feedback, then right", async () => {
  const { rung, server } = await rungOf([
    says("I would say: {title: Sound"),
    says(JSON.stringify({ title: "Sound", score: "seven" })),
    says(JSON.stringify(good)),
  ]);
  const first = fakeContext(Summary);
  const nonsense = await rung.run({}, first);
  expect(nonsense).toBe("I would say: {title: Sound");
  expect(first.spent).toEqual([{ usd: expect.any(Number), tokens: 1_200 }]);

  const second = fakeContext(Summary, { attempt: 2, previous: await refusedBefore(Summary, nonsense) });
  const almost = await rung.run({}, second);
  const told = server.requests[1]?.messages.at(-1)?.content;
  expect(told).toMatch(/^Summarise\.\n\nAn earlier answer was refused:\n- it was not valid JSON: /);
  expect(told).toContain("The refused answer:\nI would say: {title: Sound\n");

  const third = fakeContext(Summary, { attempt: 3, previous: await refusedBefore(Summary, almost) });
  expect(await rung.run({}, third)).toEqual(good);
  const toldAgain = server.requests[2]?.messages.at(-1)?.content;
  expect(toldAgain).toContain("- .score: Invalid input: expected number, received string");
  expect(toldAgain).toContain('{"title":"Sound","score":"seven"}');
  expect(new Set([first, second, third].map(({ noted }) => noted["promptHash"])).size).toBe(3);
});

test.for([
  ["length", "model-length", true],
  ["content_filter", "model-filtered", false],
] as const)("finish_reason %s is a clear error, and paid for", async ([finishReason, code, again]) => {
  const { rung } = await rungOf([says('{"title":"So', finishReason)]);
  const context = fakeContext(Summary);
  const error = await thrownBy(rung.run({}, context));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(/cut off after 200 tokens|content filter/);
  expect(context.spent).toHaveLength(1);
  expect(context.noted["finishReason"]).toBe(finishReason.replace("_", "-"));
  expect(retryableModelError(failureOf(error))).toBe(again);
});

test("after an answer that was cut off, the next is asked to be briefer", async () => {
  const { rung, server } = await rungOf([says("{", "length"), says(JSON.stringify(good))]);
  const error = await thrownBy(rung.run({}, fakeContext(Summary)));
  await rung.run({}, fakeContext(Summary, { attempt: 2, previous: failedBefore(error) }));
  expect(server.requests[1]?.messages.at(-1)?.content).toContain("be briefer");
});

test("after a server that was down, the next attempt is asked the same, and told of no fault of its own", async () => {
  const { rung, server } = await rungOf([refuses(503, "Overloaded"), says(JSON.stringify(good))]);
  const error = await thrownBy(rung.run({}, fakeContext(Summary)));
  await rung.run({}, fakeContext(Summary, { attempt: 2, previous: failedBefore(error) }));
  expect(server.requests[1]).toEqual(server.requests[0]);
});

test("an answer with no text, and a body that is not of the protocol", async () => {
  const { rung } = await rungOf([says("  "), sends("<html>gateway</html>")]);
  expect((await thrownBy(rung.run({}, fakeContext(z.string())))).code).toBe("model-empty");
  const error = await thrownBy(rung.run({}, fakeContext(z.string())));
  expect(error).toMatchObject({ code: "model-unreached", status: 200 });
  expect(retryableModelError(failureOf(error))).toBe(true);
});

test("a server that is gone", async () => {
  const { rung, server } = await rungOf([]);
  await server.close();
  const error = await thrownBy(rung.run({}, fakeContext(Summary)));
  expect(error.code).toBe("model-unreached");
  expect(retryableModelError(failureOf(error))).toBe(true);
});
