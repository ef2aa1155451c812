// A local HTTP server that speaks the OpenAI chat completions protocol with tools and is NOT a language model: it looks for
// sums in the question, asks for the tool `add` for each, and says their results. It is there so that the real client, its
// messages and its errors can be exercised on a machine without any model.
// Boundary: loopback only, no streaming. Invariants: it answers from the messages alone, so it finds out when one is missing; a
// conversation that OpenAI would refuse (a call without its result, or a result without its call) is 400 here too.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

const Call = z.object({
  id: z.string(),
  type: z.literal("function"),
  function: z.object({ name: z.string(), arguments: z.string() }),
});
const Message = z.discriminatedUnion("role", [
  z.object({ role: z.literal("system"), content: z.string() }),
  z.object({ role: z.literal("user"), content: z.string() }),
  z.object({ role: z.literal("assistant"), content: z.string().nullish(), tool_calls: z.array(Call).optional() }),
  z.object({ role: z.literal("tool"), tool_call_id: z.string(), content: z.string() }),
]);
const ChatRequest = z.object({
  model: z.string(),
  messages: z.array(Message).min(1),
  tools: z.array(
    z.object({
      type: z.literal("function"),
      function: z.object({ name: z.string(), parameters: z.object({ type: z.literal("object") }) }),
    }),
  ),
  response_format: z.object({ type: z.string() }).optional(),
});
type ChatRequest = z.infer<typeof ChatRequest>;

export interface ToolCallingStandIn extends AsyncDisposable {
  readonly baseUrl: string;
  /** Every request that it understood, the oldest first. */
  readonly requests: readonly ChatRequest[];
}

/** Starts it on a free port of loopback. The model `tired` answers once and is 503 from then on. */
export async function startToolCallingStandIn(): Promise<ToolCallingStandIn> {
  const requests: ChatRequest[] = [];
  const server = createServer((request, response) => {
    serve(request, response, requests).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, requests: ChatRequest[]): Promise<void> {
  let body = "";
  for await (const chunk of request) body += chunk;
  const chat = ChatRequest.safeParse(JSON.parse(body));
  if (!chat.success) return answer(response, 400, { error: { message: z.prettifyError(chat.error) } });
  requests.push(chat.data);
  const { model, messages } = chat.data;
  const fault = faultOf(messages);
  if (fault !== undefined) return answer(response, 400, { error: { message: fault } });
  const turn = messages.filter(({ role }) => role === "assistant").length;
  if (model === "tired" && turn > 0) return answer(response, 503, { error: { message: "the model is tired" } });
  const said = nextOf(messages);
  answer(response, 200, {
    id: `chatcmpl-${requests.length}`,
    object: "chat.completion",
    created: 1_700_000_000,
    model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", ...said },
        finish_reason: "tool_calls" in said ? "tool_calls" : "stop",
      },
    ],
    usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
  });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

type Messages = ChatRequest["messages"];

/** What OpenAI would refuse. */
function faultOf(messages: Messages): string | undefined {
  const open = new Set<string>();
  for (const message of messages) {
    if (message.role === "tool" && !open.delete(message.tool_call_id)) return `no call ${message.tool_call_id} before`;
    if (message.role !== "tool" && open.size > 0) return `no result for ${[...open].join(", ")}`;
    if (message.role === "assistant") for (const { id } of message.tool_calls ?? []) open.add(id);
  }
  return open.size > 0 ? `no result for ${[...open].join(", ")}` : undefined;
}

/** Asks for every sum at once, for those that failed again with numbers, and then says what came of them. */
function nextOf(messages: Messages): object {
  const question = messages.find(({ role }) => role === "user")?.content ?? "";
  const sums = [...question.matchAll(/([\w.]+) plus ([\w.]+)/g)].map(([, a = "", b = ""]) => [a, b] as const);
  const results = messages.filter((message) => message.role === "tool");
  if (results.length === 0)
    return { content: null, tool_calls: sums.map((sum, index) => add(`call_${index}`, ...sum)) };
  const last = results.slice(-sums.length);
  const failed = last.findIndex(({ content }) => !content.startsWith("{"));
  if (failed >= 0 && results.length === sums.length) {
    return {
      content: "I write it as numbers.",
      tool_calls: sums.map((sum, index) => add(`again_${index}`, ...sum.map(digits))),
    };
  }
  const totals = last.map(({ content }) => (JSON.parse(content) as { total: number }).total);
  return { content: JSON.stringify({ totals }) };
}

const words: Readonly<Record<string, string>> = { one: "1", two: "2", three: "3" };
const digits = (word: string): string => words[word] ?? word;

function add(id: string, a = "", b = ""): z.infer<typeof Call> {
  const number = (word: string) => (Number.isNaN(Number(word)) ? word : Number(word));
  return { id, type: "function", function: { name: "add", arguments: JSON.stringify({ a: number(a), b: number(b) }) } };
}
