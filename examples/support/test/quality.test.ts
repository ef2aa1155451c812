// Goal: what README.md claims about the parts holds: heads on held-out sentences, the search on fresh questions. The
// bounds are a little below what is measured, because another machine's arithmetic may tip one sentence.
import { warmEmbeddings } from "@plumbline/example-local-models/embeddings.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { loadHeads } from "../src/heads.ts";
import { readLabelledSentences } from "../src/labelled-sentences.ts";
import { caughtBy, hitRate, withVectors } from "../src/measure.ts";
import { loadQuestions } from "../src/questions.ts";
import { HUMAN_BELOW, readSentiment } from "../src/sentiment.ts";
import { findBadWords, judgeMeaning } from "../src/toxicity.ts";
import { trainAndMeasure } from "../src/train.ts";

beforeAll(warmEmbeddings);

const heldOut = async (file: string) =>
  withVectors(readLabelledSentences(file).filter(({ part }) => part === "held-out"));

describe("heads", () => {
  test("the committed figures: intent 67 of 80, toxicity 58 of 60, mood 23 of 30", () => {
    const { intent, toxicity, mood } = loadHeads();
    expect([intent.heldOut, toxicity.heldOut, mood.heldOut]).toEqual([
      { n: 80, right: 67 },
      { n: 60, right: 58 },
      { n: 30, right: 23 },
    ]);
  });

  test("training the smallest head again gives the committed one", async () => {
    const again = await trainAndMeasure("mood-sentences.txt");
    const committed = loadHeads().mood;
    expect(again.heldOut).toEqual(committed.heldOut);
    again.head.weights.flat().forEach((weight, at) => {
      expect(weight).toBeCloseTo(committed.head.weights.flat()[at] ?? Number.NaN, 2);
    });
  });
});

describe("search", () => {
  test("60 fresh questions: the article is first for 25 at least, and among the three shown for 40", async () => {
    const { n, first, firstThree } = hitRate(await withVectors(loadQuestions("fresh-questions")));
    expect(n).toBe(60);
    expect(first).toBeGreaterThanOrEqual(25);
    expect(firstThree).toBeGreaterThanOrEqual(40);
  });

  test("there are 200 questions to run, and some of their customers are upset", () => {
    const questions = loadQuestions("questions");
    expect(questions).toHaveLength(200);
    expect(new Set(questions.map(({ text }) => text)).size).toBe(200);
    expect(questions.filter(({ upset }) => upset)).toHaveLength(19);
  });
});

describe("toxicity, the two methods apart", () => {
  test("the list knows masked swear words and nothing else; the head knows insults", async () => {
    const sentences = await heldOut("toxicity-sentences.txt");
    const isToxic = ({ label }: { label: string }) => label === "toxic";
    const byWords = caughtBy(sentences, isToxic, ({ text }) => findBadWords(text).toxic);
    const byMeaning = caughtBy(sentences, isToxic, ({ vector }) => judgeMeaning(vector).toxic);
    expect(byWords.of).toBe(30);
    expect(byWords.caught).toBeGreaterThanOrEqual(7);
    expect(byWords.falseAlarms).toBeLessThanOrEqual(2);
    expect(byMeaning.caught).toBeGreaterThanOrEqual(26);
    expect(byMeaning.falseAlarms).toBeLessThanOrEqual(3);
  });

  test("a finding of the list names its entries, not the text", () => {
    expect(findBadWords("What an a$$hole")).toEqual({ toxic: true, words: ["ass"] });
    expect(findBadWords("You stupid idiot")).toEqual({ toxic: false, words: [] });
  });
});

describe("sentiment", () => {
  test("the mean of both raises fewer false alarms than the lexicon, and catches more", async () => {
    const messages = await heldOut("mood-sentences.txt");
    const isUpset = ({ label }: { label: string }) => label === "upset";
    const by = (way: "byWords" | "byMeaning" | "score") =>
      caughtBy(messages, isUpset, ({ text, vector }) => readSentiment(text, vector)[way] < HUMAN_BELOW);
    expect(by("score").falseAlarms).toBeLessThan(by("byWords").falseAlarms);
    expect(by("score").caught).toBeGreaterThan(by("byWords").caught);
  });

  test("the score is the mean, between 0 and 1", () => {
    const { score, byWords, byMeaning } = readSentiment("This is horrible, I hate it!", new Float32Array(512));
    expect(score).toBeCloseTo((byWords + byMeaning) / 2, 9);
    expect(byWords).toBeLessThan(0.2);
    for (const share of [score, byWords, byMeaning]) expect(share).toBeGreaterThanOrEqual(0);
  });
});
