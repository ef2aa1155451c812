// A server on loopback that speaks the OpenAI chat completions protocol from a script: one reply for each request, in order.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly temperature?: number;
  readonly max_tokens?: number;
  readonly response_format?: {
    readonly type: string;
    readonly json_schema?: { readonly schema: Record<string, unknown>; readonly strict: boolean };
  };
}

export type Reply = (response: ServerResponse) => void;

/** A completion as OpenAI writes it. */
export function says(content: string, finishReason = "stop"): Reply {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        id: "chatcmpl-7",
        object: "chat.completion",
        created: 1_700_000_000,
        model: "gpt-4o-2024-08-06",
        choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: finishReason }],
        usage: { prompt_tokens: 1_000, completion_tokens: 200, total_tokens: 1_200 },
      }),
    );
  };
}

/** An error as OpenAI writes it. */
export function refuses(status: number, message: string, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ error: { message, type: "error", code: null } }));
  };
}

export const hangs: Reply = () => undefined;

/** Sends whatever bytes, with status 200. */
export function sends(body: string): Reply {
  return (response) => response.writeHead(200, { "content-type": "application/json" }).end(body);
}

export interface CompletionsServer {
  readonly url: string;
  readonly requests: ChatRequest[];
  /** Resolves when the next request has arrived whole. */
  readonly asked: () => Promise<void>;
  /** Resolves when the client has closed the socket of the last request. */
  readonly hungUp: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function startCompletions(...script: Reply[]): Promise<CompletionsServer> {
  const requests: ChatRequest[] = [];
  const arrival = Promise.withResolvers<void>();
  const farewell = Promise.withResolvers<void>();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    request.socket.once("close", () => farewell.resolve());
    let body = "";
    for await (const chunk of request) body += chunk;
    requests.push(JSON.parse(body) as ChatRequest);
    arrival.resolve();
    const reply = script.shift() ?? refuses(500, "the script has no more replies");
    reply(response);
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    asked: () => arrival.promise,
    hungUp: () => farewell.promise,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
