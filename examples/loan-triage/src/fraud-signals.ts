// Rules that make an application suspicious: who else used this ID, how often somebody applied, what cannot be.
// Boundary: a complete form and the past applications in, signals out; deciding what follows is triage.ts.
// Invariants: pure, judged at the application's own date; each signal says what was found, so that a person can check
// it; the score is 1 minus the product of (1 - weight), so more signals never lower it and it stays within 0 and 1.
import { z } from "zod";
import { ageAt, type LoanFields } from "./application-form.ts";
import { loadPastApplications, type PastApplication } from "./past-applications.ts";

/** How much one signal of a kind weighs. */
const WEIGHTS = {
  "id-of-another-person": 0.7,
  "person-with-another-id": 0.5,
  "applied-within-30-days": 0.5,
  "income-jumped": 0.3,
  "instalment-over-half-of-income": 0.3,
  "employment-implausible": 0.5,
  "amount-far-above-yearly-income": 0.3,
} as const;
export type FraudCode = keyof typeof WEIGHTS;
export const FRAUD_CODES = Object.keys(WEIGHTS) as FraudCode[];

/** From here on a person must look. */
export const SUSPICIOUS_FROM = 0.5;

export const FraudSignals = z.object({
  score: z.number().min(0).max(1),
  signals: z.array(z.object({ code: z.enum(FRAUD_CODES), detail: z.string() })),
});
export type FraudSignals = z.infer<typeof FraudSignals>;

type Signal = FraudSignals["signals"][number];

/** All signals of a form against the past applications (the committed ones unless given). */
export function findFraudSignals(
  fields: LoanFields,
  past: readonly PastApplication[] = loadPastApplications(),
): FraudSignals {
  const signals = [...signalsOfPerson(fields, past), ...signalsOfFigures(fields)];
  const codes = new Set(signals.map(({ code }) => code));
  let innocence = 1;
  for (const code of codes) innocence *= 1 - WEIGHTS[code];
  return { score: Number((1 - innocence).toFixed(4)), signals };
}

function signalsOfPerson(fields: LoanFields, past: readonly PastApplication[]): Signal[] {
  const signals: Signal[] = [];
  for (const other of past) {
    const sameId = other.idNumber === fields.idNumber;
    const samePerson = nameKey(other) === nameKey(fields) && other.dateOfBirth === fields.dateOfBirth;
    if (!sameId && !samePerson) continue;
    if (sameId && !samePerson) {
      const detail = `${other.id}: ID ${other.idNumber} belonged to ${other.applicant}, born ${other.dateOfBirth}`;
      signals.push({ code: "id-of-another-person", detail });
    }
    if (samePerson && !sameId) {
      const detail = `${other.id}: ${other.applicant}, born ${other.dateOfBirth}, then had ID ${other.idNumber}`;
      signals.push({ code: "person-with-another-id", detail });
    }
    const days = daysBetween(other.applicationDate, fields.applicationDate);
    if (days >= 0 && days <= 30) {
      signals.push({ code: "applied-within-30-days", detail: `${other.id}: applied ${days} days before` });
    }
    if (samePerson && fields.income > 2 * other.income) {
      const detail = `${other.id}: income was ${other.income}, is now stated as ${fields.income}`;
      signals.push({ code: "income-jumped", detail });
    }
  }
  return signals;
}

function signalsOfFigures(fields: LoanFields): Signal[] {
  const signals: Signal[] = [];
  const age = ageAt(fields.dateOfBirth, fields.applicationDate);
  if (fields.instalment > fields.income / 2) {
    const detail = `an instalment of ${fields.instalment} is more than half of an income of ${fields.income}`;
    signals.push({ code: "instalment-over-half-of-income", detail });
  }
  if (fields.employmentYears > Math.max(0, age - 14)) {
    const detail = `employed for ${fields.employmentYears} years at the age of ${age}`;
    signals.push({ code: "employment-implausible", detail });
  }
  if (fields.amount > 3 * 12 * fields.income) {
    const detail = `${fields.amount} is more than three years of an income of ${fields.income}`;
    signals.push({ code: "amount-far-above-yearly-income", detail });
  }
  return signals;
}

/** Names are compared without case, marks and order: "Berger, Anna" is "anna berger". */
function nameKey({ applicant }: Pick<LoanFields, "applicant">): string {
  const plain = applicant.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return plain
    .split(/[^a-z]+/)
    .filter((part) => part !== "")
    .sort()
    .join(" ");
}

function daysBetween(earlier: string, later: string): number {
  return Math.round((Date.parse(`${later}T00:00:00Z`) - Date.parse(`${earlier}T00:00:00Z`)) / 86_400_000);
}
