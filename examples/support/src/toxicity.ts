// Two ways to notice that a text insults or threatens: a list of words, and the meaning of the sentence.
// Boundary: texts or embeddings in, findings out; what follows from a finding is the flow's business.
// Why two: the list knows swear words, masked ones too (f*ck), and nothing else; the head knows insults without a swear
// word. Neither sees all of what the other sees, so they are asked and reported apart.
import { englishDataset, englishRecommendedTransformers, RegExpMatcher } from "obscenity";
import { z } from "zod";
import { loadHeads } from "./heads.ts";
import { probabilityOf } from "./softmax-head.ts";

/** From here on the head's opinion counts as a finding. Fixed, not fitted. */
const TOXIC_FROM = 0.5;

export const WordFinding = z.object({
  toxic: z.boolean(),
  /** The entries of the list that were met, not the words as written. */
  words: z.array(z.string()),
});
export type WordFinding = z.infer<typeof WordFinding>;

export const MeaningFinding = z.object({ toxic: z.boolean(), probability: z.number().min(0).max(1) });
export type MeaningFinding = z.infer<typeof MeaningFinding>;

const dataset = englishDataset;
let matcher: RegExpMatcher | undefined;

/** By the list of the package obscenity. Below a millisecond. */
export function findBadWords(text: string): WordFinding {
  matcher ??= new RegExpMatcher({ ...dataset.build(), ...englishRecommendedTransformers });
  const found = matcher
    .getAllMatches(text)
    .map((match) => dataset.getPayloadWithPhraseMetadata(match).phraseMetadata?.originalWord ?? "a word of the list");
  return { toxic: found.length > 0, words: [...new Set(found)] };
}

/** By the head that was trained on made-up insults and made-up complaints. */
export function judgeMeaning(vector: Float32Array): MeaningFinding {
  const probability = probabilityOf(loadHeads().toxicity.head, "toxic", vector);
  return { toxic: probability >= TOXIC_FROM, probability };
}
