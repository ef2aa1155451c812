// Measures what was marked, and the whole slice whether or not anything was marked.
// Boundary: prepared pixels and a mask in, figures out; judging them is classify.ts and anomaly.ts.
// Invariants: lengths are in pixels, brightness is 0 to 1; specks are no region; the figures of the slice
// do not depend on the mask, so that what the network misses can still be noticed.
import { z } from "zod";
import type { Slice } from "./preprocess.ts";
import { type Blob, regionsOf } from "./regions.ts";

export const Region = z.object({
  area: z.number().positive(),
  /** The largest distance of two pixels of the border. */
  diameter: z.number().positive(),
  centre: z.object({ column: z.number(), row: z.number() }),
  mean: z.number().min(0).max(1),
  deviation: z.number().min(0),
  /** Brightness above what lies around it. */
  contrast: z.number(),
  /** Deviation of the border's distance from the centre, as a share of that distance: 0 is a circle. */
  irregularity: z.number().min(0),
  /** How much brighter the outer half is than the inner half. */
  rim: z.number(),
});
export type Region = z.infer<typeof Region>;

const SliceMeasures = z.object({
  /** How much neighbouring boxes differ, on average. */
  unrest: z.number(),
  /** The same as a share of how much all boxes differ: near 1 when the slice changes at every step. */
  unrestShare: z.number(),
});

export const Features = z.object({
  regions: z.int().min(0),
  /** The largest region. */
  region: Region.nullable(),
  slice: SliceMeasures,
});
export type Features = z.infer<typeof Features>;

const BOX = 6;

export function measure(slice: Slice, mask: Uint8Array): Features {
  const blobs = regionsOf(mask, slice.size);
  const [largest] = blobs;
  return {
    regions: blobs.length,
    region: largest === undefined ? null : regionIn(slice, largest),
    slice: sliceMeasures(slice),
  };
}

function regionIn({ size, pixels }: Slice, { pixels: inside, border, around }: Blob): Region {
  const value = (at: number): number => (pixels[at] as number) / 255;
  const mean = average(inside.map(value));
  const centre = {
    column: average(inside.map((at) => at % size)),
    row: average(inside.map((at) => Math.floor(at / size))),
  };
  const far = (at: number): number => Math.hypot((at % size) - centre.column, Math.floor(at / size) - centre.row);
  const byDistance = [...inside].sort((a, b) => far(a) - far(b)).map(value);
  const half = Math.floor(byDistance.length / 2);
  const reach = border.map(far);
  return {
    area: inside.length,
    diameter: diameterOf(border, size),
    centre,
    mean,
    deviation: deviationOf(inside.map(value)),
    contrast: around.length === 0 ? 0 : mean - average(around.map(value)),
    irregularity: deviationOf(reach) / Math.max(1, average(reach)),
    rim: average(byDistance.slice(half)) - average(byDistance.slice(0, half)),
  };
}

function diameterOf(border: readonly number[], size: number): number {
  let largest = 0;
  for (const a of border) {
    for (const b of border) {
      largest = Math.max(largest, Math.hypot((a % size) - (b % size), Math.floor(a / size) - Math.floor(b / size)));
    }
  }
  return largest + 1;
}

/** Of boxes inside the slice's middle, where there is no bone. */
function sliceMeasures({ size, pixels }: Slice): z.infer<typeof SliceMeasures> {
  const across = Math.floor(size / BOX);
  const box = (column: number, row: number): number | undefined => {
    const [x, y] = [(2 * column + 1) / across - 1, (2 * row + 1) / across - 1];
    if (Math.hypot(x / 0.58, y / 0.7) > 1) return undefined;
    let sum = 0;
    for (let dy = 0; dy < BOX; dy++) {
      for (let dx = 0; dx < BOX; dx++) sum += pixels[(row * BOX + dy) * size + column * BOX + dx] as number;
    }
    return sum / (255 * BOX * BOX);
  };
  const means: number[] = [];
  const steps: number[] = [];
  for (let row = 0; row < across; row++) {
    for (let column = 0; column < across; column++) {
      const here = box(column, row);
      if (here === undefined) continue;
      means.push(here);
      for (const next of [box(column + 1, row), box(column, row + 1)]) {
        if (next !== undefined) steps.push(Math.abs(next - here));
      }
    }
  }
  const unrest = average(steps);
  return { unrest, unrestShare: unrest / Math.max(1e-6, deviationOf(means)) };
}

function average(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}

function deviationOf(values: readonly number[]): number {
  const mean = average(values);
  return Math.sqrt(average(values.map((value) => (value - mean) ** 2)));
}
