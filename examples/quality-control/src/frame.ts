// A camera frame: grey pixels in rows, and PNG in and out of them.
// Boundary: knows images, not metal; what is seen in a frame is detect.ts.
// Invariants: a frame has exactly width x height pixels, one byte each; a check answers true or the reason, never throws.
import sharp from "sharp";
import { z } from "zod";

/** Pixels per side: what the camera of this conveyor delivers. */
export const SIDE = 96;

export const Frame = z
  .object({ width: z.int(), height: z.int(), pixels: z.instanceof(Uint8Array) })
  .refine(
    ({ width, height }) => width === SIDE && height === SIDE,
    `a frame of this camera has ${SIDE} x ${SIDE} pixels`,
  )
  .refine(({ width, height, pixels }) => pixels.length === width * height, "the pixels do not fill the frame");
export type Frame = z.infer<typeof Frame>;

/** In pixels; `right` and `bottom` are the last ones that belong to it. */
export const Box = z.object({ left: z.int(), top: z.int(), right: z.int(), bottom: z.int() });
export type Box = z.infer<typeof Box>;

/** A lens cap, a lamp that is out, or one that blinds: nothing can be judged, whatever the detector would say. */
export function wellLit({ pixels }: Frame): true | string {
  const usable = pixels.reduce((count, level) => count + (level > 12 && level < 243 ? 1 : 0), 0) / pixels.length;
  return usable > 0.7 || `only ${Math.round(usable * 100)} % of the picture is neither black nor blinded`;
}

/** Every real sensor has noise; a frame without any is a frozen buffer or a test pattern. */
export function alive({ pixels }: Frame): true | string {
  let same = 0;
  for (let at = 1; at < pixels.length; at++) if (pixels[at] === pixels[at - 1]) same++;
  return same < 0.6 * pixels.length || "the picture has no grain: a frozen buffer?";
}

/** Throws when the bytes are no picture. Its size is left to the contract. */
export async function decodePng(png: Uint8Array): Promise<{ width: number; height: number; pixels: Uint8Array }> {
  const { data, info } = await sharp(png).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, pixels: new Uint8Array(data) };
}

export async function encodePng({ width, height, pixels }: Frame): Promise<Uint8Array> {
  return new Uint8Array(
    await sharp(pixels, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer(),
  );
}
