// The three trained heads of data/heads.json: intent, toxicity, mood, each with what is known about its worth.
// Boundary: loading only; train.ts is the only writer, and what a head's answer means stands with its user.
// Invariant: a head belongs to the embedding model in use; another one is an error instead of a wrong class.
import { readFileSync } from "node:fs";
import { EMBEDDING_MODEL } from "@plumbline/example-local-models/embeddings.ts";
import { z } from "zod";
import { dataFile } from "./data-file.ts";
import { SoftmaxHead } from "./softmax-head.ts";

const MeasuredHead = z.object({
  /** On sentences that training never saw. */
  heldOut: z.object({ n: z.number(), right: z.number() }),
  /** Of each class: how many held-out sentences, and how many of them were recognised. */
  recognised: z.record(z.string(), z.object({ n: z.number(), right: z.number() })),
  head: SoftmaxHead,
});
export type MeasuredHead = z.infer<typeof MeasuredHead>;

export const HEAD = ["intent", "toxicity", "mood"] as const;

const HeadsFile = z.object({
  about: z.string(),
  model: z.literal(EMBEDDING_MODEL),
  heads: z.record(z.enum(HEAD), MeasuredHead),
});
export type HeadsFile = z.infer<typeof HeadsFile>;

let loaded: HeadsFile | undefined;

export function loadHeads(): HeadsFile["heads"] {
  loaded ??= HeadsFile.parse(JSON.parse(readFileSync(dataFile("heads.json"), "utf8")));
  return loaded.heads;
}
