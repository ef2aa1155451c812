// The answer to a question without any language model: the run of sentences of the best article that is nearest to it.
// Boundary: found articles in, text out; nothing is written that does not stand in an article.
// Invariants: the sentences stand together in their article, because one alone may say "it" of what came before; the text
// names its article, so that a wrong choice can be seen.
import { z } from "zod";
import { type FoundArticle, sentencesNear } from "./knowledge-base.ts";

export const Answer = z.object({
  text: z.string().min(20).max(900),
  /** The article that was quoted; null where nothing was found. */
  article: z.string().nullable(),
});
export type Answer = z.infer<typeof Answer>;

const SENTENCES = 3;

/** A sentence that begins like this needs the one before it. */
const LEANS_BACK = /^(?:It|They|This|That|These|Then|Afterwards|Otherwise|If not|If it|From then|Both|Each)\b/;
/**
 * Below this cosine the help centre is taken to have nothing about it. A rough line: of seven questions about other things
 * six fell below it, and so did six of the 200 about Larkfield.
 */
const NEAR_ENOUGH = 0.3;

/** @throws Error when no article is near enough: better no answer than one about something else */
export function answerFrom(found: readonly FoundArticle[], vector: Float32Array): Answer {
  const [best] = found;
  if (best === undefined || best.cosine < NEAR_ENOUGH) {
    throw new Error(`no article is about this (nearest: ${best?.id}, cosine ${best?.cosine.toFixed(2)})`);
  }
  const text = bestWindow(sentencesNear(best.id, vector));
  return { text: `From our article "${best.title}": ${text}`, article: best.id };
}

/** The run of sentences with the highest sum of cosines; a short article is given whole. */
function bestWindow(sentences: readonly { text: string; cosine: number }[]): string {
  let best = { start: 0, sum: Number.NEGATIVE_INFINITY };
  for (let start = 0; start === 0 || start + SENTENCES <= sentences.length; start++) {
    const sum = sentences.slice(start, start + SENTENCES).reduce((total, { cosine }) => total + cosine, 0);
    if (sum > best.sum) best = { start, sum };
  }
  let { start } = best;
  while (start > 0 && LEANS_BACK.test(sentences[start]?.text ?? "")) start--;
  return sentences
    .slice(start, start + SENTENCES)
    .map(({ text }) => text)
    .join(" ");
}
