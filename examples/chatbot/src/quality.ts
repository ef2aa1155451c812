// How well intents are found: the held-out sentences, one by one.
// Boundary: counts; the sentences are sentences.ts. They were written by the one who wrote the examples: a figure of this
// machine's working, not of a desk's.
import { findIntent } from "./intent.ts";
import { heldOut } from "./sentences.ts";

export interface Quality {
  readonly sentences: number;
  readonly right: number;
  readonly wrong: readonly { readonly sentence: string; readonly meant: string; readonly found: string }[];
}

export async function measureIntents(): Promise<Quality> {
  const wrong: Quality["wrong"][number][] = [];
  for (const [sentence, meant] of heldOut) {
    const { name } = await findIntent({ message: sentence });
    if (name !== meant) wrong.push({ sentence, meant, found: name });
  }
  return { sentences: heldOut.length, right: heldOut.length - wrong.length, wrong };
}
