// Bodies of the example's local servers: JSON in and out, for the simulated bank and the stand-in of a language model.
// Boundary: loopback servers that the example itself starts; what a body must hold is said by their schemas.
// Invariant: a body that is no JSON is undefined, which no schema of theirs takes, and never throws.
import type { IncomingMessage, ServerResponse } from "node:http";

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
