// Goal: the stand-in speaks the chat completions protocol, says what it is, and fails in each way it is told to.
import { afterAll, beforeAll, expect, test } from "vitest";
import { classify } from "../src/classify.ts";
import {
  type LanguageModelStandIn,
  STAND_IN_NOTICE,
  startLanguageModelStandIn,
} from "../src/language-model-stand-in.ts";
import { loadSamples } from "../src/samples.ts";
import {
  figuresAreFromTheForm,
  SUMMARY_SYSTEM,
  Summary,
  type SummaryFacts,
  summaryQuestion,
  warningsAreHeeded,
} from "../src/summary.ts";

let standIn: LanguageModelStandIn;
beforeAll(async () => {
  standIn = await startLanguageModelStandIn({
    behaviours: { broken: "down", silent: "hang", mad: "garbage", liar: "wrong-figures", popular: "busy" },
  });
});
afterAll(() => standIn.close());

test("it answers with a summary made of the prompt's facts, in the protocol's shape, and says that it is no model", async () => {
  const facts = someFacts();
  const response = await ask("any-model", facts);
  expect(response.status).toBe(200);
  expect(response.headers.get("x-stand-in")).toBe(STAND_IN_NOTICE);
  const body = await response.json();
  expect(body).toMatchObject({
    object: "chat.completion",
    model: "any-model",
    system_fingerprint: "local-stand-in-not-a-language-model",
    stand_in_notice: STAND_IN_NOTICE,
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant" } }],
  });
  expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens + body.usage.completion_tokens);
  const summary = Summary.parse(JSON.parse(body.choices[0].message.content));
  expect(figuresAreFromTheForm(summary, facts)).toBe(true);
  expect(warningsAreHeeded(summary, facts)).toBe(true);
  expect(standIn.notice).toContain("NOT a language model");
});

test("without a wish for JSON it answers in sentences; parts of text are read too", async () => {
  const content = [{ type: "text", text: "Amount: EUR 10.00" }];
  const response = await post({ model: "any-model", messages: [{ role: "user", content }] });
  const text = (await response.json()).choices[0].message.content;
  expect(text).toContain("EUR 10.00");
  expect(() => JSON.parse(text)).toThrow();
});

test("down is 503, busy is 429 with Retry-After, both with an error object", async () => {
  const down = await ask("broken", someFacts());
  expect(down.status).toBe(503);
  expect(await down.json()).toMatchObject({ error: { message: "the model is down" } });
  const busy = await ask("popular", someFacts());
  expect([busy.status, busy.headers.get("retry-after")]).toEqual([429, "1"]);
});

test("garbage is 200 with no JSON in it; wrong figures keep the contract and break the check", async () => {
  const garbage = await (await ask("mad", someFacts())).json();
  expect(() => JSON.parse(garbage.choices[0].message.content)).toThrow();
  const facts = someFacts();
  const lie = await (await ask("liar", facts)).json();
  const summary = Summary.parse(JSON.parse(lie.choices[0].message.content));
  expect(figuresAreFromTheForm(summary, facts)).toBe("EUR 9,999,999.00 is not a figure of the form");
});

test("a hanging model never answers, and can be mended while it runs", async () => {
  await expect(ask("silent", someFacts(), AbortSignal.timeout(200))).rejects.toThrow("timeout");
  standIn.setBehaviour("silent", "ok");
  expect((await ask("silent", someFacts())).status).toBe(200);
  expect(standIn.requests.filter(({ model }) => model === "silent").map(({ behaviour }) => behaviour)).toEqual([
    "hang",
    "ok",
  ]);
});

test("what it does not do it refuses with a reason: streams, other paths, requests of another shape", async () => {
  const stream = await post({ model: "m", stream: true, messages: [{ role: "user", content: "x" }] });
  expect([stream.status, (await stream.json()).error.message]).toEqual([400, "the stand-in does not stream"]);
  expect((await post({ model: "m" })).status).toBe(400);
  const noJson = await fetch(`${standIn.baseUrl}/chat/completions`, { method: "POST", body: '{"model":' });
  expect(noJson.status).toBe(400);
  expect((await fetch(`${standIn.baseUrl}/embeddings`, { method: "POST" })).status).toBe(404);
});

test("closing ends hanging requests", async () => {
  const other = await startLanguageModelStandIn({ behaviours: { silent: "hang" } });
  const hanging = fetch(`${other.baseUrl}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "silent", messages: [{ role: "user", content: "x" }] }),
  });
  const failed = expect(hanging).rejects.toThrow("fetch failed");
  while (other.requests.length === 0) await new Promise(setImmediate);
  await other.close();
  await failed;
});

function ask(model: string, facts: SummaryFacts, signal: AbortSignal | null = null): Promise<Response> {
  const messages = [
    { role: "system", content: SUMMARY_SYSTEM },
    { role: "user", content: summaryQuestion(facts) },
  ];
  return post({ model, messages, response_format: { type: "json_object" } }, signal);
}

function post(body: unknown, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(`${standIn.baseUrl}/chat/completions`, { method: "POST", body: JSON.stringify(body), signal });
}

function someFacts(): SummaryFacts {
  const fields = loadSamples()[0]?.fields;
  if (fields === undefined) throw new Error("no samples");
  const similar: SummaryFacts["similar"] = { similar: [] };
  return { fields, classification: classify(fields), fraud: { score: 0, signals: [] }, similar };
}
