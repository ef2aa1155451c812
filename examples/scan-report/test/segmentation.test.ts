// Goal: the network marks the same region whatever the tiles, refuses tiles that are too large, and can be stopped.
import { expect, test } from "vitest";
import { Mask, packMask, unpackMask } from "../src/mask.ts";
import { drawPhantom } from "../src/phantom.ts";
import { preprocess } from "../src/preprocess.ts";
import { SimulatedOutOfMemory, segment } from "../src/segmentation.ts";

const slice = preprocess(drawPhantom(1_000_003, { lesion: "malignant-like", size: 128 }));

test("tiles of any size give the mask that the whole gives", async () => {
  const whole = await segment(slice, { tile: 128 });
  expect(whole).toMatchObject({ tile: 128, tiles: 1 });
  expect(unpackMask(whole).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(50);
  for (const tile of [64, 52]) {
    const tiled = await segment(slice, { tile });
    expect(tiled.tiles).toBe(Math.ceil(128 / tile) ** 2);
    expect(Buffer.compare(tiled.bits, whole.bits)).toBe(0);
  }
});

test("a tile above the limit is out of memory, and says that this is simulated", async () => {
  const large = preprocess(drawPhantom(4, { lesion: "none", size: 192 }));
  const tooLarge = segment(large, { tile: 192 });
  await expect(tooLarge).rejects.toBeInstanceOf(SimulatedOutOfMemory);
  await expect(tooLarge).rejects.toThrow("simulated");
  expect(await segment(large, { tile: 96 })).toMatchObject({ size: 192, tiles: 4 });
});

test("an abort stops it between tiles", async () => {
  const controller = new AbortController();
  const work = segment(slice, { tile: 32, signal: controller.signal });
  controller.abort(new Error("no longer wanted"));
  await expect(work).rejects.toThrow("no longer wanted");
});

test("tiles must suit the pooling", async () => {
  await expect(segment(slice, { tile: 30 })).rejects.toThrow("multiple of 4");
});

test("a mask comes back as it was packed, and one of the wrong length is refused", () => {
  const pixels = drawPhantom(2, { lesion: "benign-like", size: 66 }).mask;
  const bits = packMask(pixels);
  expect(unpackMask({ size: 66, bits })).toEqual(pixels);
  expect(Mask.safeParse({ size: 66, bits, tile: 64, tiles: 4 }).success).toBe(true);
  expect(Mask.safeParse({ size: 64, bits, tile: 64, tiles: 1 }).success).toBe(false);
});
