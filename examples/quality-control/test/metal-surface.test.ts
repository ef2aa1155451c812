// Goal: the generated surfaces are repeatable, and the truth that comes with them is true.
import { expect, test } from "vitest";
import { alive, SIDE, wellLit } from "../src/frame.ts";
import { DIFFICULTY, drawSurface, SURFACE_KIND } from "../src/metal-surface.ts";
import { HELD_OUT_SET, surfacesOf, TRAINING_SET, TUNING_SET } from "../src/surface-set.ts";

const SEED = 41;

test(`the same seed (${SEED}) draws the same frame, another one another`, () => {
  const wish = { seed: SEED, kind: "scratch", difficulty: "texture" } as const;
  expect(drawSurface(wish)).toEqual(drawSurface(wish));
  expect(drawSurface({ ...wish, seed: SEED + 1 }).frame).not.toEqual(drawSurface(wish).frame);
});

test("a good surface has no defect in its truth, every other one has, inside its box", () => {
  for (const { kind, mask, box } of surfacesOf({ firstSeed: SEED, ofEach: 2 })) {
    const marked = [...mask.keys()].filter((at) => mask[at] === 1);
    expect([kind, marked.length > 0, box !== undefined]).toEqual([kind, kind !== "ok", kind !== "ok"]);
    if (box === undefined) continue;
    for (const at of marked) {
      expect(at % SIDE).toBeGreaterThanOrEqual(box.left);
      expect(at % SIDE).toBeLessThanOrEqual(box.right);
    }
  }
});

test("where the defect is, the pixels differ from those of the same surface without it, as far as it is not faint", () => {
  for (const kind of SURFACE_KIND.slice(1)) {
    const { frame, mask } = drawSurface({ seed: SEED, kind, difficulty: "plain" });
    const inside = frame.pixels.filter((_, at) => mask[at] === 1);
    const outside = frame.pixels.filter((_, at) => mask[at] === 0);
    expect(Math.abs(mean(inside) - mean(outside)), kind).toBeGreaterThan(8);
  }
});

test("every generated frame is a picture that a camera could give", () => {
  for (const { frame } of surfacesOf({ firstSeed: SEED, ofEach: 1 })) {
    expect([wellLit(frame), alive(frame)]).toEqual([true, true]);
  }
});

test("training, tuning and held-out frames share no seed", () => {
  const combinations = SURFACE_KIND.length * DIFFICULTY.length;
  const sets = [TRAINING_SET, TUNING_SET, HELD_OUT_SET].toSorted((a, b) => a.firstSeed - b.firstSeed);
  for (const [index, { firstSeed, ofEach }] of sets.entries()) {
    const next = sets[index + 1]?.firstSeed ?? Number.POSITIVE_INFINITY;
    expect(firstSeed + ofEach * combinations).toBeLessThanOrEqual(next);
  }
});

function mean(values: Uint8Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
