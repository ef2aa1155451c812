// Two ways to shorten a notice without a language model: its beginning, and what is most like the whole.
// Boundary: text in, text out. Invariant: a draft is made of the notice's own sentences, word for word, in their order, so that
// nothing can be invented; `isFromNotice` is the check that holds it to that.
import { embed } from "@plumbline/example-local-models/embeddings.ts";
import { nearest, packVectors } from "@plumbline/example-local-models/vectors.ts";
import { z } from "zod";
import type { KindName } from "./notices.ts";

export const Draft = z.string().min(1).max(280);

interface Asked {
  readonly text: string;
  readonly kind: KindName;
}

const labels: Readonly<Record<KindName, string>> = {
  warning: "WARNING: ",
  roadworks: "Traffic: ",
  event: "",
  service: "",
};
const SENTENCES = 2;

/** The first sentences: news are written with what matters first. */
export function draftLead({ text, kind }: Asked): string {
  return written(kind, sentencesOf(text).slice(0, SENTENCES));
}

/** The sentences nearest to the mean of all (the centroid method of Radev and others, 2004). */
export async function draftCore({ text, kind }: Asked, { signal }: { readonly signal: AbortSignal }): Promise<string> {
  const sentences = sentencesOf(text);
  const vectors = await embed(sentences, { signal });
  const centroid = Float32Array.from(vectors[0] ?? [], (_, at) =>
    vectors.reduce((sum, one) => sum + (one[at] ?? 0), 0),
  );
  const chosen = nearest(packVectors(vectors), centroid, SENTENCES).map(({ index }) => index);
  return written(
    kind,
    chosen.sort((a, b) => a - b).flatMap((index) => sentences[index] ?? []),
  );
}

/** The shape of a contract's check. */
export function isFromNotice(draft: string, { text, kind }: Asked): true | string {
  const body = draft.slice(labels[kind].length);
  const foreign = sentencesOf(body).find((sentence) => !text.includes(sentence));
  return foreign === undefined || `"${foreign}" is not in the notice`;
}

function written(kind: KindName, sentences: readonly string[]): string {
  const text = sentences.join(" ");
  // A label with a sentence that is too long is better than a sentence cut in half.
  return `${labels[kind]}${text.length > 260 ? (sentences[0] ?? "") : text}`;
}

function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?])\s+/).filter((sentence) => sentence !== "");
}
