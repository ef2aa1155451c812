// Finds the connected regions of a mask, with their border and what lies around them.
// Boundary: a mask in, lists of pixel positions out; measuring them is features.ts.
// Invariants: pixels that touch by a side belong together; the largest region comes first; specks are left out.

/** Pixels. Smaller than the smallest region that is drawn (radius 3), larger than what noise mostly leaves. */
const SMALLEST = 16;
const AROUND = 3;

/** Positions in the slice, row by row. */
export interface Blob {
  readonly pixels: readonly number[];
  readonly border: readonly number[];
  readonly around: readonly number[];
}

export function regionsOf(mask: Uint8Array, size: number): Blob[] {
  const seen = new Uint8Array(mask.length);
  const found: number[][] = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] !== 1 || seen[start] === 1) continue;
    seen[start] = 1;
    const pixels = [start];
    for (const at of pixels) {
      for (const next of neighboursOf(at, size)) {
        if (mask[next] !== 1 || seen[next] === 1) continue;
        seen[next] = 1;
        pixels.push(next);
      }
    }
    if (pixels.length >= SMALLEST) found.push(pixels);
  }
  return found
    .sort((a, b) => b.length - a.length)
    .map((pixels) => ({ pixels, border: borderOf(pixels, size), around: aroundOf(pixels, size) }));
}

function borderOf(pixels: readonly number[], size: number): number[] {
  const inside = new Set(pixels);
  return pixels.filter((at) => {
    const neighbours = neighboursOf(at, size);
    return neighbours.length < 4 || neighbours.some((next) => !inside.has(next));
  });
}

function aroundOf(pixels: readonly number[], size: number): number[] {
  const reached = new Set(pixels);
  let rim: number[] = [...pixels];
  const around: number[] = [];
  for (let ring = 0; ring < AROUND; ring++) {
    const next = new Set(rim.flatMap((at) => neighboursOf(at, size)).filter((at) => !reached.has(at)));
    for (const at of next) reached.add(at);
    rim = [...next];
    around.push(...rim);
  }
  return around;
}

function neighboursOf(at: number, size: number): number[] {
  const column = at % size;
  const neighbours: number[] = [];
  if (column > 0) neighbours.push(at - 1);
  if (column < size - 1) neighbours.push(at + 1);
  if (at >= size) neighbours.push(at - size);
  if (at < size * (size - 1)) neighbours.push(at + size);
  return neighbours;
}
