// The support desk: a first reply within 500 ms, and then either that was it, or a person goes on.
// Boundary: wiring only. The first reply is a flow of its own, because the 500 ms are the customer's waiting time and must
// not run on while a person thinks; this one lives as long as the person needs.
// Invariants: every customer is told something at once; who was promised a person is on the desk's list, whether the mood,
// the missed deadline or a broken model was the reason; what is sent is sent once, by its key.
import { flow, optional } from "plumbline";
import { z } from "zod";
import type { Embedder } from "./embedder.ts";
import { firstReplyFlow } from "./first-reply.ts";
import { type Mailbox, Receipt } from "./mailbox.ts";
import { CustomerMessage, Next, nextAfter } from "./message.ts";

const AgentReply = z.object({ reply: z.string().trim().min(10).max(4_000) });

const NOBODY_CAME = {
  reply: "We are sorry: nobody could answer you within four hours. Please call 0800 1234, you are put first in line.",
};

export interface SupportOptions {
  readonly embedder: Embedder;
  readonly mailbox: Pick<Mailbox, "send">;
}

export function supportFlow({ embedder, mailbox }: SupportOptions) {
  const firstReply = firstReplyFlow(embedder);
  const post = (letter: { to: string; text: string }, { idempotencyKey }: { idempotencyKey: string }) =>
    mailbox.send({ key: idempotencyKey, ...letter });
  return flow("support", {
    input: CustomerMessage,
    samples: {
      calm: { customer: "ada", text: "I forgot my password, how do I get a new one?" },
      upset: { customer: "ben", text: "This is the third time that you charge me twice, I am furious!" },
    },
    build($, { customer, text }) {
      const first = $.call("first-reply", { flow: firstReply, input: { customer, text } });
      const maybeFirst = optional(first, { onFailure: true });
      const next = $.step("next", { kind: "pure", needs: { first: maybeFirst }, output: Next }).by(({ first }) =>
        nextAfter(first),
      );
      const send = { kind: "effect", output: Receipt } as const;
      const handled = $.branch("route", {
        needs: { next },
        choose: ({ next }) => next.route,
        cases: {
          automatic: ($) => {
            const sent = $.step("reply", { ...send, needs: { to: customer, text: next.text } }).by(post);
            return { by: "machine", sent };
          },
          human: ($) => {
            const told = $.step("acknowledge", { ...send, needs: { to: customer, text: next.text } }).by(post);
            const verdict = $.approval("agent", {
              title: "Answer this customer",
              needs: { text, reason: next.reason, first: maybeFirst },
              after: told,
              decision: AgentReply,
              desk: "support",
              timeout: "4h",
              onTimeout: NOBODY_CAME,
            });
            const sent = $.step("write", { ...send, needs: { to: customer, text: verdict.reply } }).by(post);
            return { by: "person", via: verdict.via, sent };
          },
        },
      });
      return { reason: next.reason, first: maybeFirst, handled };
    },
  });
}
