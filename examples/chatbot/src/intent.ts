// What somebody wants, by the nearest of a few example sentences: real embeddings, no training, no language model.
// Boundary: text in, intent and score out. Invariant: what is near to nothing is `other`; nobody is guessed at.
import { embed } from "@plumbline/example-local-models/embeddings.ts";
import { nearest, packVectors } from "@plumbline/example-local-models/vectors.ts";
import { z } from "zod";
import { examples, type IntentName, intents } from "./sentences.ts";

export const Intent = z.object({ name: z.enum(intents), score: z.number() });

/** Below it, what is nearest is not near. Chosen on the example sentences alone, each left out in turn. */
const NEAR_ENOUGH = 0.45;

const known = Object.entries(examples).flatMap(([name, sentences]) =>
  sentences.map((sentence) => ({ name: name as IntentName, sentence })),
);
let packing: Promise<Float32Array> | undefined;

export async function findIntent({ message }: { readonly message: string }): Promise<z.infer<typeof Intent>> {
  packing ??= embed(known.map(({ sentence }) => sentence)).then(packVectors);
  const [matrix, [query]] = await Promise.all([packing, embed([message])]);
  const [best] = nearest(matrix, query as Float32Array, 1);
  const score = best?.score ?? 0;
  return { name: score < NEAR_ENOUGH ? "other" : (known[best?.index ?? 0]?.name ?? "other"), score };
}
