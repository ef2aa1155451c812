// The customers' mailboxes, SIMULATED: what was sent to whom, and when. A real desk has its chat or mail service here.
// Boundary: keeps messages in memory; who reads them is the example and its tests.
// Invariant: the same key again sends nothing again, which is what makes sending a repeatable effect.
import { z } from "zod";

export const Receipt = z.object({ message: z.string() });
export type Receipt = z.infer<typeof Receipt>;

export interface Message {
  readonly to: string;
  readonly text: string;
  /** On the monotonic clock. */
  readonly sentAtMs: number;
}

export class Mailbox {
  readonly #messages = new Map<string, Message>();

  send({ key, to, text }: { readonly key: string; readonly to: string; readonly text: string }): Receipt {
    if (!this.#messages.has(key)) this.#messages.set(key, { to, text, sentAtMs: performance.now() });
    return { message: key };
  }

  /** What a customer has received, oldest first. */
  of(customer: string): Message[] {
    return [...this.#messages.values()].filter(({ to }) => to === customer);
  }
}
