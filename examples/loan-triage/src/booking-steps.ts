// The flow's last part: what was granted is booked at core banking, and the customer's file is opened.
// Boundary: effects, their keys and how they are undone; HTTP and its errors are the clients'.
// Invariants: an effect that surely did nothing says so (NotApplied); every other failure leaves it in doubt, and it is
// undone under the key that it was asked with, whether it had happened or not.
import { isNoRefusal, sayWhenNotApplied } from "@plumbline/example-local-services/not-applied.ts";
import type { Duration, FlowBuilder, Ref } from "plumbline";
import type { LoanFields } from "./application-form.ts";
import { Booking, bookLoan, cancelBooking } from "./core-banking/client.ts";
import { CustomerFile, closeCustomerFile, openCustomerFile } from "./core-banking/file-client.ts";

export interface Bank {
  readonly baseUrl: string;
  /** How long one call may take. */
  readonly timeout: Duration;
}

interface Granted {
  readonly applicationId: Ref<string>;
  /** Skipped where the loan was not granted, and the effects with it. */
  readonly terms: Ref<LoanFields, "maybe">;
}

export function bookingSteps($: FlowBuilder, { applicationId, terms }: Granted, { baseUrl, timeout }: Bank) {
  // The same key again is safe at this bank, so a lost answer is asked for a second time before anything is undone.
  const retry = { maxAttempts: 2, delay: "250ms", retryIf: isNoRefusal } as const;
  const effect = { kind: "effect", timeout, retry } as const;
  const booking = $.step("book", {
    ...effect,
    needs: { applicationId, fields: terms },
    output: Booking,
    compensate: ({ key }, { signal }) => cancelBooking(baseUrl, { idempotencyKey: key, signal }),
  }).by({
    name: "core banking",
    run: (loan, { idempotencyKey, signal }) =>
      bookLoan(baseUrl, loan, { idempotencyKey, signal }).catch(sayWhenNotApplied),
  });
  const file = $.step("open-file", {
    ...effect,
    needs: { applicationId, loanId: booking.loanId },
    output: CustomerFile,
    compensate: ({ key }, { signal }) => closeCustomerFile(baseUrl, { idempotencyKey: key, signal }),
  }).by({
    name: "customer files",
    run: (loan, { idempotencyKey, signal }) =>
      openCustomerFile(baseUrl, loan, { idempotencyKey, signal }).catch(sayWhenNotApplied),
  });
  return { booking, file };
}
