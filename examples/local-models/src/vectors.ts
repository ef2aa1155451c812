// Exact nearest neighbours by cosine, over rows of one contiguous Float32Array.
// Boundary: pure arithmetic; knows nothing of texts or models.
// Why no index structure: a few thousand rows take milliseconds, and exact answers need no explaining.

export interface Neighbour {
  /** Row number in the matrix. */
  readonly index: number;
  /** Cosine, -1 to 1. */
  readonly score: number;
}

/** Puts vectors of one length into one array, row after row. Throws when lengths differ. */
export function packVectors(vectors: readonly Float32Array[]): Float32Array {
  const dimensions = vectors[0]?.length ?? 0;
  const matrix = new Float32Array(vectors.length * dimensions);
  vectors.forEach((vector, row) => {
    if (vector.length !== dimensions) {
      throw new RangeError(`vector ${row} has ${vector.length} dimensions, expected ${dimensions}`);
    }
    matrix.set(vector, row * dimensions);
  });
  return matrix;
}

/**
 * The `k` rows nearest to `query`, best first; ties go to the lower row.
 * A row (or query) of zero length scores 0. Throws when the matrix is not whole rows of the query's length.
 */
export function nearest(matrix: Float32Array, query: Float32Array, k: number): Neighbour[] {
  const dimensions = query.length;
  if (dimensions === 0 || matrix.length % dimensions !== 0) {
    throw new RangeError(`a matrix of ${matrix.length} numbers has no whole rows of ${dimensions}`);
  }
  let queryNorm = 0;
  for (const value of query) queryNorm += value * value;
  const rows = matrix.length / dimensions;
  const scored: Neighbour[] = [];
  for (let row = 0; row < rows; row++) {
    scored.push({ index: row, score: cosine(matrix, row * dimensions, query, Math.sqrt(queryNorm)) });
  }
  return scored.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, Math.max(0, k));
}

function cosine(matrix: Float32Array, start: number, query: Float32Array, queryNorm: number): number {
  let dot = 0;
  let norm = 0;
  for (let at = 0; at < query.length; at++) {
    const value = matrix[start + at] as number;
    dot += value * (query[at] as number);
    norm += value * value;
  }
  const length = Math.sqrt(norm) * queryNorm;
  return length === 0 ? 0 : dot / length;
}
