// Goal: each fraud rule fires on its case with a detail to check, stays silent just beside it, and the score is bounded.
import { expect, test } from "vitest";
import { idNumberOf } from "../src/application-form.ts";
import { type FraudCode, findFraudSignals, SUSPICIOUS_FROM } from "../src/fraud-signals.ts";
import { dayAfter } from "../src/made-up-people.ts";
import { loadPastApplications, type PastApplication } from "../src/past-applications.ts";
import { loadSamples } from "../src/samples.ts";

const known = loadPastApplications()[0] as PastApplication;
const past = [known];
const stranger = loadSamples()[0]?.fields ?? known;
const longAfter = dayAfter(known.applicationDate, 31);

const cases: [FraudCode[], string, Partial<PastApplication>][] = [
  [[], "somebody new", {}],
  [["id-of-another-person"], "a known ID with another name", { idNumber: known.idNumber }],
  [
    ["id-of-another-person"],
    "a known ID with another birth date",
    { idNumber: known.idNumber, applicant: known.applicant },
  ],
  [
    ["person-with-another-id"],
    "a known person with another ID",
    { applicant: known.applicant.toUpperCase(), dateOfBirth: known.dateOfBirth, idNumber: idNumberOf(1) },
  ],
  [[], "the same person after 31 days", { ...personOf(known), applicationDate: longAfter }],
  [
    ["applied-within-30-days"],
    "the same after 30 days",
    { ...personOf(known), applicationDate: dayAfter(longAfter, -1) },
  ],
  [["income-jumped"], "the same with over twice the income", { ...personOf(known), income: 2 * known.income + 1 }],
  [
    ["instalment-over-half-of-income"],
    "an instalment of over half the income",
    { income: 400, instalment: 201, amount: 900 },
  ],
  [["employment-implausible"], "employed before being 14", { dateOfBirth: "2000-01-01", employmentYears: 13 }],
  [
    ["amount-far-above-yearly-income"],
    "more than three years of income",
    { income: 1000, instalment: 300, amount: 36_001 },
  ],
];

test.each(cases)("%j: %s", (codes, _, change) => {
  const { signals, score } = findFraudSignals({ ...stranger, applicationDate: "2026-03-02", ...change }, past);
  expect(signals.map(({ code }) => code)).toEqual(codes);
  expect(score > 0).toBe(codes.length > 0);
  for (const { detail } of signals) expect(detail).toMatch(/\d/);
});

test("more signals score higher, and never above 1", () => {
  const one = findFraudSignals({ ...stranger, idNumber: known.idNumber }, past);
  const many = findFraudSignals(
    { ...stranger, idNumber: known.idNumber, applicationDate: known.applicationDate, income: 10, employmentYears: 60 },
    past,
  );
  expect(many.score).toBeGreaterThan(one.score);
  expect(many.score).toBeLessThanOrEqual(1);
});

test("the samples carry the signals that their truth says", () => {
  // The flow asks only about forms whose checks hold.
  for (const { file, fields, expected } of loadSamples().filter(({ kind }) => kind !== "inconsistent")) {
    const { signals, score } = findFraudSignals(fields);
    expect([...new Set(signals.map(({ code }) => code))], file).toEqual(expect.arrayContaining(expected.fraud));
    expect(score >= SUSPICIOUS_FROM, file).toBe(expected.fraud.length > 0);
  }
});

function personOf({ applicant, dateOfBirth, idNumber }: PastApplication): Partial<PastApplication> {
  return { applicant, dateOfBirth, idNumber };
}
