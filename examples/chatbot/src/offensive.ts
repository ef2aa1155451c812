// Offensive words in a text, masked spellings too: the English list of the package obscenity.
// Boundary: a word list and no model: it finds words, and neither insults without swear words nor tone.
import { englishDataset, englishRecommendedTransformers, RegExpMatcher } from "obscenity";

const matcher = new RegExpMatcher({ ...englishDataset.build(), ...englishRecommendedTransformers });

/** True, or why not: the shape of a contract's check. The words themselves are not repeated. */
export function isFitToSend(text: string): true | string {
  const count = matcher.getAllMatches(text).length;
  return count === 0 || `${count} offensive ${count === 1 ? "word" : "words"}`;
}
