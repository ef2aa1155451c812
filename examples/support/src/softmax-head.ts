// A softmax classifier over embeddings: train, predict, measure. Two classes make it a logistic regression.
// Boundary: vectors in, probabilities out; knows nothing of texts, files or the model that made the vectors.
// Invariants: no chance is involved (full batches from zero weights, and the loss is convex), so the same rows give the
// same head; a trained head is plain JSON.
import { z } from "zod";

export const SoftmaxHead = z.object({
  classes: z.array(z.string()).min(2),
  /** One row a class; the last number of a row is its bias. */
  weights: z.array(z.array(z.number())),
});
export type SoftmaxHead = z.infer<typeof SoftmaxHead>;

export interface Labelled {
  readonly vector: Float32Array;
  readonly label: string;
}

export interface TrainingOptions {
  readonly steps?: number;
  readonly learningRate?: number;
  /** Strength of the pull of weights towards zero. */
  readonly l2?: number;
}

/** Trains on unit vectors. Throws when there are none, or a label that is not among the classes. */
export function trainHead(
  rows: readonly Labelled[],
  classes: readonly string[],
  { steps = 400, learningRate = 8, l2 = 0.001 }: TrainingOptions = {},
): SoftmaxHead {
  const width = rows[0]?.vector.length ?? 0;
  if (width === 0 || rows.some(({ label }) => !classes.includes(label))) {
    throw new RangeError(`training needs rows, each with a label of ${classes.join(", ")}`);
  }
  const weights = classes.map(() => new Float64Array(width + 1));
  for (let step = 0; step < steps; step++) {
    const slopes = slopesOf(weights, rows, classes);
    weights.forEach((weight, at) => {
      const slope = slopes[at] as Float64Array;
      for (let column = 0; column <= width; column++) {
        // The bias is not pulled: how common a class is says nothing about its words.
        const pull = column === width ? 0 : l2 * (weight[column] as number);
        weight[column] = (weight[column] as number) - learningRate * ((slope[column] as number) + pull);
      }
    });
  }
  // Four decimals: machines may differ in the last bits of exp, files should not.
  return { classes: [...classes], weights: weights.map((row) => Array.from(row, (value) => Number(value.toFixed(4)))) };
}

/** The probability of each class, likeliest first. */
export function predictHead(head: SoftmaxHead, vector: Float32Array): { label: string; probability: number }[] {
  const scores = probabilities(head.weights, vector);
  return head.classes
    .map((label, at) => ({ label, probability: scores[at] as number }))
    .sort((a, b) => b.probability - a.probability);
}

/** The probability of one class. Throws when the head does not know it. */
export function probabilityOf(head: SoftmaxHead, label: string, vector: Float32Array): number {
  const at = head.classes.indexOf(label);
  if (at < 0) throw new RangeError(`the head knows ${head.classes.join(", ")}, not ${label}`);
  return probabilities(head.weights, vector)[at] as number;
}

function slopesOf(weights: Float64Array[], rows: readonly Labelled[], classes: readonly string[]): Float64Array[] {
  const slopes = weights.map((weight) => new Float64Array(weight.length));
  for (const { vector, label } of rows) {
    probabilities(weights, vector).forEach((probability, at) => {
      const miss = (probability - (classes[at] === label ? 1 : 0)) / rows.length;
      const slope = slopes[at] as Float64Array;
      for (let column = 0; column < vector.length; column++) {
        slope[column] = (slope[column] as number) + miss * (vector[column] as number);
      }
      slope[vector.length] = (slope[vector.length] as number) + miss;
    });
  }
  return slopes;
}

function probabilities(weights: readonly ArrayLike<number>[], vector: Float32Array): number[] {
  const scores = weights.map((weight) => {
    let sum = weight[vector.length] as number;
    for (let column = 0; column < vector.length; column++)
      sum += (weight[column] as number) * (vector[column] as number);
    return sum;
  });
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
