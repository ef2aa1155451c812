// Draws brushed metal as the camera sees it, with at most one kind of defect, easy or hard to see. Generated, not photographed.
// Boundary: seed and wish in, pixels and the truth about them out; knows nothing of how defects are found.
// Invariants: the same seed draws the same frame; what is not in `mask` is no defect, also dust and brush marks.
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import { type Box, type Frame, SIDE } from "./frame.ts";

export const DEFECT = ["scratch", "pit", "stain"] as const;
export const SURFACE_KIND = ["ok", ...DEFECT] as const;
export type SurfaceKind = (typeof SURFACE_KIND)[number];

/** Why a frame is hard: a faint defect, strong brush marks, or light that falls unevenly. */
export const DIFFICULTY = ["plain", "low-contrast", "texture", "uneven-light"] as const;
export type Difficulty = (typeof DIFFICULTY)[number];

export interface Surface {
  readonly kind: SurfaceKind;
  readonly difficulty: Difficulty;
  readonly frame: Frame;
  /** 1 where the defect is. */
  readonly mask: Uint8Array;
  /** Around the defect; none on a good surface. */
  readonly box: Box | undefined;
}

export interface SurfaceWish {
  readonly seed: number;
  readonly kind: SurfaceKind;
  readonly difficulty: Difficulty;
}

interface Chance {
  readonly between: (low: number, high: number) => number;
  readonly likely: (probability: number) => boolean;
  readonly gauss: () => number;
}

/** In grey levels of 0 to 255. */
interface Conditions {
  readonly contrast: readonly [number, number];
  readonly grain: readonly [number, number];
  readonly brush: readonly [number, number];
  readonly glare: readonly [number, number];
}

const CONDITIONS: Readonly<Record<Difficulty, Conditions>> = {
  plain: { contrast: [26, 55], grain: [2, 3.5], brush: [0.5, 1.5], glare: [0, 6] },
  "low-contrast": { contrast: [5, 14], grain: [2, 3.5], brush: [0.5, 1.5], glare: [0, 6] },
  texture: { contrast: [18, 45], grain: [4, 6.5], brush: [4, 8], glare: [0, 6] },
  "uneven-light": { contrast: [14, 40], grain: [2, 4], brush: [0.5, 2], glare: [35, 70] },
};

export function drawSurface({ seed, kind, difficulty }: SurfaceWish): Surface {
  const chance = chanceOf(seed);
  const { contrast, grain, brush, glare } = CONDITIONS[difficulty];
  const light = new Float64Array(SIDE * SIDE);
  addLight(light, chance.between(...glare), chance);
  addBrushMarks(light, chance.between(...brush), chance);
  // How strongly each pixel is darkened (1) or brightened (-1) by the defect, before its contrast.
  const defect = new Float64Array(SIDE * SIDE);
  if (kind === "scratch") addScratch(defect, chance);
  if (kind === "pit") addPits(defect, chance);
  if (kind === "stain") addStain(defect, chance);
  const depth = chance.between(...contrast);
  addDust(light, chance);
  const noise = chance.between(...grain);
  const pixels = Uint8Array.from(light, (level, at) => {
    const seen = level - depth * (defect[at] as number) + noise * chance.gauss();
    return Math.max(0, Math.min(255, Math.round(seen)));
  });
  const mask = Uint8Array.from(defect, (strength) => (Math.abs(strength) > 0.3 ? 1 : 0));
  return { kind, difficulty, frame: { width: SIDE, height: SIDE, pixels }, mask, box: boxOf(mask) };
}

function addLight(light: Float64Array, glare: number, { between }: Chance): void {
  const level = between(115, 165);
  const [slopeX, slopeY] = [between(-0.18, 0.18), between(-0.18, 0.18)];
  const [x0, y0] = [between(0, SIDE), between(0, SIDE)];
  const spread = between(22, 45);
  paint(light, (x, y) => {
    const hotSpot = glare * Math.exp(-((x - x0) ** 2 + (y - y0) ** 2) / (2 * spread ** 2));
    return level + slopeX * (x - SIDE / 2) + slopeY * (y - SIDE / 2) + hotSpot;
  });
}

