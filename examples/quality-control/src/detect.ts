// Finds what does not belong on a metal surface: regions that stand out of the residual at one of three scales.
// Boundary: a frame in, regions with their features out; what kind of defect a region is, or none, is classify.ts.
// Invariants: pure; regions are sorted by strength, the strongest first; thresholds are in units of the frame's own noise,
// so that a noisy frame does not become a defective one.
import { z } from "zod";
import { Box, type Frame, SIDE } from "./frame.ts";
import { featuresOfRegion, type Pixel, REGION_FEATURES, type RegionFeatures } from "./region-features.ts";
import { type Residual, residualOf, robustDeviation } from "./residual.ts";

export const Region = z.object({
  box: Box,
  /** In pixels. */
  area: z.int().positive(),
  /** How far its strongest pixel stands out, in units of the noise at that scale. */
  strength: z.number().positive(),
  features: z.array(z.number()).length(REGION_FEATURES.length),
});
export type Region = z.infer<typeof Region>;

export const Detection = z.object({
  regions: z.array(Region).max(8),
  /** Grey levels. */
  noise: z.number().positive(),
});
export type Detection = z.infer<typeof Detection>;

/** A region begins at a pixel this strong and grows over its neighbours down to `GROW`. Chosen on the tuning frames. */
const SEED = 4.2;
const GROW = 3;
const MAX_REGIONS = 8;
const MIN_AREA = 3;
/** Pixels this near belong together: a faint scratch breaks into pieces. */
const REACH = 2;

export function detect(frame: Frame): Detection {
  const residual = residualOf(frame);
  const strengths = strengthsOf(residual);
  const regions = components(strengths)
    .filter(({ length }) => length >= MIN_AREA)
    .map((pixels) => regionOf(pixels, residual, strengths))
    .sort((a, b) => b.strength - a.strength)
    .slice(0, MAX_REGIONS);
  return { regions, noise: residual.noise };
}

export interface Strengths {
  readonly fine: Float64Array;
  readonly line: Float64Array;
  readonly broad: Float64Array;
  /** The strongest of the three, without its sign. */
  readonly peak: Float64Array;
}

/** Every pixel at three scales: a spot of 3 x 3 for pits, 11 pixels in a row at the best angle for scratches, 9 x 9 for stains. */
function strengthsOf({ levels }: Residual): Strengths {
  const fine = normalised(boxMean(levels, 1));
  const line = normalised(bestLine(levels));
  const broad = normalised(boxMean(levels, 4));
  const peak = fine.map((value, at) =>
    Math.max(Math.abs(value), Math.abs(line[at] as number), Math.abs(broad[at] as number)),
  );
  return { fine, line, broad, peak };
}

function normalised(values: Float64Array): Float64Array {
  const deviation = robustDeviation(values);
  return values.map((value) => value / deviation);
}

/** Mean over a square of 2 x reach + 1 pixels a side, cut off at the border; by running sums. */
function boxMean(levels: Float64Array, reach: number): Float64Array {
  const width = SIDE + 1;
  const sums = new Float64Array(width * width);
  for (let y = 0; y < SIDE; y++) {
    let row = 0;
    for (let x = 0; x < SIDE; x++) {
      row += levels[y * SIDE + x] as number;
      sums[(y + 1) * width + x + 1] = (sums[y * width + x + 1] as number) + row;
    }
  }
  const sum = (x: number, y: number) => sums[y * width + x] as number;
  return levels.map((_, at) => {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    const [left, right] = [Math.max(0, x - reach), Math.min(SIDE, x + reach + 1)];
    const [top, bottom] = [Math.max(0, y - reach), Math.min(SIDE, y + reach + 1)];
    const total = sum(right, bottom) - sum(left, bottom) - sum(right, top) + sum(left, top);
    return total / ((right - left) * (bottom - top));
  });
}

const LINE_REACH = 5;
const LINE_LENGTH = 2 * LINE_REACH + 1;
/** Of the levels with a margin of `LINE_REACH` zeros around them, so that no line has to ask where the frame ends. */
const PADDED = SIDE + 2 * LINE_REACH;
const LINES = Array.from({ length: 12 }, (_, direction) => {
  const angle = (Math.PI * direction) / 12;
  return Int32Array.from({ length: LINE_LENGTH }, (_, step) => {
    const along = step - LINE_REACH;
    return Math.round(along * Math.sin(angle)) * PADDED + Math.round(along * Math.cos(angle));
  });
});

/** The mean along the line through each pixel that deviates most, of twelve directions. */
function bestLine(levels: Float64Array): Float64Array {
  const padded = new Float64Array(PADDED * PADDED);
  const centre = (y: number) => (y + LINE_REACH) * PADDED + LINE_REACH;
  for (let y = 0; y < SIDE; y++) padded.set(levels.subarray(y * SIDE, (y + 1) * SIDE), centre(y));
  const best = new Float64Array(levels.length);
  for (const line of LINES) {
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const from = centre(y) + x;
        let sum = 0;
        for (let step = 0; step < LINE_LENGTH; step++) sum += padded[from + (line[step] as number)] as number;
        if (Math.abs(sum) > Math.abs(best[y * SIDE + x] as number)) best[y * SIDE + x] = sum;
      }
    }
  }
  return best.map((sum) => sum / LINE_LENGTH);
}

/** Pixels above `GROW` that hang together, of those groups that reach `SEED` somewhere. */
function components({ peak }: Strengths): Pixel[][] {
  const seen = new Uint8Array(peak.length);
  const found: Pixel[][] = [];
  for (let start = 0; start < peak.length; start++) {
    if (seen[start] === 1 || (peak[start] as number) < SEED) continue;
    seen[start] = 1;
    const group: Pixel[] = [{ x: start % SIDE, y: Math.floor(start / SIDE) }];
    for (const { x, y } of group) {
      for (let atY = Math.max(0, y - REACH); atY <= Math.min(SIDE - 1, y + REACH); atY++) {
        for (let atX = Math.max(0, x - REACH); atX <= Math.min(SIDE - 1, x + REACH); atX++) {
          const at = atY * SIDE + atX;
          if (seen[at] === 1 || (peak[at] as number) < GROW) continue;
          seen[at] = 1;
          group.push({ x: atX, y: atY });
        }
      }
    }
    found.push(group);
  }
  return found;
}

function regionOf(pixels: readonly Pixel[], residual: Residual, strengths: Strengths): Region {
  const xs = pixels.map(({ x }) => x);
  const ys = pixels.map(({ y }) => y);
  const box = { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
  const strength = Math.max(...pixels.map(({ x, y }) => strengths.peak[y * SIDE + x] as number));
  const features: RegionFeatures = featuresOfRegion(pixels, residual, strengths);
  return { box, area: pixels.length, strength, features: [...features] };
}
