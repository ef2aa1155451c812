// The summary that the underwriter reads: its contract, the prompt for a language model, and the text without one.
// Boundary: builds texts and checks texts; calling a model is the flow's business.
// Invariants: names, birth dates and ID numbers never enter the prompt; the plain summary is deterministic, and it
// passes every check that a model's answer must pass.
import { z } from "zod";
import type { CheckAnswer, LoanFields } from "./application-form.ts";
import type { Classification } from "./classify.ts";
import { type FraudSignals, SUSPICIOUS_FROM } from "./fraud-signals.ts";
import type { SimilarApplications } from "./similar.ts";

const RECOMMENDATION = ["approve", "decline", "examine"] as const;

export const Summary = z.object({
  headline: z.string().min(10).max(160),
  recommendation: z.enum(RECOMMENDATION),
  /** What speaks for and against, a sentence each. */
  points: z.array(z.string().min(5).max(300)).min(2).max(8),
});
export type Summary = z.infer<typeof Summary>;

/** All that a summary is made from. */
export interface SummaryFacts {
  readonly fields: LoanFields;
  readonly classification: Pick<Classification, "probabilityBad" | "class" | "drivers">;
  readonly fraud: FraudSignals;
  readonly similar: SimilarApplications;
}

/** The facts as lines "Label: value", for a model to read; nothing in them identifies the applicant. */
export function factLines({ fields, classification, fraud, similar }: SummaryFacts): string[] {
  const defaulted = similar.similar.filter(({ outcome }) => outcome === "defaulted").length;
  const drivers = classification.drivers.map(
    ({ feature, raisesRisk }) => `${feature} (${raisesRisk ? "raises" : "lowers"} the risk)`,
  );
  return [
    `Amount: EUR ${money(fields.amount)}`,
    `Purpose: ${fields.purpose}`,
    `Duration: ${fields.durationMonths} months`,
    `Instalment: EUR ${money(fields.instalment)} a month`,
    `Income: EUR ${money(fields.income)} a month`,
    `Employment: ${fields.employmentYears} years with the current employer`,
    `Credit history: ${fields.creditHistory}`,
    `Class: ${classification.class}`,
    `Probability of a bad loan: ${Math.round(100 * classification.probabilityBad)} %`,
    `Main drivers: ${drivers.join("; ") || "none"}`,
    `Fraud score: ${fraud.score}`,
    `Fraud signals: ${fraud.signals.map(({ code }) => code).join("; ") || "none"}`,
    `Similar past loans: ${defaulted} of ${similar.similar.length} defaulted`,
  ];
}

/** What a model is told before any summary. */
export const SUMMARY_SYSTEM =
  "You brief a loan underwriter. Use only the facts given; invent no figure. Answer with one JSON object: " +
  '{"headline": string of at most 160 characters, "recommendation": "approve" | "decline" | "examine", ' +
  '"points": 2 to 8 sentences for and against}. Write amounts as in the facts, for example EUR 1,234.50.';

/** The question about one application, for a chat model that answers with an object of the shape of `Summary`. */
export function summaryQuestion(facts: SummaryFacts): string {
  return ["Facts:", ...factLines(facts)].join("\n");
}

/** The summary without any model: the facts put into fixed sentences. */
export function plainSummary({ fields, classification, fraud, similar }: SummaryFacts): Summary {
  const defaulted = similar.similar.filter(({ outcome }) => outcome === "defaulted").length;
  const share = Math.round((100 * fields.instalment) / fields.income);
  const points = [
    `The classifier expects a bad loan with ${Math.round(100 * classification.probabilityBad)} % (${classification.class}).`,
    `The instalment of EUR ${money(fields.instalment)} takes ${share} % of an income of EUR ${money(fields.income)}.`,
    `Credit history: ${fields.creditHistory}; ${fields.employmentYears} years with the current employer.`,
    `Of the ${similar.similar.length} most similar past loans ${defaulted} defaulted.`,
    fraud.signals.length === 0
      ? "No fraud rule found anything."
      : `Fraud rules found: ${[...new Set(fraud.signals.map(({ code }) => code))].join(", ")}.`,
  ];
  return {
    headline: `EUR ${money(fields.amount)} for ${fields.purpose} over ${fields.durationMonths} months: ${classification.class}`,
    recommendation: recommendationOf(classification, fraud),
    points,
  };
}

/** Every amount that a summary states must be one of the form's: a model's invented figure is a broken contract. */
export function figuresAreFromTheForm({ headline, points }: Summary, { fields }: SummaryFacts): CheckAnswer {
  const known = [fields.amount, fields.instalment, fields.income];
  for (const [, figure = ""] of [headline, ...points].join("\n").matchAll(/(?:EUR|€)\s*([\d.,]*\d)/g)) {
    const value = Number(figure.replaceAll(",", ""));
    // Half a euro off is rounding; more is invention.
    if (!known.some((amount) => Math.abs(amount - value) <= 0.5)) return `EUR ${figure} is not a figure of the form`;
  }
  return true;
}

/** A summary may be more careful than the signals, but must not approve what they warn of. */
export function warningsAreHeeded(
  { recommendation }: Summary,
  { classification, fraud }: Pick<SummaryFacts, "classification" | "fraud">,
): CheckAnswer {
  const warned = fraud.score >= SUSPICIOUS_FROM || classification.class === "high-risk";
  return !(warned && recommendation === "approve") || "approves what classifier or fraud rules warn of";
}

function recommendationOf(
  classification: SummaryFacts["classification"],
  fraud: FraudSignals,
): Summary["recommendation"] {
  if (fraud.score >= SUSPICIOUS_FROM || classification.class === "manual-review") return "examine";
  return classification.class === "standard" ? "approve" : "decline";
}

function money(value: number): string {
  return value.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",");
}
