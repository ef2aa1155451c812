// What is known about each sample application: samples/truth.json as a contract, and its loading.
// Boundary: reads the committed samples; writing them is generate-samples.ts.
// Invariant: `fields` are what is printed on the form, also where nobody can read it.
import { readFileSync } from "node:fs";
import { z } from "zod";
import { LoanFields } from "./application-form.ts";
import { RISK_CLASS } from "./classify.ts";
import { FRAUD_CODES } from "./fraud-signals.ts";

export const SAMPLE_KIND = [
  "text",
  "clean-scan",
  "noisy-scan",
  "unreadable",
  "inconsistent",
  "high-risk",
  "duplicate",
] as const;

export const Sample = z.object({
  /** File name within samples/. */
  file: z.string(),
  kind: z.enum(SAMPLE_KIND),
  scanned: z.boolean(),
  fields: LoanFields,
  expected: z.object({
    /** The right triage; a noisy scan may also rightly go to a person. */
    triage: z.array(z.enum(RISK_CLASS)).min(1),
    fraud: z.array(z.enum(FRAUD_CODES)),
    why: z.string(),
  }),
});
export type Sample = z.infer<typeof Sample>;

export const TruthFile = z.object({ about: z.string(), seed: z.number(), samples: z.array(Sample) });
export type TruthFile = z.infer<typeof TruthFile>;

/** All samples, in the order of their numbers. */
export function loadSamples(): Sample[] {
  return TruthFile.parse(JSON.parse(readFileSync(sampleUrl("truth.json"), "utf8"))).samples;
}

/** The bytes of one sample's PDF. */
export function loadSamplePdf({ file }: Pick<Sample, "file">): Uint8Array {
  return new Uint8Array(readFileSync(sampleUrl(file)));
}

/** Where a file of samples/ lies. */
export function sampleUrl(file: string): URL {
  return new URL(`../samples/${file}`, import.meta.url);
}
