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

/** What the embedding of an application says: what matters for the risk, in words, and nothing about the person. */
export function describeApplication(fields: LoanFields): string {
  const size = fields.amount < 1_500 ? "small" : fields.amount < 5_000 ? "medium" : "large";
  const length = fields.durationMonths <= 12 ? "short" : fields.durationMonths <= 30 ? "medium" : "long";
  const share = Math.round((100 * fields.instalment) / fields.income);
  return [
    `A ${size} loan of ${Math.round(fields.amount)} euros for ${fields.purpose},`,
    `${length} term of ${fields.durationMonths} months, taking ${share} percent of the income.`,
    `Credit history: ${fields.creditHistory}. Checking account: ${fields.checkingAccount}.`,
    `Savings: ${fields.savings}. Housing: ${fields.housing}. Other debtors: ${fields.otherDebtors}.`,
    fields.employmentYears > 0 ? `Employed for ${Math.floor(fields.employmentYears)} years.` : "Not employed.",
  ].join(" ");
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
