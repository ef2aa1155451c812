// The segmentation network: a U-Net of two poolings and 11,405 weights, small enough to be trained on a processor.
// Boundary: tensors in, tensors out, on whatever backend is set; files and pixels are segmentation.ts and train.ts.
// Invariants: sides are multiples of 4; a pixel's answer depends on pixels at most REACH away, so that tiles that
// overlap by that much give what the whole gives; training and inference run the same graph with the same weights.
import * as tf from "@tensorflow/tfjs-core";

/** How far a pixel's answer looks, rounded up to a multiple of the pooling. */
export const REACH = 24;

/** Kernels by layer: height, width, channels in, channels out. Each has one offset a channel out beside it. */
const KERNELS = [
  ["down1a", [3, 3, 1, 8]],
  ["down1b", [3, 3, 8, 8]],
  ["down2a", [3, 3, 8, 12]],
  ["down2b", [3, 3, 12, 12]],
  ["floor-a", [3, 3, 12, 16]],
  ["floor-b", [3, 3, 16, 16]],
  ["up2", [3, 3, 28, 12]],
  ["up1", [3, 3, 20, 8]],
  ["answer", [1, 1, 8, 1]],
] as const satisfies readonly (readonly [string, readonly [number, number, number, number]])[];

export interface Layer {
  readonly kernel: tf.Tensor4D;
  readonly offset: tf.Tensor1D;
}

const WEIGHT_COUNT = KERNELS.reduce((sum, [, [h, w, inner, outer]]) => sum + h * w * inner * outer + outer, 0);

/** The layers from their weights, kernels and offsets in the order of the layers. */
export function layersFrom(weights: Float32Array): Layer[] {
  if (weights.length !== WEIGHT_COUNT) throw new RangeError(`${weights.length} weights, not ${WEIGHT_COUNT}`);
  let at = 0;
  const take = (count: number): Float32Array => {
    at += count;
    return weights.slice(at - count, at);
  };
  return KERNELS.map(([, [height, width, inner, outer]]) => ({
    kernel: tf.tensor4d(take(height * width * inner * outer), [height, width, inner, outer]),
    offset: tf.tensor1d(take(outer)),
  }));
}

/** Weights to begin with: spread so that a layer neither swells nor fades what goes through it; offsets are 0. */
export function freshWeights(random: () => number): Float32Array {
  const weights = new Float32Array(WEIGHT_COUNT);
  let at = 0;
  for (const [name, [height, width, inner, outer]] of KERNELS) {
    const spread = Math.sqrt((name === "answer" ? 1 : 2) / (height * width * inner));
    for (let count = height * width * inner * outer; count > 0; count--) {
      weights[at++] = spread * (random() + random() + random() - 1.5) * 2;
    }
    at += outer;
  }
  return weights;
}

export type Convolution = (x: tf.Tensor4D, kernel: tf.Tensor4D) => tf.Tensor4D;

/** For inference. */
export const plainConvolution: Convolution = (x, kernel) => tf.conv2d(x, kernel, 1, "same");

/** Logits for a batch of pictures, before the sigmoid. */
export function forward(layers: readonly Layer[], pictures: tf.Tensor4D, convolution: Convolution): tf.Tensor4D {
  const layer = (x: tf.Tensor4D, at: number): tf.Tensor4D =>
    tf.add(convolution(x, (layers[at] as Layer).kernel), (layers[at] as Layer).offset);
  const bent = (x: tf.Tensor4D, at: number): tf.Tensor4D => tf.relu(layer(x, at));
  const top = bent(bent(pictures, 0), 1);
  const middle = bent(bent(halved(top), 2), 3);
  const floor = bent(bent(halved(middle), 4), 5);
  const risen = bent(tf.concat([doubled(floor), middle], 3), 6);
  return layer(bent(tf.concat([doubled(risen), top], 3), 7), 8);
}

/** The largest of each 2 x 2: by reshaping, because the wasm backend has no gradient for pooling. */
function halved(x: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const rows = tf.max(tf.reshape(x, [(batch * height) / 2, 2, width * channels]), 1);
  const both = tf.max(tf.reshape(rows, [(batch * height * width) / 4, 2, channels]), 1);
  return tf.reshape(both, [batch, height / 2, width / 2, channels]);
}

/** Each pixel twice in both directions: by joining, because the wasm backend has no gradient for resizing. */
function doubled(x: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const pixels = tf.reshape(x, [batch * height * width, 1, channels]);
  const wide = tf.reshape(tf.concat([pixels, pixels], 1), [batch * height, 1, width * 2 * channels]);
  return tf.reshape(tf.concat([wide, wide], 1), [batch, height * 2, width * 2, channels]);
}
