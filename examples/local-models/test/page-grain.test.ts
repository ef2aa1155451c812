// Goal: the grain of a page picture grows with its noise and not with the print on it.
import { pageGrain } from "@plumbline/example-local-models/page-grain.ts";
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import sharp from "sharp";
import { expect, test } from "vitest";

const SEED = 5;

test(`empty paper has none, more noise has more, print alone has none (seed ${SEED})`, async () => {
  const grains = [await grainOf(0), await grainOf(10), await grainOf(60), await grainOf(250)];
  expect(grains[0]).toBe(0);
  expect(grains).toEqual(grains.toSorted((a, b) => a - b));
  expect(new Set(grains).size).toBe(4);
  expect(await grainOf(0, (x, y) => y % 40 < 10 && x % 7 < 3)).toBe(0);
});

async function grainOf(noise: number, isInk: (x: number, y: number) => boolean = () => false): Promise<number> {
  const random = randomFrom(SEED);
  const [width, height] = [400, 300];
  const grey = Uint8Array.from({ length: width * height }, (_, at) =>
    isInk(at % width, Math.floor(at / width)) ? 20 : 250 - noise * random(),
  );
  return pageGrain(
    await sharp(grey, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer(),
  );
}
