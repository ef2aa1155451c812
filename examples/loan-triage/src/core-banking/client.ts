// Talks to the core banking service: book a loan, undo it.
// Boundary: fetch in, typed answers and two kinds of errors out; no retries (the flow decides those).
// Invariant: NotBooked is thrown only when the bank surely booked nothing; whatever leaves a doubt - a timeout, a 5xx,
// nonsense with status 200 - is BookingInDoubt (or the signal's reason), and must be settled by retry or cancel.
import { z } from "zod";
import type { LoanFields } from "../application-form.ts";
import type { LedgerRow, LoanRequest } from "./loan-ledger.ts";

/** The bank's answer to a booking: an output contract for the booking step. */
export const Booking = z.object({
  loanId: z.string().regex(/^L-\d{6,}$/),
  applicationId: z.string(),
  /** EUR. */
  amount: z.number().positive(),
  bookedAt: z.iso.datetime(),
});
export type Booking = z.infer<typeof Booking>;

/** What an undo did: `nothing` when the key had booked nothing, which is as good. */
export const Cancellation = z.discriminatedUnion("undone", [
  z.object({ undone: z.literal("loan"), loanId: z.string() }),
  z.object({ undone: z.literal("nothing") }),
]);
export type Cancellation = z.infer<typeof Cancellation>;

/** The bank surely booked nothing for this request: it refused it, or it was never asked. */
export class NotBooked extends Error {
  readonly code = "not-booked";
  readonly refused: boolean;

  constructor(message: string, { refused, cause }: { readonly refused: boolean; readonly cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.refused = refused;
  }
}

/** The bank may or may not have booked. */
export class BookingInDoubt extends Error {
  readonly code = "booking-in-doubt";
}

export interface CallOptions {
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Books a loan. The same key and application give the same loan however often it is asked.
 * Throws NotBooked, BookingInDoubt, or the signal's reason when aborted on the way (which is in doubt too).
 */
export async function bookLoan(
  baseUrl: string,
  application: { readonly applicationId: string; readonly fields: LoanFields },
  { idempotencyKey, signal }: CallOptions,
): Promise<Booking> {
  if (signal?.aborted) {
    throw new NotBooked("aborted before the bank was asked", { refused: false, cause: signal.reason });
  }
  const response = await post(`${baseUrl}/loans`, loanRequestOf(application), { idempotencyKey, signal });
  const body: unknown = await response.json().catch(() => {
    signal?.throwIfAborted();
    return undefined;
  });
  if (response.ok) {
    const booking = Booking.safeParse(body);
    if (booking.success && booking.data.applicationId === application.applicationId) return booking.data;
    throw new BookingInDoubt(
      `the bank answered ${response.status} with nonsense: ${JSON.stringify(body)?.slice(0, 200)}`,
    );
  }
  const message = `the bank answered ${response.status}: ${JSON.stringify(body)?.slice(0, 200)}`;
  // 408 and 429 may come from something in between, and 409 says that the key has booked a loan, though another one.
  const refused = response.status >= 400 && response.status < 500 && ![408, 409, 429].includes(response.status);
  throw refused ? new NotBooked(message, { refused }) : new BookingInDoubt(message);
}

/**
 * Undoes whatever the key has booked, and keeps it from booking later. Safe to repeat, and when nothing was booked.
 * Throws when the bank cannot be reached or does not confirm: then ask again.
 */
export async function cancelBooking(baseUrl: string, { idempotencyKey, signal }: CallOptions): Promise<Cancellation> {
  const response = await post(`${baseUrl}/loans/cancel`, { idempotencyKey }, { idempotencyKey, signal });
  if (!response.ok) throw new Error(`the bank answered ${response.status} to a cancel: ${await response.text()}`);
  return Cancellation.parse(await response.json());
}

/** Everything the bank has written down, the oldest first. */
export async function readLedger(baseUrl: string): Promise<LedgerRow[]> {
  const response = await fetch(`${baseUrl}/ledger`);
  const { rows } = (await response.json()) as { rows: LedgerRow[] };
  return rows;
}

/** Switches a fault on (or off with null) for one application, "*" for all. For demonstrations and tests. */
export async function setFault(
  baseUrl: string,
  fault: { readonly applicationId: string; readonly fault: string | null; readonly times?: number },
): Promise<void> {
  const response = await fetch(`${baseUrl}/faults`, { method: "POST", body: JSON.stringify(fault) });
  if (!response.ok) throw new Error(`no such fault: ${await response.text()}`);
}

function loanRequestOf({ applicationId, fields }: { applicationId: string; fields: LoanFields }): LoanRequest {
  const { applicant, idNumber, amount, durationMonths, interestPercent, instalment } = fields;
  return { applicationId, applicant, idNumber, amount, durationMonths, interestPercent, instalment };
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
    // Nobody listened, so nobody booked. Any other broken connection may have broken after the booking.
    if (cause?.code === "ECONNREFUSED") {
      throw new NotBooked("the bank cannot be reached", { refused: false, cause: error });
    }
    throw new BookingInDoubt("the connection to the bank broke", { cause: error });
  }
}
