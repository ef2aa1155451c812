// What kind of notice a text is: the kind of the nearest example, by real embeddings.
// Boundary: text in, kind and score out; no training, no language model.
import { embed } from "@plumbline/example-local-models/embeddings.ts";
import { nearest, packVectors } from "@plumbline/example-local-models/vectors.ts";
import { z } from "zod";
import { examples, heldOut, type KindName, kinds } from "./notices.ts";

export const Kind = z.object({ name: z.enum(kinds), score: z.number() });

const known = Object.entries(examples).flatMap(([name, texts]) =>
  texts.map((text) => ({ name: name as KindName, text })),
);
let packing: Promise<Float32Array> | undefined;

export async function classify({ text }: { readonly text: string }): Promise<z.infer<typeof Kind>> {
  packing ??= embed(known.map((example) => example.text)).then(packVectors);
  const [matrix, [query]] = await Promise.all([packing, embed([text])]);
  const [best] = nearest(matrix, query as Float32Array, 1);
  return { name: known[best?.index ?? 0]?.name as KindName, score: best?.score ?? 0 };
}

/** On the held-out notices. They are by the same hand as the examples: it says that it works, not how well in a town hall. */
export async function measureKinds(): Promise<{ readonly notices: number; readonly right: number }> {
  let right = 0;
  for (const [text, kind] of heldOut) if ((await classify({ text })).name === kind) right++;
  return { notices: heldOut.length, right };
}
