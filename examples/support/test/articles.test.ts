// Goal: the help centre is all there, is what its script makes of its sources, and its vectors belong to it.
import { readFileSync } from "node:fs";
import { EMBEDDING_DIMENSIONS } from "@plumbline/example-local-models/embeddings.ts";
import { expect, test } from "vitest";
import { type ArticleFile, loadArticles, loadPassageVectors, passagesOf, SHELF, sentencesOf } from "../src/articles.ts";
import { dataFile } from "../src/data-file.ts";
import { generateArticles, handWritten } from "../src/generate-articles.ts";

test("there are at least 200 articles, some on each shelf, no two alike", () => {
  const articles = loadArticles();
  expect(articles.length).toBeGreaterThanOrEqual(200);
  for (const shelf of SHELF) expect(articles.filter((one) => one.shelf === shelf).length).toBeGreaterThan(10);
  expect(new Set(articles.map(({ title }) => title)).size).toBe(articles.length);
  expect(new Set(articles.map(({ text }) => text)).size).toBe(articles.length);
});

test("the committed file is what the script writes, and says that it is made up", () => {
  expect(generateArticles()).toEqual(loadArticles());
  const { about } = JSON.parse(readFileSync(dataFile("articles.json"), "utf8")) as ArticleFile;
  expect(about).toContain("MADE UP");
});

test("each passage has a row of nearly unit length", () => {
  const passages = passagesOf(loadArticles());
  const vectors = loadPassageVectors(passages);
  for (let row = 0; row < passages.length; row++) {
    const vector = vectors.subarray(row * EMBEDDING_DIMENSIONS, (row + 1) * EMBEDDING_DIMENSIONS);
    expect(Math.abs(Math.hypot(...vector) - 1)).toBeLessThan(0.01);
  }
});

test("vectors of other texts are refused", () => {
  const [first, ...others] = passagesOf(loadArticles());
  if (first === undefined) throw new Error("no passages");
  expect(() => loadPassageVectors([{ ...first, text: `${first.text} today` }, ...others])).toThrow("npm run generate");
});

test("a handbook's remark is no article, and a text is cut after its sentences only", () => {
  const text = "Press 61 once. Wait 3.5 minutes for it. 2 beeps follow!";
  expect(handWritten(`A remark.\n# mobile\n## calls | Make a call\n${text}\n`)).toEqual([
    { id: "calls", shelf: "mobile", title: "Make a call", text },
  ]);
  expect(sentencesOf(text)).toEqual(["Press 61 once.", "Wait 3.5 minutes for it.", "2 beeps follow!"]);
});
