// Goal: the head learns what can be learned, says so in probabilities, and refuses what it was not trained for.
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import { expect, test } from "vitest";
import { type Labelled, predictHead, probabilityOf, trainHead } from "../src/softmax-head.ts";

const SEED = 11;
const CLASSES = ["north", "east", "south"];

/** Unit vectors around one direction a class. */
function rowsAround(count: number, random: () => number): Labelled[] {
  return Array.from({ length: count }, (_, at) => {
    const vector = Float32Array.from({ length: 3 }, (_, axis) => (axis === at % 3 ? 1 : 0) + 0.6 * (random() - 0.5));
    const length = Math.hypot(...vector);
    return { vector: vector.map((value) => value / length), label: CLASSES[at % 3] as string };
  });
}

test(`classes in different directions are told apart, also where it was not trained (seed ${SEED})`, () => {
  const random = randomFrom(SEED);
  const head = trainHead(rowsAround(60, random), CLASSES);
  for (const { vector, label } of rowsAround(60, random)) expect(predictHead(head, vector)[0]?.label).toBe(label);
});

test("probabilities add up to 1, likeliest first, and one class can be asked for", () => {
  const head = trainHead(rowsAround(30, randomFrom(SEED)), CLASSES);
  const vector = Float32Array.of(0.9, 0.3, 0.1);
  const all = predictHead(head, vector);
  expect(all.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9);
  expect(all.map(({ probability }) => probability)).toEqual(all.map((one) => one.probability).sort((a, b) => b - a));
  expect(probabilityOf(head, "north", vector)).toBe(all.find(({ label }) => label === "north")?.probability);
});

test("the same rows give the same head, and a stronger pull gives smaller weights", () => {
  const rows = rowsAround(30, randomFrom(SEED));
  const size = (l2: number) => Math.hypot(...trainHead(rows, CLASSES, { l2 }).weights.flat());
  expect(trainHead(rows, CLASSES)).toEqual(trainHead(rows, CLASSES));
  expect(size(0.1)).toBeLessThan(size(0.001));
});

test("no rows, unknown labels and unknown classes are refused", () => {
  const rows = rowsAround(6, randomFrom(SEED));
  expect(() => trainHead([], CLASSES)).toThrow("training needs rows");
  expect(() => trainHead(rows, ["north", "east"])).toThrow("a label of north, east");
  expect(() => probabilityOf(trainHead(rows, CLASSES), "west", Float32Array.of(1, 0, 0))).toThrow("not west");
});
