// Goal: the plain summary keeps its contract for every sample, the prompt names nobody, and invented figures are caught.
import { expect, test } from "vitest";
import { classify } from "../src/classify.ts";
import { findFraudSignals } from "../src/fraud-signals.ts";
import { loadSamples } from "../src/samples.ts";
import {
  factLines,
  figuresAreFromTheForm,
  plainSummary,
  SUMMARY_SYSTEM,
  Summary,
  type SummaryFacts,
  summaryQuestion,
  warningsAreHeeded,
} from "../src/summary.ts";

const similar: SummaryFacts["similar"] = {
  similar: [
    { id: "past-0001", purpose: "used car", amount: 3000, durationMonths: 12, outcome: "repaid", score: 0.9 },
    { id: "past-0002", purpose: "used car", amount: 4000, durationMonths: 24, outcome: "defaulted", score: 0.8 },
  ],
};
const samples = loadSamples();

test.each(samples)("$file: the plain summary is a Summary and passes the checks of one", ({ fields }) => {
  const facts = factsOf(fields);
  const summary = plainSummary(facts);
  expect(Summary.parse(summary)).toEqual(summary);
  expect(figuresAreFromTheForm(summary, facts)).toBe(true);
  expect(warningsAreHeeded(summary, facts)).toBe(true);
  expect(plainSummary(facts)).toEqual(summary);
});

test("neither prompt nor plain summary identifies the applicant", () => {
  for (const { fields } of samples) {
    const facts = factsOf(fields);
    const said = [SUMMARY_SYSTEM, summaryQuestion(facts), JSON.stringify(plainSummary(facts))].join("\n");
    for (const secret of [fields.applicant, fields.idNumber, fields.dateOfBirth]) expect(said).not.toContain(secret);
  }
});

test("a figure that is not the form's is a reason, rounding is not", () => {
  const [sample] = samples;
  if (sample === undefined) throw new Error("no samples");
  const facts = factsOf({ ...sample.fields, amount: 5954.4, instalment: 215.56, income: 1017 });
  const saying = (headline: string): Summary => ({ headline, recommendation: "examine", points: ["One.", "Two."] });
  expect(figuresAreFromTheForm(saying("EUR 5,954 at EUR 215.56 a month of €1,017"), facts)).toBe(true);
  expect(figuresAreFromTheForm(saying("a loan of EUR 59,540.00"), facts)).toBe(
    "EUR 59,540.00 is not a figure of the form",
  );
});

test("approving against a warning is a reason, being careful is not", () => {
  const facts = { classification: { probabilityBad: 0.8, class: "high-risk" as const, drivers: [] }, fraud: noFraud };
  const summary: Summary = { headline: "a headline", recommendation: "approve", points: ["One point.", "Two points."] };
  expect(warningsAreHeeded(summary, facts)).toContain("approves");
  expect(warningsAreHeeded({ ...summary, recommendation: "decline" }, facts)).toBe(true);
});

test("the facts say what was found, also when nothing was", () => {
  const [sample] = samples;
  if (sample === undefined) throw new Error("no samples");
  const lines = factLines({ ...factsOf(sample.fields), fraud: noFraud });
  expect(lines).toContain("Fraud signals: none");
  expect(lines).toContain("Similar past loans: 1 of 2 defaulted");
});

const noFraud = { score: 0, signals: [] };

function factsOf(fields: SummaryFacts["fields"]): SummaryFacts {
  return { fields, classification: classify(fields), fraud: findFraudSignals(fields), similar };
}
