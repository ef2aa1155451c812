// What is left of a frame when the light and the brush marks are taken away, and how noisy that is.
// Boundary: pixels in, grey levels around 0 out; whether any of it is a defect is detect.ts.
// Invariants: pure; the fit ignores what deviates much, so that a defect is not fitted away with the light.
import { type Frame, SIDE } from "./frame.ts";

export interface Residual {
  /** Grey levels above (positive) or below the expected surface, row by row. */
  readonly levels: Float64Array;
  /** Robust standard deviation of `levels`: 1.4826 times the median absolute deviation. */
  readonly noise: number;
}

/** x^i y^j with i + j <= 3: a plane cannot follow a hot spot, and more would begin to follow stains. */
const TERMS = 10;
const FIT_ROUNDS = 3;
/** The fit looks at every fourth row and column: light has no detail. */
const FIT_STEP = 4;

export function residualOf({ pixels }: Frame): Residual {
  const levels = subtractLight(pixels);
  // Brush marks run along the rows; half of a row's pixels cannot be defect, or the scratch is as long as the frame.
  for (let y = 0; y < SIDE; y++) {
    const row = levels.subarray(y * SIDE, (y + 1) * SIDE);
    const mark = median(row);
    for (let x = 0; x < SIDE; x++) row[x] = (row[x] as number) - mark;
  }
  return { levels, noise: robustDeviation(levels) };
}

/**
 * 1.4826 times the median absolute deviation, which is the standard deviation when the noise is normal. Of one pixel in
 * `step`: sorting all of them is most of the detector's time, and a median of 1,800 is as good.
 */
export function robustDeviation(values: Float64Array, step = 5): number {
  const some = Float64Array.from({ length: Math.ceil(values.length / step) }, (_, at) => values[at * step] as number);
  const middle = median(some);
  return Math.max(0.1, 1.4826 * median(some.map((value) => Math.abs(value - middle))));
}

function median(values: Float64Array): number {
  return values.toSorted()[values.length >> 1] as number;
}

interface Sample {
  readonly terms: Float64Array;
  readonly level: number;
}

function subtractLight(pixels: Uint8Array): Float64Array {
  const samples: Sample[] = [];
  for (let y = 1; y < SIDE; y += FIT_STEP) {
    for (let x = 1; x < SIDE; x += FIT_STEP) {
      const at = y * SIDE + x;
      samples.push({ terms: termsAt(at), level: pixels[at] as number });
    }
  }
  let fit = leastSquares(samples);
  for (let round = 0; round < FIT_ROUNDS; round++) {
    const misses = Float64Array.from(samples, ({ terms, level }) => level - dot(fit, terms));
    const limit = 2.5 * robustDeviation(misses, 1);
    fit = leastSquares(samples.filter((_, at) => Math.abs(misses[at] as number) <= limit));
  }
  return Float64Array.from(pixels, (level, at) => level - dot(fit, termsAt(at)));
}

/** The terms at every pixel, once for all frames. */
const BASIS = new Float64Array(SIDE * SIDE * TERMS);
for (let at = 0; at < SIDE * SIDE; at++) {
  const u = (2 * (at % SIDE)) / (SIDE - 1) - 1;
  const v = (2 * Math.floor(at / SIDE)) / (SIDE - 1) - 1;
  BASIS.set([1, u, v, u * u, u * v, v * v, u * u * u, u * u * v, u * v * v, v * v * v], at * TERMS);
}

function termsAt(at: number): Float64Array {
  return BASIS.subarray(at * TERMS, (at + 1) * TERMS);
}

/** Normal equations, solved by elimination; they are positive definite, so no pivots are needed. */
function leastSquares(samples: readonly Sample[]): Float64Array {
  const rows = Array.from({ length: TERMS }, () => new Float64Array(TERMS + 1));
  for (const { terms, level } of samples) {
    for (let i = 0; i < TERMS; i++) {
      const row = rows[i] as Float64Array;
      const term = terms[i] as number;
      for (let j = 0; j < TERMS; j++) row[j] = (row[j] as number) + term * (terms[j] as number);
      row[TERMS] = (row[TERMS] as number) + term * level;
    }
  }
  for (let column = 0; column < TERMS; column++) {
    const pivot = rows[column] as Float64Array;
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = (row[column] as number) / (pivot[column] as number);
      for (let j = column; j <= TERMS; j++) row[j] = (row[j] as number) - factor * (pivot[j] as number);
    }
  }
  return Float64Array.from(rows, (row, at) => (row[TERMS] as number) / (row[at] as number));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}
