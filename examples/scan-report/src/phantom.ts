// Draws generated scans: a head-like slice with or without a bright region, and the truth about that region.
// Boundary: a seed and a wish in, pixels and truth out; nothing here comes from a person, and no figure here is medical.
// Invariants: the same seed and wish give the same pixels on every machine that rounds sine and cosine alike; the
// mask covers what was drawn and nothing else; "hard" means weak, small and noisy, and shapes that are near the other
// class, because a generator that knows only easy cases would make any model look good.
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";

export const LESION = ["none", "benign-like", "malignant-like"] as const;
/** What was drawn. The words name classes of drawings: "-like" is part of the name and not a claim. */
export type Lesion = (typeof LESION)[number];

export interface Wish {
  readonly lesion: Lesion;
  /** Width and height in pixels, from 64. */
  readonly size: number;
  readonly hard?: boolean;
  /** Bright stripes over the slice, as a disturbed receiver would leave them. No region of its own. */
  readonly stripes?: boolean;
}

export interface Phantom {
  readonly size: number;
  /** Grey values, row by row. */
  readonly pixels: Uint8Array;
  /** 1 where the region was drawn. */
  readonly mask: Uint8Array;
  readonly lesion: Lesion;
}

interface Wave {
  readonly x: number;
  readonly y: number;
  readonly phase: number;
}

interface Region {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly contrast: number;
  /** How much the outline leaves the circle: one amplitude a harmonic, from the second on. */
  readonly outline: readonly { readonly amplitude: number; readonly phase: number }[];
  /** 0 is even inside; 1 has a dark core, a bright rim and grain. */
  readonly unevenness: number;
}

interface Anatomy {
  readonly width: number;
  readonly height: number;
  readonly tilt: number;
  readonly ventricle: number;
  readonly waves: readonly Wave[];
  readonly vessels: readonly { readonly x: number; readonly y: number; readonly radius: number }[];
}

export function drawPhantom(seed: number, { lesion, size, hard = false, stripes = false }: Wish): Phantom {
  const random = randomFrom(seed);
  const anatomy = anatomyFrom(random);
  const region = lesion === "none" ? undefined : regionFrom(random, lesion, size, hard);
  const noise = between(random, 0.015, 0.03) + (hard ? 0.025 : 0);
  const gain = between(random, 120, 200);
  const lean = { x: between(random, -0.18, 0.18), y: between(random, -0.18, 0.18) };
  const grain = bellFrom(random);
  const pixels = new Uint8Array(size * size);
  const mask = new Uint8Array(size * size);
  for (let at = 0; at < pixels.length; at++) {
    const [column, row] = [at % size, Math.floor(at / size)];
    const [x, y] = [(2 * column + 1) / size - 1, (2 * row + 1) / size - 1];
    let value = tissueAt(anatomy, x, y);
    const depth = region === undefined ? 0 : depthIn(region, column, row);
    if (region !== undefined && depth > -1) {
      // A pixel that the outline crosses is half of each: sharp masks on soft edges, as readers of scans draw them.
      // It pushes hollows aside instead of shining through them.
      value = Math.max(value, 0.4) + region.contrast * Math.min(1, depth + 1) * unevenAt(region, depth, grain);
      if (depth > 0) mask[at] = 1;
    }
    if (stripes && value > 0.1) value += 0.22 * Math.max(0, Math.sin(x * 9 + y * 23));
    value *= 1 + lean.x * x + lean.y * y;
    // The length of a disturbed vector: noise of a scanner's magnitude picture is never negative.
    value = Math.hypot(value + noise * grain(), noise * grain());
    pixels[at] = Math.max(0, Math.min(255, Math.round(value * gain)));
  }
  return { size, pixels, mask, lesion };
}

