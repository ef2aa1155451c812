// One text to its embedding: what the first reply needs of a model, and the real one.
// Boundary: the model itself is local-models'; who puts a slow or broken one in its place does so by this type.
import { embed } from "@plumbline/example-local-models/embeddings.ts";

export type Embedder = (text: string, options: { readonly signal: AbortSignal }) => Promise<Float32Array>;

/** The sentence embedder that runs here. The first call loads it, which takes seconds. */
export const modelEmbedder: Embedder = async (text, { signal }) => {
  const [vector] = await embed([text], { signal });
  return vector as Float32Array;
};