/** Marks of the rolling run along the rows, but they fade in and out on the way. */
function addBrushMarks(light: Float64Array, strength: number, { gauss, between }: Chance): void {
  for (let y = 0; y < SIDE; y++) {
    const mark = strength * gauss();
    const [wave, phase, fade] = [between(20, 90), between(0, 6.3), between(0, 0.6)];
    for (let x = 0; x < SIDE; x++) add(light, x, y, mark * (1 - fade + fade * Math.sin(x / wave + phase)));
  }
}

function addScratch(defect: Float64Array, { between, likely }: Chance): void {
  const sign = likely(0.7) ? 1 : -1;
  const [x0, y0] = [between(22, SIDE - 22), between(22, SIDE - 22)];
  const [angle, bend] = [between(0, Math.PI), between(-0.006, 0.006)];
  const [half, width] = [between(11, 32), between(0.6, 1.1)];
  paint(defect, (x, y) => {
    const along = (x - x0) * Math.cos(angle) + (y - y0) * Math.sin(angle);
    const across = -(x - x0) * Math.sin(angle) + (y - y0) * Math.cos(angle) - bend * along ** 2;
    if (Math.abs(along) > half) return 0;
    return sign * Math.exp(-((across / width) ** 2));
  });
}

function addPits(defect: Float64Array, { between }: Chance): void {
  const count = Math.floor(between(1, 4));
  const [x0, y0] = [between(16, SIDE - 16), between(16, SIDE - 16)];
  for (let pit = 0; pit < count; pit++) {
    const [x1, y1] = [x0 + between(-9, 9) * Math.min(pit, 1), y0 + between(-9, 9) * Math.min(pit, 1)];
    const radius = between(1.3, 3.6);
    paint(defect, (x, y) => {
      const distance = Math.hypot(x - x1, y - y1) / radius;
      // A bright rim where the metal was pushed up.
      return distance < 1 ? 1 - 0.3 * distance ** 2 : -0.25 * Math.exp(-(((distance - 1.25) / 0.25) ** 2));
    });
  }
}

function addStain(defect: Float64Array, { between, likely }: Chance): void {
  const sign = likely(0.8) ? 0.7 : -0.7;
  const [x0, y0] = [between(20, SIDE - 20), between(20, SIDE - 20)];
  const lobes = Array.from({ length: Math.floor(between(2, 6)) }, () => ({
    x: x0 + between(-8, 8),
    y: y0 + between(-8, 8),
    spread: between(4, 9),
  }));
  paint(defect, (x, y) => {
    let clear = 1;
    for (const lobe of lobes) {
      clear *= 1 - 0.8 * Math.exp(-((x - lobe.x) ** 2 + (y - lobe.y) ** 2) / (2 * lobe.spread ** 2));
    }
    return sign * (1 - clear);
  });
}

/** Specks that are blown off later: no defect, but they look a little like one. */
function addDust(light: Float64Array, { between, likely }: Chance): void {
  if (!likely(0.3)) return;
  for (let speck = 0; speck < Math.floor(between(1, 4)); speck++) {
    const [x, y] = [Math.floor(between(1, SIDE - 1)), Math.floor(between(1, SIDE - 1))];
    add(light, x, y, between(-30, 30));
  }
}

function boxOf(mask: Uint8Array): Box | undefined {
  const box = { left: SIDE, top: SIDE, right: -1, bottom: -1 };
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue;
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  return box.right < 0 ? undefined : box;
}

function paint(target: Float64Array, at: (x: number, y: number) => number): void {
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) add(target, x, y, at(x, y));
}

function add(target: Float64Array, x: number, y: number, amount: number): void {
  target[y * SIDE + x] = (target[y * SIDE + x] as number) + amount;
}

function chanceOf(seed: number): Chance {
  const random = randomFrom(seed);
  return {
    between: (low, high) => low + (high - low) * random(),
    likely: (probability) => random() < probability,
    gauss: () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  };
}