function anatomyFrom(random: () => number): Anatomy {
  return {
    width: between(random, 0.7, 0.8),
    height: between(random, 0.84, 0.93),
    tilt: between(random, -0.12, 0.12),
    ventricle: between(random, 0.8, 1.25),
    waves: Array.from({ length: 7 }, () => ({
      x: between(random, -14, 14),
      y: between(random, -14, 14),
      phase: between(random, 0, 6.28),
    })),
    // Bright and small: what a threshold would take for a region.
    vessels: Array.from({ length: 3 }, () => {
      const [angle, far] = [between(random, 0, 6.28), between(random, 0.2, 0.6)];
      return { x: far * Math.cos(angle), y: far * Math.sin(angle), radius: between(random, 0.012, 0.022) };
    }),
  };
}

function regionFrom(random: () => number, lesion: Lesion, size: number, hard: boolean): Region {
  const malignant = lesion === "malignant-like";
  const [angle, far] = [between(random, 0, 6.28), between(random, 0.15, 0.52)];
  const roughness = malignant
    ? between(random, hard ? 0.08 : 0.18, hard ? 0.2 : 0.34)
    : between(random, 0, hard ? 0.12 : 0.06);
  return {
    x: ((0.75 * far * Math.cos(angle) + 1) * size) / 2,
    y: ((far * Math.sin(angle) + 1) * size) / 2,
    radius: malignant ? between(random, hard ? 4 : 6, hard ? 7 : 11) : between(random, hard ? 3 : 4.5, hard ? 6 : 8),
    contrast: hard ? between(random, 0.12, 0.2) : between(random, 0.22, 0.36),
    outline: [2, 3, 4, 5].map((harmonic) => ({
      amplitude: (roughness * between(random, 0.3, 1)) / Math.sqrt(harmonic - 1),
      phase: between(random, 0, 6.28),
    })),
    unevenness: malignant
      ? between(random, hard ? 0.25 : 0.5, hard ? 0.6 : 0.9)
      : between(random, 0, hard ? 0.3 : 0.15),
  };
}

/** Brightness of the slice without region: 0 is air, 0.8 is the skull's ring. */
function tissueAt({ width, height, tilt, ventricle, waves, vessels }: Anatomy, x: number, y: number): number {
  const [turnedX, turnedY] = [x + tilt * y, y - tilt * x];
  const out = Math.hypot(turnedX / width, turnedY / height);
  if (out > 1) return 0.02;
  if (out > 0.92) return 0.8;
  if (out > 0.88) return 0.15;
  let value = 0.42;
  for (const wave of waves) value += 0.018 * Math.sin(wave.x * turnedX + wave.y * turnedY + wave.phase);
  // Folds at the rim, darker towards the bone.
  if (out > 0.72) value -= 0.1 * Math.max(0, Math.sin(26 * Math.atan2(turnedY, turnedX) + 7 * out));
  for (const side of [-1, 1]) {
    const hollow = Math.hypot((turnedX - side * 0.13) / (0.07 * ventricle), (turnedY + 0.05) / (0.24 * ventricle));
    if (hollow < 1) value = 0.17;
  }
  for (const vessel of vessels) if (Math.hypot(turnedX - vessel.x, turnedY - vessel.y) < vessel.radius) value = 0.68;
  return value;
}

/** Above 0 inside the outline, in pixels from it. */
function depthIn({ x, y, radius, outline }: Region, column: number, row: number): number {
  const [dx, dy] = [column - x, row - y];
  const far = Math.hypot(dx, dy);
  if (far > radius * 2) return Number.NEGATIVE_INFINITY;
  const angle = Math.atan2(dy, dx);
  let reach = 1;
  outline.forEach(({ amplitude, phase }, index) => {
    reach += amplitude * Math.cos((index + 2) * angle + phase);
  });
  return radius * Math.max(0.35, reach) - far;
}

function unevenAt({ radius, unevenness }: Region, depth: number, grain: () => number): number {
  if (unevenness === 0 || depth <= 0) return 1;
  const inward = Math.min(1, depth / radius);
  return 1 + unevenness * (0.45 - 1.3 * inward + 0.25 * grain());
}

/** Near enough to a bell curve of deviation 1, and needs no logarithm: the sum of three has deviation one half. */
function bellFrom(random: () => number): () => number {
  return () => (random() + random() + random() - 1.5) * 2;
}

function between(random: () => number, low: number, high: number): number {
  return low + (high - low) * random();
}
