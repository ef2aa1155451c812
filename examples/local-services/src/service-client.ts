// Asks a local service to do something under an idempotency key.
// Boundary: fetch in, typed answers and two kinds of errors out; no retries (the flow decides those).
// Invariant: NotDone is thrown only when the service surely did nothing; whatever leaves a doubt - a timeout, a 5xx,
// nonsense with status 200 - is InDoubt (or the signal's reason), and must be settled by a retry or an undo.
import type { z } from "zod";

/** Surely nothing was done for this request: it was refused, or never arrived. */
export class NotDone extends Error {
  readonly code: string = "not-done";
  readonly refused: boolean;

  constructor(message: string, { refused, cause }: { readonly refused: boolean; readonly cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.refused = refused;
  }
}

/** It may or may not have been done. */
export class InDoubt extends Error {
  readonly code: string = "in-doubt";
}

export interface CallOptions {
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal | undefined;
}

/** What a caller calls the service, and what happened there. */
export interface Words {
  readonly service: string;
  readonly NotDone?: typeof NotDone;
  readonly InDoubt?: typeof InDoubt;
}

export class ServiceClient {
  readonly #words: Required<Words>;

  constructor(words: Words) {
    this.#words = { NotDone, InDoubt, ...words };
  }

  /**
   * The answer, when it is of this shape. The same key and body give the same answer however often it is asked.
   * Throws NotDone, InDoubt, or the signal's reason when aborted on the way (which is in doubt too).
   */
  async post<Answer>(url: string, body: unknown, answer: z.ZodType<Answer>, options: CallOptions): Promise<Answer> {
    const response = await this.#send(url, body, options);
    const said: unknown = await response.json().catch(() => options.signal?.throwIfAborted());
    const { ok, status } = response;
    const parsed = ok ? answer.safeParse(said) : undefined;
    if (parsed?.success) return parsed.data;
    const { service, NotDone, InDoubt } = this.#words;
    const message = `${service} answered ${status}${ok ? " with nonsense" : ""}: ${JSON.stringify(said)?.slice(0, 200)}`;
    // 408 and 429 may come from something in between, and 409 says that the key has done something, though another thing.
    const refused = status >= 400 && status < 500 && ![408, 409, 429].includes(status);
    throw refused ? new NotDone(message, { refused }) : new InDoubt(message);
  }

  /** Undoes what was done under the key, in the same way. */
  undo<Answer>(url: string, answer: z.ZodType<Answer>, options: CallOptions): Promise<Answer> {
    return this.post(url, { idempotencyKey: options.idempotencyKey }, answer, options);
  }

  async #send(url: string, body: unknown, { idempotencyKey, signal = null }: CallOptions): Promise<Response> {
    const { service, NotDone, InDoubt } = this.#words;
    const notSent = (why: string, cause: unknown) => new NotDone(why, { refused: false, cause });
    if (signal?.aborted) throw notSent(`aborted before ${service} was asked`, signal.reason);
    const headers = { "content-type": "application/json", "idempotency-key": idempotencyKey };
    try {
      return await fetch(url, { method: "POST", headers, body: JSON.stringify(body), signal });
    } catch (error) {
      signal?.throwIfAborted();
      const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
      // Nobody listened, so nothing was done. Any other broken connection may have broken afterwards.
      if (cause?.code === "ECONNREFUSED") throw notSent(`${service} cannot be reached`, error);
      throw new InDoubt(`the connection to ${service} broke`, { cause: error });
    }
  }
}

export interface SwitchedFault {
  /** Null switches it off. */
  readonly fault: string | null;
  readonly times?: number;
}

/** Switches a fault on for what requests are about, "*" for all. For demonstrations and tests. */
export async function switchFault(baseUrl: string, about: string, fault: SwitchedFault): Promise<void> {
  const response = await fetch(`${baseUrl}/faults`, { method: "POST", body: JSON.stringify({ about, ...fault }) });
  if (!response.ok) throw new Error(`no such fault: ${await response.text()}`);
}
