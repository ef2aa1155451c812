// Goal: real embeddings, from weights on this machine: unit length, repeatable, and near where meaning is near.
import { EMBEDDING_DIMENSIONS, embed, warmEmbeddings } from "@plumbline/example-local-models/embeddings.ts";
import { nearest, packVectors } from "@plumbline/example-local-models/vectors.ts";
import { beforeAll, expect, test } from "vitest";

beforeAll(warmEmbeddings);

test("texts of like meaning are nearer than others, without sharing words", async () => {
  const texts = ["The customer wants to buy a used car", "A child is ill with fever", "Rain is expected tomorrow"];
  const vectors = await embed(texts);
  const [query] = await embed(["Money for a second-hand vehicle"]);
  expect(nearest(packVectors(vectors), query as Float32Array, 1)[0]?.index).toBe(0);
});

test("vectors have unit length, the declared size, and do not depend on their batch", async () => {
  const texts = Array.from({ length: 20 }, (_, at) => `loan number ${at}`);
  const together = await embed(texts);
  const [alone] = await embed([texts[17] as string]);
  expect(together).toHaveLength(20);
  for (const vector of together) {
    expect(vector).toHaveLength(EMBEDDING_DIMENSIONS);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
  }
  alone?.forEach((value, at) => {
    expect(value).toBeCloseTo(together[17]?.[at] ?? Number.NaN, 5);
  });
});

test("no texts give no vectors, and an aborted signal rejects with its reason", async () => {
  expect(await embed([])).toEqual([]);
  await expect(embed(["a"], { signal: AbortSignal.abort(new Error("no longer needed")) })).rejects.toThrow(
    "no longer needed",
  );
});
