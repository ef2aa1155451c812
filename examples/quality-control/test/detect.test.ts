// Goal: the detector finds what stands out, where it is, and judges it by the frame's own noise.
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import { expect, test } from "vitest";
import { detect } from "../src/detect.ts";
import { type Frame, SIDE } from "../src/frame.ts";
import { DEFECT, drawSurface } from "../src/metal-surface.ts";
import { REGION_FEATURES } from "../src/region-features.ts";
import { residualOf } from "../src/residual.ts";

const SEEDS = [11, 12, 13, 14, 15];

test.each(DEFECT)(`a plain %s is the strongest region, where it was drawn (seeds ${SEEDS})`, (kind) => {
  for (const seed of SEEDS) {
    const { frame, box } = drawSurface({ seed, kind, difficulty: "plain" });
    const [strongest] = detect(frame).regions;
    if (strongest === undefined || box === undefined) throw new Error(`nothing found (seed ${seed})`);
    expect(strongest.strength).toBeGreaterThan(8);
    const middle = { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 };
    expect(strongest.box.left).toBeLessThanOrEqual(middle.x);
    expect(strongest.box.right).toBeGreaterThanOrEqual(middle.x);
    expect(strongest.box.top).toBeLessThanOrEqual(middle.y);
    expect(strongest.box.bottom).toBeGreaterThanOrEqual(middle.y);
  }
});

test("regions come strongest first, with a number for every feature", () => {
  const { frame } = drawSurface({ seed: 16, kind: "ok", difficulty: "uneven-light" });
  const { regions } = detect(frame);
  const strengths = regions.map(({ strength }) => strength);
  expect(strengths).toEqual(strengths.toSorted((a, b) => b - a));
  for (const { features } of regions) {
    expect(features).toHaveLength(REGION_FEATURES.length);
    expect(features.every(Number.isFinite)).toBe(true);
  }
});

test("a surface with light from one side only has no residual but its noise", () => {
  const random = randomFrom(18);
  const slope = frameOf((x, y) => 100 + 0.5 * x + 0.2 * y + 6 * random());
  const { levels, noise } = residualOf(slope);
  expect(Math.max(...levels.map(Math.abs))).toBeLessThan(6);
  expect(noise).toBeLessThan(4);
  expect(detect(slope).regions).toEqual([]);
});

test("what stands out on a quiet surface is noise on a loud one", () => {
  const { frame } = drawSurface({ seed: 17, kind: "ok", difficulty: "plain" });
  const spot = (x: number, y: number) => (Math.hypot(x - 40, y - 40) < 3 ? 12 : 0);
  const level = (x: number, y: number) => (frame.pixels[y * SIDE + x] as number) - 128;
  const quiet = detect(frameOf((x, y) => 128 + level(x, y) - spot(x, y)));
  const loud = detect(frameOf((x, y) => 128 + 4 * level(x, y) - spot(x, y)));
  const atSpot = ({ regions }: typeof quiet) =>
    regions.find(({ box }) => box.left <= 40 && box.right >= 40 && box.top <= 40 && box.bottom >= 40)?.strength ?? 0;
  expect(atSpot(quiet)).toBeGreaterThan(8);
  expect(atSpot(loud)).toBeLessThan(atSpot(quiet) / 2);
});

function frameOf(level: (x: number, y: number) => number): Frame {
  const pixels = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => level(at % SIDE, Math.floor(at / SIDE)));
  return { width: SIDE, height: SIDE, pixels };
}
