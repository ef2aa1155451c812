// How grainy the picture of a page is: tells in milliseconds a page that OCR would chew on for half a minute in vain.
// Boundary: measures one picture and changes nothing (smoothing a page before OCR was tried and made it worse).
// Invariant: paper is mostly empty, so the median difference between near pixels is that of the paper, not of the print.
import sharp from "sharp";

/** Pixels apart: further than the smoothing of an enlarged scan reaches. */
const DISTANCE = 5;
const STEP = 3;

/** The median grey difference (0-255) of pixels five apart: about 1-10 for readable scans. */
export async function pageGrain(image: Uint8Array): Promise<number> {
  const { data, info } = await sharp(image).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
  const counts = new Uint32Array(256);
  let total = 0;
  for (let y = 0; y < info.height; y += STEP) {
    for (let x = 0; x + DISTANCE < info.width; x += STEP) {
      const at = (y * info.width + x) * info.channels;
      const difference = Math.abs((data[at] as number) - (data[at + DISTANCE * info.channels] as number));
      counts[difference] = (counts[difference] as number) + 1;
      total++;
    }
  }
  let seen = 0;
  let median = 0;
  while (median < 255 && seen + (counts[median] as number) < total / 2) seen += counts[median++] as number;
  return median;
}
