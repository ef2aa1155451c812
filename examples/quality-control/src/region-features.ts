// What the classifier is told about a region: its shape, how it stands out at each scale, and how noisy the frame is.
// Boundary: pixels of one region and the strengths of its frame in, one row of numbers out.
// Invariants: pure; the order is that of REGION_FEATURES, which the model file repeats; sizes are logarithms, so that a
// linear model can compare them.
import { SIDE } from "./frame.ts";

export const REGION_FEATURES = [
  "area",
  "length",
  "width",
  "elongation",
  "elongation squared",
  "along the rows",
  "fill",
  "fine",
  "line",
  "broad",
  "fine against line",
  "broad against fine",
  "strength",
  "contrast",
  "core against edge",
  "one sign",
  "noise",
  "at the border",
] as const;
export type RegionFeatures = readonly number[];

export interface Pixel {
  readonly x: number;
  readonly y: number;
}

interface Scales {
  readonly fine: Float64Array;
  readonly line: Float64Array;
  readonly broad: Float64Array;
  readonly peak: Float64Array;
}

interface Levels {
  readonly levels: Float64Array;
  readonly noise: number;
}

export function featuresOfRegion(pixels: readonly Pixel[], { levels, noise }: Levels, scales: Scales): RegionFeatures {
  const { length, width, alongRows } = shapeOf(pixels);
  const largest = (values: Float64Array) => Math.max(...pixels.map((pixel) => Math.abs(at(values, pixel))));
  const [fine, line, broad] = [largest(scales.fine), largest(scales.line), largest(scales.broad)];
  const elongation = Math.log(length / width);
  const sorted = pixels.map((pixel) => at(levels, pixel)).sort((a, b) => Math.abs(b) - Math.abs(a));
  const mean = average(sorted);
  const core = average(sorted.slice(0, Math.max(3, Math.ceil(sorted.length / 4))));
  const sameSign = sorted.filter((level) => level * core > 0).length / sorted.length;
  const border = pixels.some(({ x, y }) => Math.min(x, y) < 2 || Math.max(x, y) > SIDE - 3);
  return [
    Math.log(pixels.length),
    Math.log(length),
    Math.log(width),
    elongation,
    elongation ** 2,
    elongation * alongRows,
    pixels.length / (length * width),
    Math.log(1 + fine),
    Math.log(1 + line),
    Math.log(1 + broad),
    Math.log((1 + fine) / (1 + line)),
    Math.log((1 + broad) / (1 + fine)),
    Math.log(1 + Math.max(fine, line, broad)),
    Math.log(1 + Math.abs(core) / noise),
    Math.abs(mean) / (1 + Math.abs(core)),
    sameSign,
    Math.log(noise),
    border ? 1 : 0,
  ];
}

/** Length and width in pixels from the second moments; `alongRows` is 1 when it lies along the brush marks, 0 across. */
function shapeOf(pixels: readonly Pixel[]): { length: number; width: number; alongRows: number } {
  const x0 = average(pixels.map(({ x }) => x));
  const y0 = average(pixels.map(({ y }) => y));
  const xx = average(pixels.map(({ x }) => (x - x0) ** 2)) + 1 / 12;
  const yy = average(pixels.map(({ y }) => (y - y0) ** 2)) + 1 / 12;
  const xy = average(pixels.map(({ x, y }) => (x - x0) * (y - y0)));
  const spread = Math.sqrt(((xx - yy) / 2) ** 2 + xy ** 2);
  const angle = 0.5 * Math.atan2(2 * xy, xx - yy);
  const side = (variance: number) => Math.sqrt(12 * Math.max(variance, 1 / 12));
  return {
    length: side((xx + yy) / 2 + spread),
    width: side((xx + yy) / 2 - spread),
    alongRows: Math.cos(angle) ** 2,
  };
}

function at(values: Float64Array, { x, y }: Pixel): number {
  return values[y * SIDE + x] as number;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
