// Talks to the inventory service: put a unit into a bin, print its label, and undo both.
// Boundary: fetch in, typed answers and errors out; no retries (the flow decides those).
// Invariant: NotDone is thrown only when the warehouse surely did nothing; whatever leaves a doubt - a timeout, a 5xx,
// nonsense with status 200 - is another error (or the signal's reason), and must be settled by a retry or an undo.
import { z } from "zod";
import type { LabelRow } from "./labels.ts";
import { BIN, type Bin, type LedgerRow, type MovementRequest } from "./stock-ledger.ts";

export const Movement = z.object({
  movementId: z.string().regex(/^M-\d{6,}$/),
  unit: z.string(),
  bin: z.enum(BIN),
  movedAt: z.iso.datetime(),
});
export type Movement = z.infer<typeof Movement>;

export const Label = z.object({ labelId: z.string().regex(/^L-\d{6,}$/), unit: z.string() });
export type Label = z.infer<typeof Label>;

/** What an undo did: `nothing` when the key had moved nothing, which is as good. */
const Undone = z.discriminatedUnion("undone", [
  z.object({ undone: z.literal("movement"), movementId: z.string() }),
  z.object({ undone: z.literal("nothing") }),
]);
export type Undone = z.infer<typeof Undone>;

/** Surely nothing happened for this request: it was refused, or never arrived. */
export class NotDone extends Error {
  readonly code = "not-done";
  readonly refused: boolean;

  constructor(message: string, { refused, cause }: { readonly refused: boolean; readonly cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.refused = refused;
  }
}

/** It may or may not have happened. */
export class InDoubt extends Error {
  readonly code = "in-doubt";
}

export interface CallOptions {
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal | undefined;
}

/** Puts a unit into a bin. The same key and movement give the same answer however often it is asked. */
export async function moveUnit(baseUrl: string, request: MovementRequest, options: CallOptions): Promise<Movement> {
  const movement = Movement.safeParse(await asked(`${baseUrl}/movements`, request, options));
  const { unit, bin } = request;
  if (movement.success && movement.data.unit === unit && movement.data.bin === bin) return movement.data;
  throw new InDoubt("the warehouse answered a movement with nonsense");
}

/** Takes out again whatever the key put in, and keeps it from moving later. Safe to repeat, and when nothing was moved. */
export async function undoMovement(baseUrl: string, options: CallOptions): Promise<Undone> {
  return Undone.parse(await asked(`${baseUrl}/movements/undo`, { idempotencyKey: options.idempotencyKey }, options));
}

export async function printLabel(
  baseUrl: string,
  request: { readonly unit: string; readonly movementId: string },
  options: CallOptions,
): Promise<Label> {
  return Label.parse(await asked(`${baseUrl}/labels`, request, options));
}

export async function voidLabel(baseUrl: string, options: CallOptions): Promise<void> {
  await asked(`${baseUrl}/labels/void`, { idempotencyKey: options.idempotencyKey }, options);
}

export interface Books {
  /** Everything that ever happened, the oldest first. */
  readonly movements: readonly LedgerRow[];
  /** What lies in each bin now. */
  readonly counts: Readonly<Record<Bin, number>>;
  readonly labels: readonly LabelRow[];
}

export async function readBooks(baseUrl: string): Promise<Books> {
  return (await (await fetch(`${baseUrl}/books`)).json()) as Books;
}

/** Switches a fault on (or off with null) for one unit, "*" for all. For the example and tests. */
export async function setFault(
  baseUrl: string,
  fault: { readonly unit: string; readonly fault: string | null; readonly times?: number },
): Promise<void> {
  const response = await fetch(`${baseUrl}/faults`, { method: "POST", body: JSON.stringify(fault) });
  if (!response.ok) throw new Error(`no such fault: ${await response.text()}`);
}

/** The answer's body. Throws NotDone, InDoubt, or the signal's reason when aborted on the way (which is in doubt too). */
async function asked(url: string, body: unknown, { idempotencyKey, signal }: CallOptions): Promise<unknown> {
  if (signal?.aborted) {
    throw new NotDone("aborted before the warehouse was asked", { refused: false, cause: signal.reason });
  }
  const response = await post(url, body, { idempotencyKey, signal });
  const answer: unknown = await response.json().catch(() => {
    signal?.throwIfAborted();
    return undefined;
  });
  if (response.ok) return answer;
  const message = `the warehouse answered ${response.status}: ${JSON.stringify(answer)?.slice(0, 200)}`;
  // 408 and 429 may come from something in between, and 409 says that the key has moved something, though another unit.
  const refused = response.status >= 400 && response.status < 500 && ![408, 409, 429].includes(response.status);
  throw refused ? new NotDone(message, { refused }) : new InDoubt(message);
}

async function post(url: string, body: unknown, { idempotencyKey, signal }: CallOptions): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
      body: JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (error) {
    signal?.throwIfAborted();
    const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
    // Nobody listened, so nothing was done. Any other broken connection may have broken afterwards.
    if (cause?.code === "ECONNREFUSED") {
      throw new NotDone("the warehouse cannot be reached", { refused: false, cause: error });
    }
    throw new InDoubt("the connection to the warehouse broke", { cause: error });
  }
}
