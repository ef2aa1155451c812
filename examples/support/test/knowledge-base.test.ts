// Goal: the search compares every article and its parts weigh as they should. Vectors are the committed ones: no model runs.
import { EMBEDDING_DIMENSIONS } from "@plumbline/example-local-models/embeddings.ts";
import { expect, test } from "vitest";
import { loadArticles, SHELF } from "../src/articles.ts";
import { answerFrom } from "../src/extractive-answer.ts";
import { findArticles, openKnowledgeBase, sentencesNear, WEIGHTS } from "../src/knowledge-base.ts";

/** The committed vector of one passage of an article. */
function vectorOf(id: string, kind: "title" | "whole" | "sentence"): Float32Array {
  const { articles, passages, vectors } = openKnowledgeBase();
  const row = passages.findIndex(({ article, ...passage }) => articles[article]?.id === id && passage.kind === kind);
  return vectors.slice(row * EMBEDDING_DIMENSIONS, (row + 1) * EMBEDDING_DIMENSIONS);
}

const cosineOnly = { ...WEIGHTS, words: 0, intent: 0 };

test("asked with its own title, nearly every article is found first", () => {
  const articles = loadArticles();
  const first = articles.filter(({ id, title }) => {
    return findArticles({ text: title, vector: vectorOf(id, "title") }, 1)[0]?.id === id;
  });
  expect(first.length).toBeGreaterThan(0.95 * articles.length);
});

test("by cosine alone the text of the question does not matter", () => {
  const vector = vectorOf("esim", "whole");
  const one = findArticles({ text: "doorbell", vector }, 5, cosineOnly);
  expect(one[0]?.id).toBe("esim");
  expect(findArticles({ text: "roaming", vector }, 5, cosineOnly)).toEqual(one);
});

test("by words alone the vector does not matter, and an article without any of the words scores 0", () => {
  const words = { title: 0, whole: 0, sentence: 0, intent: 0, words: 1 };
  const all = findArticles({ text: "sign language", vector: vectorOf("esim", "whole") }, 1_000, words);
  expect(all[0]?.id).toBe("accessibility");
  expect(all.at(-1)?.score).toBe(0);
  expect(all).toHaveLength(loadArticles().length);
});

test("a certain intent lifts the articles of its shelf by its weight, and no others", () => {
  const question = { text: "it is broken", vector: vectorOf("claim-warranty", "title") };
  const without = findArticles(question, 1_000);
  const withIntent = findArticles({ ...question, shelves: new Map([["returns", 1]]) }, 1_000);
  const scoreIn = (list: typeof without, id: string) => list.find((one) => one.id === id)?.score ?? Number.NaN;
  for (const { id, shelf } of loadArticles()) {
    const lift = scoreIn(withIntent, id) - scoreIn(without, id);
    expect(lift).toBeCloseTo(shelf === "returns" ? WEIGHTS.intent : 0, 6);
  }
  expect(SHELF).toContain("returns");
});

test("the answer is a run of sentences that stand in the best article, under its title", () => {
  const vector = vectorOf("moving-home", "whole");
  const found = findArticles({ text: "I am moving", vector }, 3);
  const answer = answerFrom(found, vector);
  const article = loadArticles().find(({ id }) => id === "moving-home");
  expect(answer.article).toBe("moving-home");
  const quoted = answer.text.replace(`From our article "${article?.title}": `, "");
  expect(article?.text).toContain(quoted);
  expect(sentencesNear("moving-home", vector)).toHaveLength(4);
});

test("where nothing is near there is no answer", () => {
  const nowhere = new Float32Array(EMBEDDING_DIMENSIONS);
  const found = findArticles({ text: "Who won the world cup?", vector: nowhere }, 3);
  expect(() => answerFrom(found, nowhere)).toThrow("no article is about this");
});
