// Marks the bright region of a slice with the committed network, tile by tile.
// Boundary: prepared pixels in, a mask out; what the mask means is measured in features.ts.
// Invariants: the tile's size changes memory and time and not the mask; a tile above the limit is refused before any
// work, with an error that says that the limit is simulated; an abort is noticed between tiles.
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { type Mask, packMask } from "./mask.ts";
import type { Slice } from "./preprocess.ts";
import { forward, type Layer, layersFrom, plainConvolution, REACH } from "./unet.ts";

/** A tile of 128 fits with its margins, one of 192 does not. */
const TILE_PIXELS_LIMIT = 32_768;

/** This machine would have had the memory: the limit stands in for that of a small graphics card. */
export class SimulatedOutOfMemory extends Error {
  readonly code = "simulated-out-of-memory";
  constructor(pixels: number) {
    super(`out of memory (simulated): a tile of ${pixels} pixels with its margins, at most ${TILE_PIXELS_LIMIT} fit`);
  }
}

export interface SegmentationOptions {
  /** Side of a tile without margins, a multiple of 4; larger than the slice means the whole slice at once. */
  readonly tile: number;
  readonly signal?: AbortSignal;
}

/** Marks a slice. Rejects with SimulatedOutOfMemory when the tile is too large, and with the signal's reason. */
export async function segment(slice: Slice, { tile: wanted, signal }: SegmentationOptions): Promise<Mask> {
  const { size } = slice;
  const tile = Math.min(wanted, Math.ceil(size / 4) * 4);
  if (!Number.isInteger(tile / 4) || tile < 4) throw new RangeError(`a tile of ${wanted}: not a multiple of 4`);
  const side = tile + 2 * REACH;
  if (side * side > TILE_PIXELS_LIMIT) throw new SimulatedOutOfMemory(side * side);
  const layers = await loadNetwork();
  const mask = new Uint8Array(size * size);
  let tiles = 0;
  for (let top = 0; top < size; top += tile) {
    for (let left = 0; left < size; left += tile) {
      signal?.throwIfAborted();
      const logits = await logitsOf(layers, cut(slice, left - REACH, top - REACH, side), side);
      for (let row = 0; row < tile && top + row < size; row++) {
        for (let column = 0; column < tile && left + column < size; column++) {
          const logit = logits[(row + REACH) * side + column + REACH] as number;
          if (logit > 0) mask[(top + row) * size + left + column] = 1;
        }
      }
      tiles++;
    }
  }
  return { size, bits: packMask(mask), tile, tiles };
}

/** A square of a slice as the network wants it; outside of the slice is air. */
export function cut({ size, pixels }: Slice, left: number, top: number, side: number): Float32Array {
  const picture = new Float32Array(side * side).fill(scaled(0));
  for (let row = Math.max(0, -top); row < side && top + row < size; row++) {
    for (let column = Math.max(0, -left); column < side && left + column < size; column++) {
      picture[row * side + column] = scaled(pixels[(top + row) * size + left + column] as number);
    }
  }
  return picture;
}

/** Loads the network and runs it once, so that the first slice is not the slow one. */
export async function warmSegmentation(): Promise<void> {
  await segment({ size: 128, pixels: new Uint8Array(128 * 128) }, { tile: 128 });
}

let loading: Promise<Layer[]> | undefined;

function loadNetwork(): Promise<Layer[]> {
  loading ??= startWasm().then(() => {
    const bytes = readFileSync(new URL("../data/unet.bin", import.meta.url));
    return layersFrom(new Float32Array(new Uint8Array(bytes).buffer));
  });
  return loading;
}

/** Makes wasm the backend. The other one, plain JavaScript, is sixteen times slower. */
export async function startWasm(): Promise<void> {
  if (!(await tf.setBackend("wasm"))) throw new Error("the wasm backend of tfjs does not start");
  await tf.ready();
}

async function logitsOf(layers: readonly Layer[], picture: Float32Array, side: number): Promise<Float32Array> {
  const logits = tf.tidy(() => forward(layers, tf.tensor4d(picture, [1, side, side, 1]), plainConvolution));
  try {
    return (await logits.data()) as Float32Array;
  } finally {
    logits.dispose();
  }
}

function scaled(pixel: number): number {
  return (pixel / 255 - 0.4) * 4;
}
