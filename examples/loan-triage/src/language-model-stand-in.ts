// A local HTTP server that speaks the OpenAI chat completions protocol and is NOT a language model: it copies facts
// from the prompt into a template. It is there so that the real client, its errors and its retries can be exercised
// on a machine without any model.
// Boundary: loopback only, no streaming; knows the shape of this example's summary and nothing else.
// Invariants: every answer says that it is a stand-in; how it behaves depends on the model's name and nothing else.
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerJson, listenOnLoopback, readJson } from "@plumbline/example-local-services/json-over-http.ts";
import { z } from "zod";
import type { Summary } from "./summary.ts";

export const STAND_IN_NOTICE =
  "This is a local stand-in, NOT a language model: it copies facts from the prompt into a template.";

/**
 * `ok` answers; `down` is 503; `hang` never answers; `garbage` is 200 with words that are no JSON; `wrong-figures` is
 * 200 with a well-formed summary whose amounts are invented; `busy` is 429 with Retry-After.
 */
export type StandInBehaviour = "ok" | "down" | "hang" | "garbage" | "wrong-figures" | "busy";

export interface LanguageModelStandIn extends AsyncDisposable {
  /** For OPENAI_BASE_URL: ends in /v1. */
  readonly baseUrl: string;
  readonly notice: string;
  /** Every chat request so far, the oldest first. */
  readonly requests: readonly { readonly model: string; readonly behaviour: StandInBehaviour }[];
  setBehaviour(model: string, behaviour: StandInBehaviour): void;
  close(): Promise<void>;
}

const ChatRequest = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })).min(1),
  stream: z.boolean().nullish(),
  response_format: z.object({ type: z.string() }).nullish(),
});
type ChatRequest = z.infer<typeof ChatRequest>;

/** Starts it on a free port of loopback. Models not named in `behaviours` are `ok`. */
export async function startLanguageModelStandIn({
  behaviours = {},
  port = 0,
}: {
  readonly behaviours?: Readonly<Record<string, StandInBehaviour>>;
  readonly port?: number;
} = {}): Promise<LanguageModelStandIn> {
  const behaviourOf = new Map(Object.entries(behaviours));
  const requests: { model: string; behaviour: StandInBehaviour }[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader("x-stand-in", STAND_IN_NOTICE);
    const endpoint = `${request.method} ${request.url}`;
    if (endpoint !== "POST /v1/chat/completions") {
      refuse(response, 404, `nothing at ${endpoint}`);
      return;
    }
    const chat = ChatRequest.safeParse(await readJson(request));
    if (!chat.success || chat.data.stream) {
      refuse(response, 400, chat.success ? "the stand-in does not stream" : z.prettifyError(chat.error));
      return;
    }
    const behaviour = behaviourOf.get(chat.data.model) ?? "ok";
    requests.push({ model: chat.data.model, behaviour });
    behave(behaviour, chat.data, response);
  };
  const { url, close } = await listenOnLoopback(serve, port);
  return {
    baseUrl: `${url}/v1`,
    notice: STAND_IN_NOTICE,
    requests,
    setBehaviour: (model, behaviour) => void behaviourOf.set(model, behaviour),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function behave(behaviour: StandInBehaviour, chat: ChatRequest, response: ServerResponse): void {
  const prompt = chat.messages
    .filter(({ role }) => role === "user")
    .map(({ content }) => textOf(content))
    .join("\n");
  if (behaviour === "hang") return;
  if (behaviour === "down") {
    refuse(response, 503, "the model is down");
  } else if (behaviour === "busy") {
    response.setHeader("retry-after", "1");
    refuse(response, 429, "too many requests");
  } else if (behaviour === "garbage") {
    complete(response, chat, "Colourless green loans sleep furiously {{ headline");
  } else {
    const summary = summaryFrom(prompt);
    const headline =
      behaviour === "wrong-figures" ? "EUR 9,999,999.00 for a submarine over 3 months" : summary.headline;
    complete(response, chat, contentFor(chat, { ...summary, headline }));
  }
}

/** Puts the facts that the prompt lists as "Label: value" into sentences. */
function summaryFrom(prompt: string): Summary {
  const facts = new Map<string, string>();
  for (const [, label = "", value = ""] of prompt.matchAll(/^([A-Z][^:\n]{1,40}): (.+)$/gm)) facts.set(label, value);
  const fact = (label: string) => facts.get(label) ?? "not stated";
  const suspicious = fact("Fraud signals") !== "none";
  const risk = fact("Class");
  const recommendation =
    suspicious || risk === "manual-review" ? "examine" : risk === "standard" ? "approve" : "decline";
  return {
    headline: `${fact("Amount")} for ${fact("Purpose")} over ${fact("Duration")}: ${risk}`.slice(0, 160),
    recommendation,
    points: [
      `The estimated probability of a bad loan is ${fact("Probability of a bad loan")}.`,
      `The instalment is ${fact("Instalment")}, the income ${fact("Income")}.`,
      `The credit history reads: ${fact("Credit history")}.`,
      `Of similar past loans ${fact("Similar past loans")}.`,
    ],
  };
}

/** JSON when JSON was asked for (by response_format or in the words of the prompt), sentences otherwise. */
function contentFor(chat: ChatRequest, summary: Summary): string {
  const asked =
    (chat.response_format?.type ?? "text") !== "text" ||
    chat.messages.some(({ content }) => /\bJSON\b/.test(textOf(content)));
  return asked ? JSON.stringify(summary) : [summary.headline, ...summary.points].join("\n");
}

function complete(response: ServerResponse, chat: ChatRequest, content: string): void {
  const promptTokens = tokensOf(chat.messages.map((message) => textOf(message.content)).join("\n"));
  const completionTokens = tokensOf(content);
  answerJson(response, 200, {
    id: "chatcmpl-stand-in",
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model: chat.model,
    system_fingerprint: "local-stand-in-not-a-language-model",
    stand_in_notice: STAND_IN_NOTICE,
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop", logprobs: null }],
    // Counted as four characters a token, as nothing here has a tokenizer.
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  });
}

/** Content is a string, or a list of parts of which only text is looked at. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown }) => (typeof part?.text === "string" ? part.text : "")).join("\n");
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  answerJson(response, status, { error: { message, type: "stand_in", code: String(status) } });
}

if (import.meta.main) {
  const standIn = await startLanguageModelStandIn({ port: Number(process.env["PORT"] ?? 0) });
  console.log(JSON.stringify({ baseUrl: standIn.baseUrl, notice: standIn.notice }));
}
