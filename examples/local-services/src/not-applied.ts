// What an effect of a flow makes of the two kinds of errors of a service.
// Boundary: errors of service-client.ts to those of the engine. Invariant: only what surely was not done is said to be so.
import { type Failure, NotApplied } from "plumbline";
import { NotDone } from "./service-client.ts";

/** A refusal is the service's last word. Out of reach is not: nothing was applied either, and time may mend it. */
export function isNoRefusal({ cause }: Failure): boolean {
  return cause?.fields?.["refused"] !== true;
}

/** What was surely not done need not be undone. */
export function sayWhenNotApplied(error: unknown): never {
  if (error instanceof NotDone) throw new NotApplied(error.message, { cause: error });
  throw error;
}
