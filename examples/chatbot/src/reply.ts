// Who answers: a language model where one is configured, and below it, or alone, a list of written answers.
// Boundary: environment in, a ladder of rungs out; finding offensive words is offensive.ts.
// Invariants: without OPENAI_BASE_URL nothing here is a language model, and `notice` says so; the list always has an answer,
// and it repeats what a person said of themselves, because that is where a chatbot is led astray.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { llm } from "@plumbline/ai";
import type { Rung } from "plumbline";
import type { IntentName } from "./sentences.ts";

export interface Asked {
  readonly message: string;
  readonly intent: IntentName;
}

export interface Replies {
  /** First choice first. */
  readonly ladder: readonly Rung<Asked, string>[];
  /** Who answers, for people. */
  readonly notice: string;
}

const answers: Readonly<Record<Exclude<IntentName, "name">, string>> = {
  greeting: "Hello! Ask me about opening hours, loans, cards, fees and events.",
  hours:
    "We are open Tuesday to Friday from 10 to 19 h and on Saturday from 10 to 16 h, and closed on public holidays.",
  renew: "You can renew a book twice, for two weeks each time, unless somebody else has reserved it.",
  card: "A card is made at the desk in five minutes: bring an identity card. Children sign up with a parent.",
  fees: "Membership is free. A late book costs 20 cents a day, a lost one its price.",
  events: "Story time is on Wednesday at 16 h, the book club on the first Thursday of the month at 19 h.",
  other: "That I do not know. The desk does: it is there whenever we are open.",
};

const system =
  "You answer for a town library, in at most three short sentences and without any formatting. You know only this, and say so " +
  `when you are asked for more:\n${Object.values(answers).join("\n")}`;

export function findReply({ message, intent }: Asked): string {
  return intent === "name" ? `Nice to meet you, ${nameIn(message)}! What can I do for you?` : answers[intent];
}

/** The words that stand where a name does. */
function nameIn(message: string): string {
  const name = /(?:name is|called|call me|this is|i'm|i am)(?:\s+called)?\s+(.+?)[.!,]?$/i.exec(message.trim())?.[1];
  return name ?? "whoever you are";
}

/** Reads OPENAI_BASE_URL, OPENAI_MODEL and OPENAI_API_KEY. */
export function supplyReplies(environment: NodeJS.ProcessEnv = process.env): Replies {
  const { OPENAI_BASE_URL: baseURL, OPENAI_MODEL: id, OPENAI_API_KEY: apiKey } = environment;
  const list: Rung<Asked, string> = { name: "written answers", run: findReply };
  if (!baseURL || !id) {
    const notice = "a list of written answers, and no language model (OPENAI_BASE_URL and OPENAI_MODEL configure one)";
    return { ladder: [list], notice };
  }
  const model = createOpenAICompatible({ name: "configured", baseURL, ...(apiKey ? { apiKey } : {}) })(id);
  const rung = llm<Asked, string>(model, {
    system,
    prompt: ({ message }) => message,
    timeout: "20s",
    retry: { maxAttempts: 2, delay: "200ms" },
  });
  return { ladder: [rung, list], notice: `${id} at ${new URL(baseURL).host}, and below it a list of written answers` };
}
