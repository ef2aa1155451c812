// Goal: the first chatbot answers, sends nothing offensive, logs each message once, goes on without its language model, and stays
// a flow of under 40 lines. Real embeddings; the language model is a loopback server that says what it is told to.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatLog } from "../src/chat-log.ts";
import { chatbot } from "../src/configured-flow.ts";
import { openConversation } from "../src/conversation.ts";
import { isFitToSend } from "../src/offensive.ts";
import { measureIntents } from "../src/quality.ts";
import { findReply, supplyReplies } from "../src/reply.ts";
import { examples, heldOut } from "../src/sentences.ts";

const alone = supplyReplies({});

test("the flow is that of the tutorial, and its file has under 40 lines, all of it", () => {
  expect(chatbot.plan.scopes[0]?.nodes.map(({ name }) => name)).toEqual(["intent", "reply", "check", "log"]);
  const lines = readFileSync(join(import.meta.dirname, "../src/flow.ts"), "utf8")
    .trimEnd()
    .split("\n");
  expect(lines.length).toBeLessThan(40);
});

describe("intents", () => {
  test("28 of 32 held-out sentences; none of them is an example", async () => {
    const { sentences, right, wrong } = await measureIntents();
    expect({ sentences, right, wrong }).toMatchObject({ sentences: 32, right: 28 });
    expect(wrong).toHaveLength(4);
    const known = new Set(Object.values(examples).flat());
    expect(heldOut.filter(([sentence]) => known.has(sentence))).toEqual([]);
  });
});

describe("offensive words", () => {
  test.each(["Nice to meet you, Sh1thead!", "f*ck off", "you are a shiiithead"])("%s is not fit to send", (text) => {
    expect(isFitToSend(text)).toBe("1 offensive word");
  });

  test.each(["Scunthorpe Council", "an assessment of the class"])("%s is", (text) => {
    expect(isFitToSend(text)).toBe(true);
  });

  test("a word list does not know people: a man called Dick is not greeted by his name", () => {
    expect(isFitToSend("Nice to meet you, Dick!")).toBe("1 offensive word");
  });

  test("none of the written answers has one", () => {
    const intents = [...Object.keys(examples), "other"] as (keyof typeof examples)[];
    expect(intents.map((intent) => isFitToSend(findReply({ message: "My name is Ada", intent })))).toEqual(
      intents.map(() => true),
    );
  });
});

describe("a conversation", () => {
  test("is answered by intent, and what would be offensive is not sent and marks its run", async () => {
    await using conversation = await openConversation(alone);
    expect(await conversation.say("When do you open on Saturday?")).toMatchObject({
      intent: "hours",
      outcome: "succeeded",
      text: expect.stringContaining("Saturday from 10 to 16 h"),
    });
    expect((await conversation.say("My name is Ada")).text).toBe("Nice to meet you, Ada! What can I do for you?");
    const rude = await conversation.say("My name is Sh1thead");
    expect(rude).toMatchObject({ outcome: "degraded", text: "I had rather not say that. What can I do for you?" });
    expect(rude.degradations).toEqual([
      'check: answered by template: broke its contract: check "fit to send": 1 offensive word',
    ]);
    expect(conversation.log.lines().map(({ intent, text }) => [intent, isFitToSend(text)])).toEqual([
      ["hours", true],
      ["name", true],
      ["name", true],
    ]);
  });

  test("a line asked for again under its key is written once", () => {
    const log = new ChatLog(":memory:");
    const line = { message: "Hi", intent: "greeting", text: "Hello!" };
    expect([log.append("a", line), log.append("a", line), log.append("b", line)]).toEqual([1, 1, 2]);
    expect(log.lines()).toEqual([line, line]);
    log.close();
  });
});

describe("with a language model", () => {
  let server: Server;
  let says: string | undefined;
  let environment: NodeJS.ProcessEnv;
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      const message = { role: "assistant", content: says };
      const body = says === undefined ? { error: { message: "down" } } : { choices: [{ index: 0, message }] };
      response.writeHead(says === undefined ? 503 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify({ id: "1", created: 0, model: "m", object: "chat.completion", ...body }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    environment = { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, OPENAI_MODEL: "m" };
  });
  afterAll(() => void server.close());

  test("it answers; when it is rude nothing of it is sent; when it is down the written answer is", async () => {
    await using conversation = await openConversation(supplyReplies(environment));
    says = "We open at ten.";
    expect(await conversation.say("When do you open?")).toMatchObject({
      text: "We open at ten.",
      outcome: "succeeded",
    });
    says = "Find out yourself, sh1thead.";
    expect(await conversation.say("When do you open?")).toMatchObject({
      text: "I had rather not say that. What can I do for you?",
      outcome: "degraded",
    });
    says = undefined;
    const down = await conversation.say("When do you open?");
    expect(down).toMatchObject({ text: expect.stringContaining("Tuesday to Friday"), outcome: "degraded" });
    expect(down.degradations).toEqual([expect.stringMatching(/^reply: answered by written answers: .*503/)]);
  });

  test("who answers is said, and without one that there is none", () => {
    expect(supplyReplies(environment).notice).toMatch(/^m at 127\.0\.0\.1:\d+, and below it/);
    expect(alone.notice).toContain("no language model");
  });
});

test("--chat reads lines and answers each, as one document with --json", () => {
  const root = join(import.meta.dirname, "../../..");
  const args = ["--conditions=plumbline-source", "scripts/example.ts", "chatbot", "--chat", "--json"];
  const env = { ...process.env, OPENAI_BASE_URL: "" };
  const { stdout, status } = spawnSync(process.execPath, args, {
    cwd: root,
    env,
    input: "Hello\n\nI am called Bo\n",
    encoding: "utf8",
  });
  expect(status).toBe(0);
  const { turns, log } = JSON.parse(stdout);
  expect(turns.map(({ text }: { text: string }) => text)).toEqual([
    "Hello! Ask me about opening hours, loans, cards, fees and events.",
    "Nice to meet you, Bo! What can I do for you?",
  ]);
  expect(log).toHaveLength(2);
});
