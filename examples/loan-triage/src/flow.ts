// The flow of a loan application: an uploaded PDF becomes a decision, and an approved one a loan at core banking.
// Boundary: wiring only. What a step does is a plain function of its own file; what runs the flow is the engine; bank
// and models come in from whoever starts it, so that tests, demo and production differ in nothing else.
// Invariants: doubt about what was read leads to a person, never to a failure and never to a guess; only a person can
// grant a loan; what is answered agrees with what was booked, or the run fails and the booking is undone.
import { type Duration, firstOf, flow } from "plumbline";
import { formChecks, LoanFields } from "./application-form.ts";
import { assessmentSteps, type SummaryModels } from "./assessment-steps.ts";
import { bookingSteps } from "./booking-steps.ts";
import {
  bookedAsDecided,
  LoanApplication,
  LoanDecision,
  sameApplication,
  termsOf,
  UnderwriterVerdict,
} from "./loan-decision.ts";
import { once, readingSteps } from "./reading-steps.ts";
import { loadSamplePdf, loadSamples } from "./samples.ts";

export interface LoanTriageParts extends SummaryModels {
  /** Base URL of core banking. */
  readonly bank: string;
  /** How long one call of the bank may take. Default 10 s. */
  readonly bankTimeout?: Duration;
  /** How long the underwriters have. Default 5 min. */
  readonly approvalTimeout?: Duration;
}

/** The flow, wired to a bank and two models. */
export function loanTriageFlow({ bank, bankTimeout = "10s", approvalTimeout = "5m", ...models }: LoanTriageParts) {
  return flow("loan-triage", {
    input: LoanApplication,
    output: LoanDecision,
    checks: { "booked as decided": bookedAsDecided, "same application": sameApplication },
    deadline: "15m",
    samples: textSamples(),
    build($, { applicationId, pdf }) {
      const { read, form, referral } = readingSteps($, pdf);
      const { triaged, summary } = assessmentSteps($, form, models);
      const shown = { triage: firstOf(triaged, referral.triage), summary: firstOf(summary, referral.summary) };
      const verdict = $.approval("underwriter", {
        title: "Grant this loan?",
        needs: { applicationId, ...shown, remarks: read.remarks },
        decision: UnderwriterVerdict,
        desk: "underwriting",
        timeout: approvalTimeout,
        onTimeout: { approved: false, note: "nobody answered in time" },
        // A desk that is asleep must not hold up every applicant for the full time.
        breaker: { after: 5, openFor: "1h", decide: { approved: false, note: "the desk does not answer" } },
      });
      const terms = $.step("terms", {
        needs: { read, verdict },
        when: (needs) => needs.verdict.approved, // otherwise skipped, and all that follows with it
        kind: "pure",
        output: LoanFields,
        checks: formChecks,
        retry: once, // the same figures are no better the second time
      }).by(termsOf);
      const { booking, file } = bookingSteps($, { applicationId, terms }, { baseUrl: bank, timeout: bankTimeout });
      return {
        applicationId,
        triage: shown.triage.class,
        reasons: shown.triage.reasons,
        headline: shown.summary.headline,
        approved: verdict.approved,
        via: verdict.via,
        loanId: booking.loanId,
        fileId: file.fileId,
      };
    },
  });
}

/** The small ones, ready to be run: scans are megabytes that nobody asked for yet. */
function textSamples(): Record<string, LoanApplication> {
  const texts = loadSamples().filter(({ scanned }) => !scanned);
  return Object.fromEntries(
    texts.map((sample) => {
      const applicationId = sample.file.replace(/\.pdf$/, "");
      return [applicationId, { applicationId, pdf: loadSamplePdf(sample) }];
    }),
  );
}
