// Finds the articles that answer a question: exact cosine over their passages, BM25 over their words, and the intent.
// Boundary: vector, text and intent in, ranked articles out; choosing sentences is extractive-answer.ts.
// Invariants: every article is compared, so nothing is missed for speed (1,152 rows take a few milliseconds); the weights
// stand here and were chosen by looking at data/questions.txt, which is why README.md reports fresh questions beside it.
import { nearest } from "@plumbline/example-local-models/vectors.ts";
import { z } from "zod";
import { type Article, loadArticles, loadPassageVectors, type Passage, passagesOf, type Shelf } from "./articles.ts";
import { WordIndex } from "./word-index.ts";
import { wordsOf } from "./words.ts";

export interface Question {
  readonly text: string;
  readonly vector: Float32Array;
  /** How likely the question is about each shelf; left out: unknown. */
  readonly shelves?: ReadonlyMap<Shelf, number>;
}

export const FoundArticle = z.object({
  id: z.string(),
  title: z.string(),
  score: z.number(),
  /** Cosine of the article as a whole, without words and intent. */
  cosine: z.number(),
});
export type FoundArticle = z.infer<typeof FoundArticle>;

export interface Weights {
  readonly title: number;
  readonly whole: number;
  readonly sentence: number;
  readonly words: number;
  readonly intent: number;
}

export const WEIGHTS: Weights = { title: 0.3, whole: 0.6, sentence: 0.1, words: 0.02, intent: 0.1 };

interface Shelved {
  readonly articles: readonly Article[];
  readonly passages: readonly Passage[];
  readonly vectors: Float32Array;
  readonly index: WordIndex;
}

let shelved: Shelved | undefined;

/** Reads the articles and makes the index; otherwise the first search does. */
export function openKnowledgeBase(): Shelved {
  if (shelved === undefined) {
    const articles = loadArticles();
    const passages = passagesOf(articles);
    // The title counts twice: it is what the author thought the article is about.
    const texts = articles.map(({ title, text, also = [] }) => wordsOf([title, title, ...also, text].join(" ")));
    shelved = { articles, passages, vectors: loadPassageVectors(passages), index: new WordIndex(texts) };
  }
  return shelved;
}

/** The `count` best articles, best first. */
export function findArticles(question: Question, count: number, weights: Weights = WEIGHTS): FoundArticle[] {
  const { articles, passages, vectors, index } = openKnowledgeBase();
  const cosines = articles.map(() => ({ title: 0, whole: 0, sentence: -1 }));
  for (const { index: row, score } of nearest(vectors, question.vector, passages.length)) {
    const { article, kind } = passages[row] as Passage;
    const best = cosines[article] as (typeof cosines)[number];
    best[kind] = kind === "sentence" ? Math.max(best.sentence, score) : score;
  }
  const byWords = index.scores(wordsOf(question.text));
  return articles
    .map((article, at) => {
      const { title, whole, sentence } = cosines[at] as (typeof cosines)[number];
      const score =
        weights.title * title +
        weights.whole * whole +
        weights.sentence * sentence +
        weights.words * (byWords[at] as number) +
        weights.intent * (question.shelves?.get(article.shelf) ?? 0);
      return { id: article.id, title: article.title, score, cosine: whole };
    })
    .sort((a, b) => b.score - a.score)
    .slice(0, count);
}

/** The sentences of an article with their cosine to the question, in the order of the text. */
export function sentencesNear(id: string, vector: Float32Array): { text: string; cosine: number }[] {
  const { articles, passages, vectors } = openKnowledgeBase();
  const article = articles.findIndex((one) => one.id === id);
  const rows = passages.flatMap((passage, row) =>
    passage.article === article && passage.kind === "sentence" ? [row] : [],
  );
  return rows.map((row) => {
    const [found] = nearest(vectors.subarray(row * vector.length, (row + 1) * vector.length), vector, 1);
    return { text: (passages[row] as Passage).text, cosine: found?.score ?? 0 };
  });
}
