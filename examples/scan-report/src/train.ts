// Trains the segmentation network on generated scans, from nothing, and writes data/unet.bin: npm run train.
// Boundary: run by hand; what the network is worth on scans that it has not seen is said by evaluate.ts.
// Invariants: the scans of training and those of evaluation come from seeds that do not meet; one seed, one course.
import { mkdirSync, writeFileSync } from "node:fs";
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import "./tfjs-gradients.ts";
import * as tf from "@tensorflow/tfjs-core";
import { drawPhantom, type Lesion } from "./phantom.ts";
import { preprocess } from "./preprocess.ts";
import { cut, startWasm } from "./segmentation.ts";
import { type Convolution, forward, freshWeights, type Layer, layersFrom } from "./unet.ts";

const SEED = 7;
const STEPS = 360;
const BATCH = 8;
const SIDE = 64;
const TOP_RATE = 5e-3;

/** A convolution whose gradients the wasm backend can make: it lacks the one for kernels, so that is slices times error. */
const trainableConvolution: Convolution = (x, kernel) =>
  tf.customGrad((...inputs) => {
    const [given, weights, save] = inputs as unknown as [tf.Tensor4D, tf.Tensor4D, tf.GradSaveFunc];
    save([given, weights]);
    return { value: tf.conv2d(given, weights, 1, "same"), gradFunc: convolutionGradients };
  })(x, kernel) as tf.Tensor4D;

function convolutionGradients(error: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] {
  const [x, kernel] = saved as [tf.Tensor4D, tf.Tensor4D];
  const [batch, height, width, inner] = x.shape;
  const [side, , , outer] = kernel.shape;
  const margin = (side - 1) / 2;
  const padded: tf.Tensor4D =
    margin === 0
      ? x
      : tf.pad(x, [
          [0, 0],
          [margin, margin],
          [margin, margin],
          [0, 0],
        ]);
  const shifted: tf.Tensor2D[] = [];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      shifted.push(tf.reshape(tf.slice(padded, [0, row, column, 0], [batch, height, width, inner]), [-1, inner]));
    }
  }
  const flat = tf.reshape(error, [-1, outer]) as tf.Tensor2D;
  return [
    tf.conv2dTranspose(error as tf.Tensor4D, kernel, x.shape, 1, "same"),
    tf.reshape(tf.matMul(tf.concat(shifted, 1), flat, true, false), [side, side, inner, outer]),
  ];
}

interface Batch {
  readonly pictures: Float32Array;
  readonly truths: Float32Array;
}

function drawBatch(random: () => number): Batch {
  const pictures = new Float32Array(BATCH * SIDE * SIDE);
  const truths = new Float32Array(BATCH * SIDE * SIDE);
  for (let at = 0; at < BATCH; at++) {
    const lesion: Lesion = random() < 0.25 ? "none" : random() < 0.5 ? "benign-like" : "malignant-like";
    const size = 96 + 16 * Math.floor(random() * 7);
    // Below the seeds of evaluation, which begin at a million.
    const seed = Math.floor(random() * 1_000_000);
    const phantom = drawPhantom(seed, { lesion, size, hard: random() < 0.45, stripes: random() < 0.1 });
    const centre = lesion !== "none" && random() < 0.8 ? middleOf(phantom.mask, size) : { x: size / 2, y: size / 2 };
    const spread = lesion !== "none" ? 44 : size - SIDE;
    const left = within(centre.x - SIDE / 2 + (random() - 0.5) * spread, size);
    const top = within(centre.y - SIDE / 2 + (random() - 0.5) * spread, size);
    pictures.set(cut(preprocess(phantom), left, top, SIDE), at * SIDE * SIDE);
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        truths[(at * SIDE + row) * SIDE + column] = phantom.mask[(top + row) * size + left + column] as number;
      }
    }
  }
  return { pictures, truths };
}

function middleOf(mask: Uint8Array, size: number): { x: number; y: number } {
  let [x, y, count] = [0, 0, 0];
  mask.forEach((inside, at) => {
    if (inside === 0) return;
    x += at % size;
    y += Math.floor(at / size);
    count++;
  });
  return { x: x / count, y: y / count };
}

function within(start: number, size: number): number {
  return Math.max(0, Math.min(size - SIDE, Math.round(start)));
}

/** Cross entropy, with regions weighing more because they are few, and the share of overlap that is missed. */
function lossOf(layers: readonly Layer[], { pictures, truths }: Batch): tf.Scalar {
  const logits = tf.reshape(forward(layers, tf.tensor4d(pictures, [BATCH, SIDE, SIDE, 1]), trainableConvolution), [-1]);
  const truth = tf.tensor1d(truths);
  const guess = tf.sigmoid(logits);
  const safe = tf.add(tf.mul(guess, 1 - 2e-5), 1e-5);
  const hit = tf.mul(tf.mul(truth, tf.log(safe)), 3);
  const spared = tf.mul(tf.sub(1, truth), tf.log(tf.sub(1, safe)));
  const entropy = tf.neg(tf.mean(tf.add(hit, spared)));
  const overlap = tf.div(
    tf.add(tf.mul(tf.sum(tf.mul(guess, truth)), 2), 1),
    tf.add(tf.add(tf.sum(guess), tf.sum(truth)), 1),
  );
  return tf.add(entropy, tf.mul(tf.sub(1, overlap), 0.5)) as tf.Scalar;
}

/** Up for 20 steps, then down along a cosine: a constant rate as high as this one has diverged. */
function rateAt(step: number): number {
  return step < 20 ? (TOP_RATE * (step + 1)) / 20 : TOP_RATE * (0.02 + 0.49 * (1 + Math.cos((Math.PI * step) / STEPS)));
}

await startWasm();
const random = randomFrom(SEED);
const layers = layersFrom(freshWeights(random)).map(({ kernel, offset }) => ({
  kernel: tf.variable(kernel),
  offset: tf.variable(offset),
}));
const optimizer = tf.train.adam(TOP_RATE);
const started = performance.now();
let smooth = Number.NaN;
for (let step = 0; step < STEPS; step++) {
  // The optimizer has no schedule of its own, and reads this field at each step.
  (optimizer as unknown as { learningRate: number }).learningRate = rateAt(step);
  const batch = drawBatch(random);
  const loss = optimizer.minimize(() => lossOf(layers, batch), true);
  const value = (await loss?.data())?.[0] ?? Number.NaN;
  loss?.dispose();
  smooth = Number.isNaN(smooth) ? value : 0.95 * smooth + 0.05 * value;
  if (step % 20 === 19) {
    console.log(
      `step ${step + 1}/${STEPS}: loss ${smooth.toFixed(4)}, ${((performance.now() - started) / 1000).toFixed(0)} s`,
    );
  }
}
const parts = layers.flatMap(({ kernel, offset }) => [kernel.dataSync(), offset.dataSync()]);
const folder = new URL("../data/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(
  new URL("unet.bin", folder),
  Buffer.concat(parts.map((part) => Buffer.from(Float32Array.from(part).buffer))),
);
console.log(`seed ${SEED}: ${STEPS} steps of ${BATCH} in ${((performance.now() - started) / 1000).toFixed(0)} s`);
