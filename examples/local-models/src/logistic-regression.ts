// A small logistic regression: standardise, train by seeded mini-batches, predict, measure.
// Boundary: numbers in, numbers out; the caller turns its records into feature rows.
// Invariants: a trained model is plain JSON and carries its own standardisation; same rows and seed, same weights.
import { randomFrom, shuffledIndices } from "./seeded-random.ts";

export interface LogisticModel {
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  readonly weights: readonly number[];
  readonly bias: number;
}

export interface TrainingOptions {
  readonly seed: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  /** Strength of the pull of weights towards zero. */
  readonly l2?: number;
}

/** Mean and standard deviation per column; a constant column gets deviation 1, so that it standardises to 0. */
export function measureColumns(rows: readonly (readonly number[])[]): { means: number[]; deviations: number[] } {
  const width = rows[0]?.length ?? 0;
  const means = new Array<number>(width).fill(0);
  const squares = new Array<number>(width).fill(0);
  for (const row of rows) for (let at = 0; at < width; at++) add(means, at, (row[at] as number) / rows.length);
  for (const row of rows) {
    for (let at = 0; at < width; at++)
      add(squares, at, ((row[at] as number) - (means[at] as number)) ** 2 / rows.length);
  }
  return { means, deviations: squares.map((square) => (square < 1e-12 ? 1 : Math.sqrt(square))) };
}

/** Trains on rows of equal length and labels 0 or 1. Throws on an empty or uneven training set. */
export function train(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  options: TrainingOptions,
): LogisticModel {
  const { seed, epochs = 200, batchSize = 32, learningRate = 0.05, l2 = 0.01 } = options;
  const width = rows[0]?.length ?? 0;
  if (width === 0 || rows.length !== labels.length || rows.some((row) => row.length !== width)) {
    throw new RangeError(`training needs rows of one length and a label each (${rows.length} rows, ${labels.length})`);
  }
  const { means, deviations } = measureColumns(rows);
  const standardised = rows.map((row) => standardise(row, means, deviations));
  const weights = new Float64Array(width);
  const random = randomFrom(seed);
  let bias = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    // A rate that falls lets the last epochs settle instead of circling the minimum.
    const rate = learningRate / (1 + epoch / 20);
    const order = shuffledIndices(rows.length, random);
    for (let start = 0; start < order.length; start += batchSize) {
      const batch = order.slice(start, start + batchSize);
      const slopes = new Float64Array(width);
      let biasSlope = 0;
      for (const index of batch) {
        const row = standardised[index] as Float64Array;
        const miss = sigmoid(dot(weights, row) + bias) - (labels[index] as number);
        for (let at = 0; at < width; at++) add(slopes, at, miss * (row[at] as number));
        biasSlope += miss;
      }
      for (let at = 0; at < width; at++) {
        add(weights, at, -rate * ((slopes[at] as number) / batch.length + l2 * (weights[at] as number)));
      }
      bias -= (rate * biasSlope) / batch.length;
    }
  }
  return { means, deviations, weights: [...weights], bias };
}

/** The probability (0 to 1) of label 1. Throws when the row is not as wide as the model. */
export function predict(model: LogisticModel, row: readonly number[]): number {
  if (row.length !== model.weights.length) {
    throw new RangeError(`a row of ${row.length} features for a model of ${model.weights.length}`);
  }
  return sigmoid(dot(model.weights, standardise(row, model.means, model.deviations)) + model.bias);
}

/**
 * Area under the ROC curve: the chance that a random 1 scores above a random 0, ties counting half.
 * `NaN` when one of the two labels is missing.
 */
export function areaUnderCurve(scores: readonly number[], labels: readonly number[]): number {
  const order = scores.map((score, index) => ({ score, label: labels[index] as number }));
  order.sort((a, b) => a.score - b.score);
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && order[end]?.score === order[start]?.score) end++;
    const sharedRank = (start + 1 + end) / 2;
    for (let at = start; at < end; at++) {
      if (order[at]?.label === 1) {
        positives++;
        rankSum += sharedRank;
      }
    }
    start = end;
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

function standardise(row: readonly number[], means: readonly number[], deviations: readonly number[]): Float64Array {
  return Float64Array.from(row, (value, at) => (value - (means[at] as number)) / (deviations[at] as number));
}

function add(totals: number[] | Float64Array, at: number, amount: number): void {
  totals[at] = (totals[at] as number) + amount;
}

function dot(weights: ArrayLike<number>, row: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < row.length; at++) sum += (weights[at] as number) * (row[at] as number);
  return sum;
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
