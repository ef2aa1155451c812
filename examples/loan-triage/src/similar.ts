// Finds the past applications most like a new one, by embeddings of what both say in words.
// Boundary: looks only at risk-related words, never at names or ID numbers (those are for fraud-signals.ts).
// Invariant: scores rank, they are no probabilities: this model gives high cosines to anything about loans.
import { embed } from "@plumbline/example-local-models/embeddings.ts";
import { nearest } from "@plumbline/example-local-models/vectors.ts";
import { z } from "zod";
import { type LoanFields, PURPOSE } from "./application-form.ts";
import { describeApplication, loadPastApplications, loadPastEmbeddings, OUTCOME } from "./past-applications.ts";

export const SimilarApplications = z.object({
  /** Best first. */
  similar: z.array(
    z.object({
      id: z.string(),
      purpose: z.enum(PURPOSE),
      amount: z.number(),
      durationMonths: z.number(),
      outcome: z.enum(OUTCOME),
      /** Cosine, for ranking only. */
      score: z.number(),
    }),
  ),
});
export type SimilarApplications = z.infer<typeof SimilarApplications>;

/** The `count` most similar past applications. Rejects with the signal's reason when aborted. */
export async function findSimilar(
  fields: LoanFields,
  { signal, count = 5 }: { readonly signal?: AbortSignal | undefined; readonly count?: number } = {},
): Promise<SimilarApplications> {
  const [query] = await embed([describeApplication(fields)], { signal });
  if (query === undefined) throw new Error("the embedding model gave no vector");
  const applications = loadPastApplications();
  return {
    similar: nearest(loadPastEmbeddings(), query, count).flatMap(({ index, score }) => {
      const past = applications[index];
      if (past === undefined) return [];
      const { id, purpose, amount, durationMonths, outcome } = past;
      return [{ id, purpose, amount, durationMonths, outcome, score: Number(score.toFixed(4)) }];
    }),
  };
}
