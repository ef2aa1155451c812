// What a loan application form contains, as a contract, and the checks that look across its fields.
// Boundary: pure values; where they were read from (text or scan) is no business of this file.
// Invariants: dates are ISO days, money is EUR with cents, years have one decimal; a check answers true or the reason
// as a sentence, never throws, and needs no clock: everything is judged at the date of the application.
import { z } from "zod";

export const CHECKING_ACCOUNT = ["none", "below 0", "0 to 200", "over 200"] as const;
export const CREDIT_HISTORY = [
  "no credits before",
  "all paid at this bank",
  "existing paid duly",
  "delays in the past",
  "critical account",
] as const;
export const PURPOSE = [
  "new car",
  "used car",
  "furniture",
  "radio or television",
  "domestic appliance",
  "repairs",
  "education",
  "retraining",
  "business",
  "other",
] as const;
export const SAVINGS = ["below 100", "100 to 500", "500 to 1000", "over 1000", "unknown"] as const;
export const HOUSING = ["rent", "own", "for free"] as const;
export const OTHER_INSTALMENT_PLANS = ["none", "bank", "stores"] as const;
export const OTHER_DEBTORS = ["none", "co-applicant", "guarantor"] as const;

/** A complete form. Money in EUR; `income` and `instalment` per month; `interestPercent` nominal per year. */
export const LoanFields = z.object({
  applicationDate: z.iso.date(),
  applicant: z.string().min(3).max(80),
  /** Eight digits, a dash and two check digits (ISO 7064 MOD 97-10). */
  idNumber: z.string().regex(/^\d{8}-\d{2}$/),
  dateOfBirth: z.iso.date(),
  income: z.number().nonnegative(),
  /** Years with the current employer; 0 means not employed. */
  employmentYears: z.number().min(0).max(60),
  housing: z.enum(HOUSING),
  checkingAccount: z.enum(CHECKING_ACCOUNT),
  savings: z.enum(SAVINGS),
  creditHistory: z.enum(CREDIT_HISTORY),
  existingCredits: z.int().min(0).max(20),
  otherInstalmentPlans: z.enum(OTHER_INSTALMENT_PLANS),
  otherDebtors: z.enum(OTHER_DEBTORS),
  purpose: z.enum(PURPOSE),
  amount: z.number().positive(),
  durationMonths: z.int().min(1).max(120),
  interestPercent: z.number().min(0).max(30),
  instalment: z.number().positive(),
});
export type LoanFields = z.infer<typeof LoanFields>;
export type FieldName = keyof LoanFields;

export const FIELD_NAMES = Object.keys(LoanFields.shape) as FieldName[];

/** What a check answers: true, or the reason why not. */
export type CheckAnswer = true | string;

/** The instalment must leave something of the income. */
export function instalmentFitsIncome({ instalment, income }: Pick<LoanFields, "instalment" | "income">): CheckAnswer {
  return instalment < income || `an instalment of ${instalment} does not fit an income of ${income}`;
}

/** The two check digits must belong to the eight digits before them; catches one wrong digit and swapped neighbours. */
export function idChecksum({ idNumber }: Pick<LoanFields, "idNumber">): CheckAnswer {
  const digits = idNumber.replaceAll("-", "");
  return (
    (/^\d{10}$/.test(digits) && Number(digits) % 97 === 1) || `the check digits of the ID number ${idNumber} are wrong`
  );
}

/** Born before applying, and between 18 and 100 years old at the application. */
export function datesPlausible(fields: Pick<LoanFields, "dateOfBirth" | "applicationDate">): CheckAnswer {
  const { dateOfBirth, applicationDate } = fields;
  if (dateOfBirth >= applicationDate) return `born on ${dateOfBirth}, after the application of ${applicationDate}`;
  const age = ageAt(dateOfBirth, applicationDate);
  return (age >= 18 && age <= 100) || `an applicant aged ${age} (born ${dateOfBirth}) is not plausible`;
}

/** Amount, duration, interest and instalment must describe one and the same loan, to 1 % or one euro. */
export function figuresConsistent(
  fields: Pick<LoanFields, "amount" | "durationMonths" | "interestPercent" | "instalment">,
): CheckAnswer {
  const expected = monthlyInstalment(fields);
  return (
    Math.abs(fields.instalment - expected) <= Math.max(1, expected * 0.01) ||
    `${fields.amount} over ${fields.durationMonths} months at ${fields.interestPercent} % is ${expected.toFixed(2)} a month, ` +
      `not ${fields.instalment}`
  );
}

/** All cross-field checks by their names, ready to be given to a step. */
export const formChecks = {
  "instalment fits income": instalmentFitsIncome,
  "ID check digits": idChecksum,
  "dates plausible": datesPlausible,
  "figures consistent": figuresConsistent,
} as const satisfies Record<string, (fields: LoanFields) => CheckAnswer>;

/** The reasons of all checks that a complete form breaks, in the order of `formChecks`. */
export function brokenChecks(fields: LoanFields): string[] {
  return Object.values(formChecks)
    .map((check) => check(fields))
    .filter((answer) => answer !== true);
}

/** The annuity: what paying back in equal monthly parts costs a month, in EUR rounded to cents. */
export function monthlyInstalment({
  amount,
  durationMonths,
  interestPercent,
}: Pick<LoanFields, "amount" | "durationMonths" | "interestPercent">): number {
  const rate = interestPercent / 1200;
  const exact = rate === 0 ? amount / durationMonths : (amount * rate) / (1 - (1 + rate) ** -durationMonths);
  return Math.round(exact * 100) / 100;
}

/** An ID number made of eight digits (given as a number below 100,000,000) and their check digits. */
export function idNumberOf(body: number): string {
  const check = 98 - ((body * 100) % 97);
  return `${String(body).padStart(8, "0")}-${String(check).padStart(2, "0")}`;
}

/** Completed years of life on a day; both ISO days. */
export function ageAt(dateOfBirth: string, day: string): number {
  const years = Number(day.slice(0, 4)) - Number(dateOfBirth.slice(0, 4));
  return day.slice(5) < dateOfBirth.slice(5) ? years - 1 : years;
}
