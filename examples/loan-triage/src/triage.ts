// The triage: standard, high-risk or manual-review, from all that is known before a person looks.
// Boundary: pure; combines the readings, the checks, the classifier and the fraud signals, and gives its reasons.
// Invariants: doubt about the input beats any opinion of a model; every answer but "standard" has at least one reason.
import { z } from "zod";
import { brokenChecks, type LoanFields } from "./application-form.ts";
import { type Classification, RISK_CLASS } from "./classify.ts";
import { type FraudSignals, SUSPICIOUS_FROM } from "./fraud-signals.ts";
import { CONFIDENCE_TO_BELIEVE, type ReadFields } from "./read-fields.ts";

export const Triage = z.object({ class: z.enum(RISK_CLASS), reasons: z.array(z.string()) });
export type Triage = z.infer<typeof Triage>;

/** Why a reading cannot be believed as it is: low confidence, absent fields, broken checks. Empty when it can. */
export function doubtsAbout({ fields, missing, confidence }: ReadFields): string[] {
  const doubts: string[] = [];
  if (confidence < CONFIDENCE_TO_BELIEVE)
    doubts.push(`read with a confidence of only ${Math.round(confidence)} of 100`);
  if (missing.length > 0) doubts.push(`not readable: ${missing.join(", ")}`);
  else doubts.push(...brokenChecks(fields as LoanFields));
  return doubts;
}

/** The fields when nothing is in doubt about them, undefined otherwise. */
export function completeFields(read: ReadFields): LoanFields | undefined {
  return doubtsAbout(read).length === 0 ? (read.fields as LoanFields) : undefined;
}

/** The class of an application whose fields are complete and whose checks hold. */
export function triage(classification: Classification, fraud: FraudSignals): Triage {
  if (fraud.score >= SUSPICIOUS_FROM) {
    return { class: "manual-review", reasons: fraud.signals.map(({ code, detail }) => `${code}: ${detail}`) };
  }
  if (classification.class === "standard") return { class: "standard", reasons: [] };
  const percent = Math.round(100 * classification.probabilityBad);
  return { class: classification.class, reasons: [`the classifier expects a bad loan with ${percent} %`] };
}
