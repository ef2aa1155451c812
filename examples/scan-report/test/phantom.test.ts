// Goal: generated scans are repeatable, their masks are true, and preparing them makes scanners comparable.
import { expect, test } from "vitest";
import { drawPhantom, LESION } from "../src/phantom.ts";
import { preprocess, Slice } from "../src/preprocess.ts";

test("the same seed draws the same scan, another seed another one", () => {
  const wish = { lesion: "malignant-like", size: 96, hard: true } as const;
  expect(drawPhantom(5, wish)).toEqual(drawPhantom(5, wish));
  expect(drawPhantom(6, wish).pixels).not.toEqual(drawPhantom(5, wish).pixels);
});

test.each(LESION)("the mask covers what is drawn, and is brighter than what lies beside it: %s", (lesion) => {
  for (let seed = 1; seed <= 10; seed++) {
    const { pixels, mask } = drawPhantom(seed, { lesion, size: 128 });
    const inside = mask.reduce((sum, one) => sum + one, 0);
    if (lesion === "none") {
      expect(inside, `seed ${seed}`).toBe(0);
      continue;
    }
    expect(inside, `seed ${seed}`).toBeGreaterThan(50);
    const clean = drawPhantom(seed, { lesion: "none", size: 128 }).pixels;
    const mean = (values: Uint8Array) =>
      values.reduce((sum, value, at) => sum + value * (mask[at] as number), 0) / inside;
    // Chance is drawn in another order without a region, so the scans differ; tissue's brightness hardly does.
    expect(mean(pixels) / mean(clean), `seed ${seed}`).toBeGreaterThan(0.9);
  }
});

test("preparing takes out the scanner's gain and single outliers", () => {
  const { size, pixels } = drawPhantom(3, { lesion: "benign-like", size: 64 });
  const prepared = preprocess({ size, pixels });
  const dim = preprocess({ size, pixels: pixels.map((pixel) => Math.round(pixel / 2)) });
  const off = prepared.pixels.map((pixel, at) => Math.abs(pixel - (dim.pixels[at] as number)));
  expect(Math.max(...off)).toBeLessThan(8);

  const speck = Uint8Array.from(pixels);
  speck[32 * 64 + 32] = 255;
  const [plain, mended] = [
    prepared.pixels[32 * 64 + 32] as number,
    preprocess({ size, pixels: speck }).pixels[32 * 64 + 32],
  ];
  expect(Math.abs((mended as number) - plain)).toBeLessThan(30);
});

test("preparing is the same for the same scan, which is what the cache goes by", () => {
  const scan = drawPhantom(9, { lesion: "malignant-like", size: 128 });
  expect(preprocess(scan)).toEqual(preprocess(scan));
});

test("a picture that is not square is refused", () => {
  expect(Slice.safeParse({ size: 64, pixels: new Uint8Array(64 * 64) }).success).toBe(true);
  expect(Slice.safeParse({ size: 64, pixels: new Uint8Array(64 * 63) }).success).toBe(false);
});
