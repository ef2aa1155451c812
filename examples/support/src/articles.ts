// The help centre: its articles, cut into passages (title, sentences, the whole), and the passages' embeddings.
// Boundary: loads committed files, which generate-articles.ts and generate-vectors.ts wrote; searching is knowledge-base.ts.
// Invariant: row n of the vectors belongs to passage n, made by the model and the texts in use now - a digest of both
// says so, and a mismatch is an error instead of a wrong neighbour.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { EMBEDDING_DIMENSIONS, EMBEDDING_MODEL } from "@plumbline/example-local-models/embeddings.ts";
import { z } from "zod";
import { dataFile } from "./data-file.ts";

/** What a question can be about; an article stands on one shelf. */
export const SHELF = ["billing", "orders", "returns", "account", "internet", "mobile", "contract", "devices"] as const;
export type Shelf = (typeof SHELF)[number];

export const Article = z.object({
  id: z.string().regex(/^[a-z0-9-]+$/),
  shelf: z.enum(SHELF),
  title: z.string().min(5),
  text: z.string().min(40),
  /** Other words for what it is about, for the search only. */
  also: z.array(z.string()).optional(),
});
export type Article = z.infer<typeof Article>;

const ArticleFile = z.object({ about: z.string(), articles: z.array(Article) });
export type ArticleFile = z.infer<typeof ArticleFile>;

export interface Passage {
  /** Index of the article. */
  readonly article: number;
  readonly kind: "title" | "sentence" | "whole";
  readonly text: string;
}

let articles: readonly Article[] | undefined;

/** All articles, in the order of the file. */
export function loadArticles(): readonly Article[] {
  articles ??= ArticleFile.parse(JSON.parse(readFileSync(dataFile("articles.json"), "utf8"))).articles;
  return articles;
}

/** The sentences of a text. Good for these articles, whose sentences end in a mark, a space and a capital or figure. */
export function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?]) (?=[A-Z0-9*#])/);
}

/** What of an article gets an embedding. */
export function passagesOf(all: readonly Article[]): Passage[] {
  return all.flatMap(({ title, text, also = [] }, article): Passage[] => [
    { article, kind: "title", text: title },
    { article, kind: "whole", text: [title, ...also, text].join(" ") },
    ...sentencesOf(text).map((sentence): Passage => ({ article, kind: "sentence", text: sentence })),
  ]);
}

/** A number in one byte is a quarter of the size, and the hit rate stays the same. No number of this model is above 0.1. */
export const VECTOR_SCALE = 1_270;

/**
 * One row of 512 numbers a passage.
 * @throws Error when the file was made from other texts or by another model
 */
export function loadPassageVectors(passages: readonly Passage[]): Float32Array {
  const head = z
    .object({ digest: z.string() })
    .parse(JSON.parse(readFileSync(dataFile("passages.vectors.json"), "utf8")));
  const bytes = new Int8Array(readFileSync(dataFile("passages.vectors.bin")));
  if (head.digest !== digestOf(passages) || bytes.length !== passages.length * EMBEDDING_DIMENSIONS) {
    throw new Error("the vectors are not those of articles.json: run `npm run generate` in examples/support");
  }
  return Float32Array.from(bytes, (value) => value / VECTOR_SCALE);
}

/** Fingerprint of the model and the texts, kept beside the vectors. */
export function digestOf(passages: readonly Passage[]): string {
  const hash = createHash("sha256").update(EMBEDDING_MODEL);
  for (const { text } of passages) hash.update("\n").update(text);
  return hash.digest("hex");
}
