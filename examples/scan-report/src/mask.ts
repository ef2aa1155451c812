// The marks of a slice, one bit a pixel: what the network answers, a journal keeps and a cache finds again.
// Boundary: the contract and its two directions; making marks is segmentation.ts, measuring them features.ts.
// Invariants: unpacking gives what was packed; a mask stays small enough to be written into an entry beside others.
import { z } from "zod";

export const Mask = z
  .object({
    size: z.int().min(1),
    /** Row by row, the lowest bit first. */
    bits: z.instanceof(Uint8Array),
    /** Side of the tiles, and how many there were: how it was made, for whoever asks. */
    tile: z.int(),
    tiles: z.int(),
  })
  .refine(({ size, bits }) => bits.length === Math.ceil((size * size) / 8), "as many bits as size times size");
export type Mask = z.infer<typeof Mask>;

/** From one byte a pixel, 1 where a region is. */
export function packMask(pixels: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(pixels.length / 8));
  pixels.forEach((marked, at) => {
    if (marked === 1) bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7));
  });
  return bits;
}

export function unpackMask({ size, bits }: Pick<Mask, "size" | "bits">): Uint8Array {
  return Uint8Array.from({ length: size * size }, (_, at) => ((bits[at >> 3] as number) >> (at & 7)) & 1);
}
