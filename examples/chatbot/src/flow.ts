// The first chatbot: intent, reply, a check for offensive words, a log. The whole flow, in under 40 lines.
import { flow, template } from "plumbline";
import { z } from "zod";
import type { ChatLog } from "./chat-log.ts";
import { findIntent, Intent } from "./intent.ts";
import { isFitToSend } from "./offensive.ts";
import type { Replies } from "./reply.ts";

const Text = z.string().trim().min(1).max(1_000);

export function chatbotFlow({ ladder }: Replies, log: ChatLog) {
  return flow("chatbot", {
    input: z.object({ message: Text }),
    samples: { hours: { message: "When do you open?" } },
    build($, { message }) {
      const intent = $.step("intent", { needs: { message }, output: Intent }).by(findIntent);
      const reply = $.step("reply", { needs: { message, intent: intent.name }, output: Text }).by(...ladder);
      const text = $.step("check", {
        kind: "pure",
        needs: { reply },
        output: Text,
        checks: { "fit to send": isFitToSend },
      }).by(
        { name: "as it is", run: ({ reply }) => reply },
        template(() => "I had rather not say that. What can I do for you?"),
      );
      const line = $.step("log", { kind: "effect", needs: { message, intent: intent.name, text }, output: z.int() }).by(
        (said, { idempotencyKey }) => log.append(idempotencyKey, said),
      );
      return { text, intent, line };
    },
  });
}
