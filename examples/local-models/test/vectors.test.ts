// Goal: the search over packed vectors finds exactly what comparing every pair would find.
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import { nearest, packVectors } from "@plumbline/example-local-models/vectors.ts";
import { expect, test } from "vitest";

const SEED = 7;

test(`nearest() agrees with cosines computed one by one (seed ${SEED})`, () => {
  const random = randomFrom(SEED);
  const vectors = Array.from({ length: 200 }, () => Float32Array.from({ length: 16 }, () => random() - 0.5));
  const query = Float32Array.from({ length: 16 }, () => random() - 0.5);
  const expected = vectors
    .map((vector, index) => ({ index, score: cosine(vector, query) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, 5);
  const found = nearest(packVectors(vectors), query, 5);
  expect(found.map(({ index }) => index)).toEqual(expected.map(({ index }) => index));
  found.forEach(({ score }, at) => {
    expect(score).toBeCloseTo(expected[at]?.score ?? Number.NaN, 6);
  });
});

test("length does not matter, only direction; equal scores keep their order", () => {
  const matrix = packVectors([Float32Array.of(1, 0), Float32Array.of(0, 9), Float32Array.of(5, 0)]);
  expect(nearest(matrix, Float32Array.of(3, 0), 3)).toEqual([
    { index: 0, score: 1 },
    { index: 2, score: 1 },
    { index: 1, score: 0 },
  ]);
});

test("a zero vector is like nothing, and asking for more rows than there are gives all", () => {
  const matrix = packVectors([Float32Array.of(0, 0), Float32Array.of(-1, 0)]);
  expect(nearest(matrix, Float32Array.of(1, 0), 10)).toEqual([
    { index: 0, score: 0 },
    { index: 1, score: -1 },
  ]);
  expect(nearest(new Float32Array(), Float32Array.of(1), 3)).toEqual([]);
});

test("vectors of other lengths are refused with the numbers", () => {
  expect(() => packVectors([Float32Array.of(1, 2), Float32Array.of(1)])).toThrow(
    "vector 1 has 1 dimensions, expected 2",
  );
  expect(() => nearest(Float32Array.of(1, 2, 3), Float32Array.of(1, 2), 1)).toThrow("no whole rows of 2");
});

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, at) => sum + value * (y[at] as number), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
