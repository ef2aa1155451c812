// Makes up loan applications for samples and past cases: real attribute rows, invented persons, invented days.
// Boundary: seeded chance in, complete forms out; writes nothing.
// Invariant: every form made here is valid: check digits, dates and figures agree, and the attributes are those of the
// German Credit row it was made from. Faults are put in afterwards, by whoever wants them.
import { pick, wholeBetween } from "@plumbline/example-local-models/seeded-random.ts";
import { idNumberOf, type LoanFields, monthlyInstalment } from "./application-form.ts";
import type { GermanCreditRow } from "./german-credit.ts";

// Plain letters only: the English OCR data does not know others.
const FIRST_NAMES =
  "Anna Peter Maria Lukas Clara Jonas Helena Simon Marta Oliver Ruth Martin Eva Thomas Nora Felix Irene Victor Judith Paul".split(
    " ",
  );
const LAST_NAMES =
  "Berger Novak Lindqvist Hartmann Moreau Keller Santos Visser Kowalski Brandt Fischer Marino Jansen Weber Horvat Dubois Larsen Schuster Baker Fontaine Winter Adler Carlsen Pohl Reuter".split(
    " ",
  );
const LOWEST_INCOME = 900;

/** Gives each bin of the data a width, in years or percent. */
const EMPLOYMENT_YEARS = {
  unemployed: [0, 0],
  "below 1 year": [0.2, 0.9],
  "1 to 4 years": [1, 3.9],
  "4 to 7 years": [4, 6.9],
  "over 7 years": [7, 19],
} as const;
const RATE_PERCENT = {
  "below 20": [4, 19],
  "20 to 25": [20.5, 24.5],
  "25 to 35": [25.5, 34.5],
  "35 or more": [35.5, 42],
} as const;

/**
 * A valid form with the attributes of `row`, or undefined when the row does not make a believable person (a 20-year-old
 * employed for over seven years, a monthly income below EUR 900).
 */
export function applicationFrom(
  row: GermanCreditRow,
  applicationDate: string,
  random: () => number,
): LoanFields | undefined {
  const amount = row.amount;
  const durationMonths = row.durationMonths;
  const interestPercent = wholeBetween(8, 23, random) * 0.5;
  const instalment = monthlyInstalment({ amount, durationMonths, interestPercent });
  const rate = between(RATE_PERCENT[row.instalmentRatePercent], random);
  const income = Math.round((100 * instalment) / rate);
  const employmentYears = Number(between(EMPLOYMENT_YEARS[row.employment], random).toFixed(1));
  if (income < LOWEST_INCOME || employmentYears > row.age - 16) return undefined;
  return {
    applicationDate,
    applicant: `${pick(FIRST_NAMES, random)} ${pick(LAST_NAMES, random)}`,
    idNumber: idNumberOf(wholeBetween(10_000_000, 99_999_999, random)),
    dateOfBirth: bornAt(row.age, applicationDate, random),
    income,
    employmentYears,
    housing: row.housing,
    checkingAccount: row.checkingAccount,
    savings: row.savings,
    creditHistory: row.creditHistory,
    existingCredits: row.existingCredits,
    otherInstalmentPlans: row.otherInstalmentPlans,
    otherDebtors: row.otherDebtors,
    purpose: row.purpose,
    amount,
    durationMonths,
    interestPercent,
    instalment,
  };
}

/** The ISO day `days` after (or before, when negative) another. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** A birthday that makes somebody exactly `age` completed years old on the day. */
function bornAt(age: number, day: string, random: () => number): string {
  const birthday = `${Number(day.slice(0, 4)) - age}${day.slice(4).replace("-02-29", "-02-28")}`;
  return dayAfter(birthday, -wholeBetween(0, 360, random));
}

function between([low, high]: readonly [number, number], random: () => number): number {
  return low + (high - low) * random();
}
