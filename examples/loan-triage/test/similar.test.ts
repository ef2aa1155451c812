// Goal: retrieval by real embeddings finds a planted near-duplicate, and the stored vectors belong to the stored texts.
import { embed, warmEmbeddings } from "@plumbline/example-local-models/embeddings.ts";
import { randomFrom, shuffledIndices } from "@plumbline/example-local-models/seeded-random.ts";
import { beforeAll, expect, test } from "vitest";
import {
  describeApplication,
  loadPastApplications,
  loadPastEmbeddings,
  type PastApplication,
} from "../src/past-applications.ts";
import { findSimilar, SimilarApplications } from "../src/similar.ts";

const SEED = 29;
const past = loadPastApplications();

beforeAll(warmEmbeddings);

test(`applications slightly unlike 40 past ones have those among their five (seed ${SEED})`, async () => {
  for (const at of shuffledIndices(past.length, randomFrom(SEED)).slice(0, 40)) {
    const original = past[at] as PastApplication;
    const planted = { ...original, amount: Math.round(original.amount * 1.02), applicant: "Somebody Else" };
    const found = SimilarApplications.parse(await findSimilar(planted));
    expect(found.similar).toHaveLength(5);
    expect(found.similar.map(({ id }) => id)).toContain(original.id);
  }
});

test("five come back, the best first, with what became of them", async () => {
  const application = past[10];
  if (application === undefined) throw new Error("no past application 10");
  const { similar } = await findSimilar(application);
  expect(similar[0]).toMatchObject({ id: application.id, outcome: application.outcome });
  expect(similar[0]?.score).toBeCloseTo(1, 3);
  const scores = similar.map(({ score }) => score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
});

test("a stored vector is what the model says of its text today", async () => {
  const [live] = await embed([describeApplication(past[42] as PastApplication)]);
  const stored = loadPastEmbeddings().subarray(42 * 512, 43 * 512);
  live?.forEach((value, at) => {
    expect(stored[at]).toBeCloseTo(value, 4);
  });
});

test("the description says nothing about the person", () => {
  for (const application of past) {
    const text = describeApplication(application);
    for (const private_ of [application.applicant, application.idNumber, application.dateOfBirth]) {
      expect(text).not.toContain(private_);
    }
  }
});

test("an aborted signal rejects with its reason", async () => {
  const signal = AbortSignal.abort(new Error("late"));
  await expect(findSimilar(past[0] as PastApplication, { signal })).rejects.toThrow("late");
});
