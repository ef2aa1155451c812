// JSON in and out over HTTP on loopback: for the services of the examples and the stand-in of a language model.
// Boundary: servers that an example itself starts; what a body must hold is said by their schemas.
// Invariants: a body that is no JSON is undefined, which no schema of theirs takes, and never throws; only this machine
// is heard; a close does not wait for answers that hang.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface LoopbackServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Resolves when it listens. Port 0 takes a free one. */
export async function listenOnLoopback(
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  wanted: number,
): Promise<LoopbackServer> {
  // A client that goes away in the middle of its request is its own business.
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  await once(server.listen(wanted, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      // Hanging answers would keep it open for ever.
      server.closeAllConnections();
    });
  return { port, url: `http://127.0.0.1:${port}`, close };
}

export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
