// Makes scans comparable before a model sees them: takes out single outliers and stretches the grey values.
// Boundary: pixels in, pixels out; same scan, same result, which is what lets a cache recognise a scan.
// Invariants: size is kept; the 1st and 99th percentile become 0 and 255; nothing is learned from other scans.
import { z } from "zod";

/** A square picture in grey values, row by row. */
export const Slice = z
  .object({ size: z.int().min(64).max(256), pixels: z.instanceof(Uint8Array) })
  .refine(({ size, pixels }) => pixels.length === size * size, "as many pixels as size times size");
export type Slice = z.infer<typeof Slice>;

export function preprocess({ size, pixels }: Slice): Slice {
  return { size, pixels: stretched(despeckled(pixels, size)) };
}

/** The median of each pixel and its four neighbours: takes grain and leaves edges. */
function despeckled(pixels: Uint8Array, size: number): Uint8Array {
  const smooth = Uint8Array.from(pixels);
  const five = new Uint8Array(5);
  for (let row = 1; row < size - 1; row++) {
    for (let column = 1; column < size - 1; column++) {
      const at = row * size + column;
      five[0] = pixels[at] as number;
      five[1] = pixels[at - 1] as number;
      five[2] = pixels[at + 1] as number;
      five[3] = pixels[at - size] as number;
      five[4] = pixels[at + size] as number;
      smooth[at] = five.sort()[2] as number;
    }
  }
  return smooth;
}

function stretched(pixels: Uint8Array): Uint8Array {
  const counts = new Uint32Array(256);
  for (const pixel of pixels) counts[pixel] = (counts[pixel] as number) + 1;
  const low = percentile(counts, pixels.length * 0.01);
  const high = Math.max(low + 1, percentile(counts, pixels.length * 0.99));
  return pixels.map((pixel) => Math.max(0, Math.min(255, Math.round(((pixel - low) * 255) / (high - low)))));
}

function percentile(counts: Uint32Array, rank: number): number {
  let seen = 0;
  for (let value = 0; value < counts.length; value++) {
    seen += counts[value] as number;
    if (seen > rank) return value;
  }
  return counts.length - 1;
}
