// What goes into and comes out of a loan application's run, and what the underwriter decides: the flow's contracts.
// Boundary: shapes and rules across their fields; who fills them in is flow.ts.
// Invariants: nothing is booked that was not approved, and nothing approved ends without a loan; figures that a person
// keys in are held to the same checks as figures that were read.
import { z } from "zod";
import { type CheckAnswer, formChecks, LoanFields } from "./application-form.ts";
import { RISK_CLASS } from "./classify.ts";
import type { ReadFields } from "./read-fields.ts";
import { Summary } from "./summary.ts";
import { completeFields, Triage } from "./triage.ts";

export const LoanApplication = z.object({
  applicationId: z.string().min(1).max(200),
  /** The upload as it came: text, a scan, or no PDF at all. */
  pdf: z.instanceof(Uint8Array),
});

export type LoanApplication = z.infer<typeof LoanApplication>;

/** What the underwriter answers. `corrected`: the form as the applicant confirmed it, where it could not be believed. */
export const UnderwriterVerdict = z.object({
  approved: z.boolean(),
  note: z.string().max(500).optional(),
  corrected: LoanFields.superRefine((fields, context) => {
    for (const check of Object.values(formChecks)) {
      const answer = check(fields);
      if (answer !== true) context.addIssue({ code: "custom", message: answer });
    }
  }).optional(),
});

/** What a person is shown when a form cannot be believed as it was read. */
export const Referral = z.object({ triage: Triage, summary: Summary });
export type Referral = z.infer<typeof Referral>;

/** The answer to an application. */
export const LoanDecision = z.object({
  applicationId: z.string(),
  triage: z.enum(RISK_CLASS),
  reasons: z.array(z.string()),
  headline: z.string(),
  approved: z.boolean(),
  via: z.enum(["person", "timeout", "breaker"]),
  loanId: z.string().optional(),
  fileId: z.string().optional(),
});
export type LoanDecision = z.infer<typeof LoanDecision>;

/** An approval without a loan, and a loan without an approval, are both garbage. */
export function bookedAsDecided({ approved, loanId, fileId }: LoanDecision): CheckAnswer {
  if (approved) return (loanId !== undefined && fileId !== undefined) || "approved, and no loan was booked";
  return (loanId === undefined && fileId === undefined) || `not approved, and ${loanId ?? fileId} was booked`;
}

/** The answer belongs to the application that was asked about. */
export function sameApplication(
  { applicationId }: Pick<LoanDecision, "applicationId">,
  asked: { readonly applicationId: string },
): CheckAnswer {
  return applicationId === asked.applicationId || `answers ${applicationId} instead of ${asked.applicationId}`;
}

/** The figures of a granted loan: those that the underwriter keyed in, or those that were read and believed. */
export function termsOf(granted: { read: ReadFields; verdict: z.infer<typeof UnderwriterVerdict> }): LoanFields {
  const fields = granted.verdict.corrected ?? completeFields(granted.read);
  if (fields === undefined) throw new Error("granted without figures that can be believed: send `corrected` with it");
  return fields;
}

/** What the underwriter is shown of a form in doubt. */
export function referralOf(doubts: readonly string[]): Referral {
  return {
    triage: { class: "manual-review", reasons: [...doubts] },
    summary: {
      headline: "The form cannot be believed as it was read: please look at the document.",
      recommendation: "examine",
      points: ["No model was asked: what it would be told is in doubt.", ...doubts.slice(0, 7)].map((point) =>
        point.slice(0, 300),
      ),
    },
  };
}
