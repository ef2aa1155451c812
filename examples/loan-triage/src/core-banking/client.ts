// Talks to the core banking service: book a loan, undo it.
// Boundary: typed answers and two kinds of errors out; how a service is asked is service-client.ts; no retries (the flow
// decides those).
// Invariant: NotBooked is thrown only when the bank surely booked nothing; whatever leaves a doubt - a timeout, a 5xx,
// nonsense with status 200 - is BookingInDoubt (or the signal's reason), and must be settled by retry or cancel.
import {
  type CallOptions,
  InDoubt,
  NotDone,
  ServiceClient,
  type SwitchedFault,
  switchFault,
} from "@plumbline/example-local-services/service-client.ts";
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
export class NotBooked extends NotDone {
  override readonly code = "not-booked";
}

/** The bank may or may not have booked. */
export class BookingInDoubt extends InDoubt {
  override readonly code = "booking-in-doubt";
}

const bank = new ServiceClient({ service: "the bank", NotDone: NotBooked, InDoubt: BookingInDoubt });

/** Books a loan. The same key and application give the same loan however often it is asked. */
export function bookLoan(
  baseUrl: string,
  application: { readonly applicationId: string; readonly fields: LoanFields },
  options: CallOptions,
): Promise<Booking> {
  const itsBooking = Booking.extend({ applicationId: z.literal(application.applicationId) });
  return bank.post(`${baseUrl}/loans`, loanRequestOf(application), itsBooking, options);
}

/** Undoes whatever the key has booked, and keeps it from booking later. Safe to repeat, and when nothing was booked. */
export function cancelBooking(baseUrl: string, options: CallOptions): Promise<Cancellation> {
  return bank.undo(`${baseUrl}/loans/cancel`, Cancellation, options);
}

/** Everything the bank has written down, the oldest first. */
export async function readLedger(baseUrl: string): Promise<LedgerRow[]> {
  const response = await fetch(`${baseUrl}/ledger`);
  const { rows } = (await response.json()) as { rows: LedgerRow[] };
  return rows;
}

/** Switches a fault on (or off with null) for one application, "*" for all. For demonstrations and tests. */
export function setFault(
  baseUrl: string,
  { applicationId, ...fault }: SwitchedFault & { readonly applicationId: string },
): Promise<void> {
  return switchFault(baseUrl, applicationId, fault);
}

function loanRequestOf({ applicationId, fields }: { applicationId: string; fields: LoanFields }): LoanRequest {
  const { applicant, idNumber, amount, durationMonths, interestPercent, instalment } = fields;
  return { applicationId, applicant, idNumber, amount, durationMonths, interestPercent, instalment };
}
