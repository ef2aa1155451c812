// Goal: pictures survive PNG, and what is no usable picture is refused with a reason instead of being judged.
import { expect, test } from "vitest";
import { alive, decodePng, encodePng, Frame, SIDE, wellLit } from "../src/frame.ts";
import { drawSurface } from "../src/metal-surface.ts";

const { frame } = drawSurface({ seed: 7, kind: "pit", difficulty: "plain" });
const filled = (level: number): Frame => ({ ...frame, pixels: new Uint8Array(SIDE * SIDE).fill(level) });

test("a frame is the same after PNG", async () => {
  expect(Frame.parse(await decodePng(await encodePng(frame)))).toEqual(frame);
});

test("bytes that are no picture, or a cut one, throw", async () => {
  const png = await encodePng(frame);
  await expect(decodePng(new TextEncoder().encode("no picture"))).rejects.toThrow();
  await expect(decodePng(png.subarray(0, 200))).rejects.toThrow();
});

test("a picture of another size, or with too few pixels, is no frame", () => {
  expect(Frame.safeParse({ ...frame, width: 95 }).success).toBe(false);
  expect(Frame.safeParse({ ...frame, pixels: frame.pixels.subarray(1) }).success).toBe(false);
});

test.each([
  ["black", 0],
  ["blinded", 255],
])("a %s picture is not lit well", (_, level) => {
  expect(wellLit(filled(level))).toContain("only 0 %");
});

test("a picture without grain is taken for a frozen buffer", () => {
  expect(alive(filled(128))).toContain("no grain");
});
