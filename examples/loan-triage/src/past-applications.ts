// The bank's past applications, read from committed files. They are GENERATED (generate-past-applications.ts): the
// attributes and outcomes are rows of German Credit, the persons and days are invented.
// Boundary: loads the list and its embeddings; searching is similar.ts, comparing persons is fraud-signals.ts.
// Invariant: row n of the embeddings belongs to application n, made by the model and the texts in use now - a digest of
// both says so, and a mismatch is an error instead of a wrong neighbour.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { EMBEDDING_DIMENSIONS, EMBEDDING_MODEL } from "@plumbline/example-local-models/embeddings.ts";
import { z } from "zod";
import { LoanFields } from "./application-form.ts";

export const OUTCOME = ["repaid", "defaulted"] as const;

export const PastApplication = LoanFields.extend({ id: z.string(), outcome: z.enum(OUTCOME) });
export type PastApplication = z.infer<typeof PastApplication>;

export const PastApplicationsFile = z.object({
  about: z.string(),
  seed: z.number(),
  /** SHA-256 over embedding model and described texts: what the vectors file was made from. */
  embeddedDigest: z.string(),
  applications: z.array(PastApplication),
});
export type PastApplicationsFile = z.infer<typeof PastApplicationsFile>;

let loaded: PastApplicationsFile | undefined;
let vectors: Float32Array | undefined;

/** All past applications, oldest first. */
export function loadPastApplications(): readonly PastApplication[] {
  loaded ??= PastApplicationsFile.parse(JSON.parse(readFileSync(dataFile("past-applications.json"), "utf8")));
  return loaded.applications;
}

/** Their embeddings, one row of 512 numbers an application. Throws when they belong to other texts or another model. */
export function loadPastEmbeddings(): Float32Array {
  if (vectors === undefined) {
    const applications = loadPastApplications();
    const bytes = readFileSync(dataFile("past-applications.embeddings.bin"));
    // Copied, so that the numbers start at a multiple of four; the file is little-endian like every machine Node runs on.
    const read = new Float32Array(Uint8Array.from(bytes).buffer);
    const expected = applications.length * EMBEDDING_DIMENSIONS;
    if (read.length !== expected || loaded?.embeddedDigest !== digestOf(applications)) {
      throw new Error("the embeddings are not those of past-applications.json: run `npm run generate`");
    }
    vectors = read;
  }
  return vectors;
}

/**
 * What the embedding of an application says: what matters for the risk, and nothing about the person. In words rather
 * than figures, because this model takes 1,243 and 1,268 for quite different things (measured: with figures a loan of
 * a tenth more found its original among five in 97 %, with words in 100 %).
 */
export function describeApplication(fields: LoanFields): string {
  const share = fields.instalment / fields.income;
  return [
    `The customer wants a ${word(fields.amount, AMOUNT_WORDS)} loan for ${fields.purpose},`,
    `paid back in a ${word(fields.durationMonths, TERM_WORDS)} term of ${fields.durationMonths} months.`,
    `The instalment takes ${word(share, SHARE_WORDS)} of the income.`,
    `The customer ${word(fields.employmentYears, WORK_WORDS)}, lives in a home: ${fields.housing}.`,
    `Credit history: ${fields.creditHistory}. Checking account balance: ${fields.checkingAccount}.`,
    `Savings: ${fields.savings}. Guarantor: ${fields.otherDebtors}.`,
  ].join(" ");
}

/** Pairs of an upper limit (itself not included) and the word for what lies below it. */
type Scale = readonly (readonly [below: number, word: string])[];

const AMOUNT_WORDS: Scale = [
  [1_000, "tiny"],
  [2_500, "small"],
  [5_000, "medium"],
  [9_000, "large"],
  [Number.POSITIVE_INFINITY, "very large"],
];
const TERM_WORDS: Scale = [
  [13, "short"],
  [31, "medium"],
  [Number.POSITIVE_INFINITY, "long"],
];
const SHARE_WORDS: Scale = [
  [0.1, "a little"],
  [0.2, "some"],
  [0.3, "much"],
  [Number.POSITIVE_INFINITY, "very much"],
];
const WORK_WORDS: Scale = [
  [0.1, "is not employed"],
  [1, "has just started work"],
  [4, "has worked for a few years"],
  [7, "has worked for several years"],
  [Number.POSITIVE_INFINITY, "has worked for many years"],
];

function word(value: number, scale: Scale): string {
  return scale.find(([below]) => value < below)?.[1] ?? "unknown";
}

/** Fingerprint of model and texts, kept beside the vectors. */
export function digestOf(applications: readonly LoanFields[]): string {
  const hash = createHash("sha256").update(EMBEDDING_MODEL);
  for (const application of applications) hash.update("\n").update(describeApplication(application));
  return hash.digest("hex");
}

function dataFile(name: string): URL {
  return new URL(`../data/${name}`, import.meta.url);
}
