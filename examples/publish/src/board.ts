// The town's notice board: a small HTTP service that posts under a key and withdraws, and the client that calls it.
// Boundary: loopback only, posts in memory; knows nothing of flows. `loseAnswers` makes it post and hang up, as networks do.
// Invariants: the same key posts once; withdrawing what was never posted is fine, because nobody may know whether it was.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { NotApplied } from "plumbline";
import { z } from "zod";

export const Receipt = z.object({ id: z.string() });

export interface Board {
  post(
    post: { readonly id: string; readonly text: string },
    key: string,
    signal: AbortSignal,
  ): Promise<z.infer<typeof Receipt>>;
  withdraw(key: string): Promise<void>;
}

export interface BoardService extends AsyncDisposable {
  readonly url: string;
  /** What hangs there now, by the notice's id. */
  readonly posts: ReadonlyMap<string, { readonly id: string; readonly text: string }>;
  readonly withdrawn: readonly string[];
  /** The next answers about this notice get lost, after it was posted. */
  loseAnswers(id: string, times: number): void;
}

export function boardAt(url: string): Board {
  return {
    async post(post, key, signal) {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${url}/posts/${key}`, {
        method: "PUT",
        headers,
        body: JSON.stringify(post),
        signal,
      });
      if (response.status >= 400 && response.status < 500) throw new NotApplied(`refused: ${await response.text()}`);
      return Receipt.parse(await response.json());
    },
    async withdraw(key) {
      const response = await fetch(`${url}/posts/${key}`, { method: "DELETE" });
      if (!response.ok) throw new Error(`the board answered ${response.status}`);
    },
  };
}

export async function startBoard(): Promise<BoardService> {
  const posts = new Map<string, { id: string; text: string }>();
  const withdrawn: string[] = [];
  const toLose = new Map<string, number>();
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const key = decodeURIComponent((request.url ?? "").replace("/posts/", ""));
    if (request.method === "DELETE") {
      const post = posts.get(key);
      if (post) withdrawn.push(post.id);
      posts.delete(key);
      response.end("{}");
      return;
    }
    const post = JSON.parse(await textOf(request)) as { id: string; text: string };
    posts.set(key, post);
    const left = toLose.get(post.id) ?? 0;
    toLose.set(post.id, left - 1);
    if (left > 0) response.destroy();
    else response.end(JSON.stringify({ id: `board/${post.id}` }));
  };
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    withdrawn,
    loseAnswers: (id, times) => void toLose.set(id, times),
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}
