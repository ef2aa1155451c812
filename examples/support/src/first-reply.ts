// The part that a customer waits for: intent, search, answer, two toxicity checks, sentiment, all within 500 ms.
// Boundary: message in, reply out; nothing is sent and nobody is asked here, so that the deadline can end it at any moment
// and leave nothing half done. What follows from the reply is flow.ts.
// Invariants: no step is tried twice, because waiting for a second try is what the 500 ms are not for; the declared answer
// promises a person, and flow.ts keeps that promise.
import { flow, template } from "plumbline";
import { z } from "zod";
import type { Embedder } from "./embedder.ts";
import { Answer, answerFrom } from "./extractive-answer.ts";
import { Intent, readIntent } from "./intent.ts";
import { FoundArticle, findArticles } from "./knowledge-base.ts";
import { CustomerMessage, FirstReply, type LateReply, ToxicityReport } from "./message.ts";
import { readSentiment, Sentiment } from "./sentiment.ts";
import { findBadWords, judgeMeaning } from "./toxicity.ts";

const Vector = z.instanceof(Float32Array);
/** So many the customer is shown: one quoted, the others by title. */
const SHOWN = 3;

const once = { kind: "pure", retry: { maxAttempts: 1 } } as const;

export const NOTHING_FOUND = "I did not find an article about this. Please say it in other words, or call 0800 1234.";

const tooLate = {
  inTime: false,
  text: "This takes us longer than it should. A person reads your message now and writes to you.",
} satisfies z.infer<typeof LateReply>;

export function firstReplyFlow(embedder: Embedder) {
  return flow("support-first-reply", {
    input: CustomerMessage,
    output: FirstReply,
    deadline: { after: "500ms", answer: () => tooLate },
    build($, { text }) {
      const meaning = $.step("embed", { ...once, needs: { text }, output: Vector }).by(({ text }, { signal }) =>
        embedder(text, { signal }),
      );
      const intent = $.step("intent", { ...once, needs: { meaning }, output: Intent }).by(({ meaning }) =>
        readIntent(meaning),
      );
      const found = $.step("search", {
        ...once,
        needs: { text, meaning, shelves: intent.shelves },
        output: z.array(FoundArticle),
      }).by(({ text, meaning, shelves }) =>
        findArticles(
          { text, vector: meaning, shelves: new Map(shelves.map((one) => [one.shelf, one.probability])) },
          SHOWN,
        ),
      );
      // A language model would be the first rung here. Without one the article speaks for itself.
      const answer = $.step("answer", { ...once, needs: { found, meaning }, output: Answer }).by(
        { name: "sentences of the best article", run: ({ found, meaning }) => answerFrom(found, meaning) },
        template(() => ({ text: NOTHING_FOUND, article: null })),
      );
      const byWords = $.step("toxicity-by-words", {
        ...once,
        needs: { text, answer: answer.text },
        output: ToxicityReport.shape.byWords,
      }).by(({ text, answer }) => ({ question: findBadWords(text), answer: findBadWords(answer) }));
      const byMeaning = $.step("toxicity-by-meaning", {
        ...once,
        needs: { meaning, answer: answer.text },
        output: ToxicityReport.shape.byMeaning,
      }).by(async ({ meaning, answer }, { signal }) => ({
        question: judgeMeaning(meaning),
        answer: judgeMeaning(await embedder(answer, { signal })),
      }));
      const sentiment = $.step("sentiment", { ...once, needs: { text, meaning }, output: Sentiment }).by(
        ({ text, meaning }) => readSentiment(text, meaning),
      );
      return {
        inTime: true,
        text: answer.text,
        shelf: intent.shelf,
        article: answer.article,
        found,
        sentiment,
        toxicity: { byWords, byMeaning },
      };
    },
  });
}
