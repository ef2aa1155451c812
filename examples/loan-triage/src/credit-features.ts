// The attributes of a loan that the German Credit data knows, taken from a form, and as numbers for the classifier.
// Boundary: pure translation; the model itself is in classify.ts, its training in train.ts.
// Invariants: a form and a data row that say the same give the same features; every choice has its own 0/1 column,
// so the order of the choices carries no meaning. The data was collected decades ago in Deutsche Mark: its amounts are
// taken as EUR of the same number, which a real lender would not do.
import {
  ageAt,
  CHECKING_ACCOUNT,
  CREDIT_HISTORY,
  HOUSING,
  type LoanFields,
  OTHER_DEBTORS,
  OTHER_INSTALMENT_PLANS,
  PURPOSE,
  SAVINGS,
} from "./application-form.ts";

export const EMPLOYMENT = ["unemployed", "below 1 year", "1 to 4 years", "4 to 7 years", "over 7 years"] as const;
/** The instalment as percent of the net income. */
export const INSTALMENT_RATE_PERCENT = ["below 20", "20 to 25", "25 to 35", "35 or more"] as const;

const choices = {
  checkingAccount: CHECKING_ACCOUNT,
  creditHistory: CREDIT_HISTORY,
  purpose: PURPOSE,
  savings: SAVINGS,
  employment: EMPLOYMENT,
  housing: HOUSING,
  otherInstalmentPlans: OTHER_INSTALMENT_PLANS,
  otherDebtors: OTHER_DEBTORS,
  instalmentRatePercent: INSTALMENT_RATE_PERCENT,
} as const;

type Choices = { readonly [Name in keyof typeof choices]: (typeof choices)[Name][number] };

export interface CreditAttributes extends Choices {
  readonly amount: number;
  readonly durationMonths: number;
  /** Completed years. */
  readonly age: number;
  readonly existingCredits: number;
}

/** What a complete form says in the words of the data. */
export function attributesOf(fields: LoanFields): CreditAttributes {
  return {
    checkingAccount: fields.checkingAccount,
    creditHistory: fields.creditHistory,
    purpose: fields.purpose,
    savings: fields.savings,
    housing: fields.housing,
    otherInstalmentPlans: fields.otherInstalmentPlans,
    otherDebtors: fields.otherDebtors,
    employment: employmentOf(fields.employmentYears),
    instalmentRatePercent: instalmentRateOf((100 * fields.instalment) / fields.income),
    amount: fields.amount,
    durationMonths: fields.durationMonths,
    age: ageAt(fields.dateOfBirth, fields.applicationDate),
    existingCredits: fields.existingCredits,
  };
}

/** The names of the feature columns, in order: "amount", "housing = rent", ... */
export const FEATURE_NAMES: readonly string[] = [
  "amount",
  "durationMonths",
  "age",
  "existingCredits",
  ...Object.entries(choices).flatMap(([name, options]) => options.map((option) => `${name} = ${option}`)),
];

/** One row of numbers, in the order of FEATURE_NAMES. */
export function featuresOf(attributes: CreditAttributes): number[] {
  return [
    // Logarithms: ten times the amount is not ten times the risk.
    Math.log(attributes.amount),
    Math.log(attributes.durationMonths),
    Math.log(attributes.age),
    // The data counts 1 to 4 and nothing beyond.
    Math.min(4, Math.max(1, attributes.existingCredits)),
    ...Object.entries(choices).flatMap(([name, options]) =>
      options.map((option) => (attributes[name as keyof Choices] === option ? 1 : 0)),
    ),
  ];
}

function employmentOf(years: number): Choices["employment"] {
  if (years <= 0) return "unemployed";
  if (years < 1) return "below 1 year";
  if (years < 4) return "1 to 4 years";
  return years < 7 ? "4 to 7 years" : "over 7 years";
}

function instalmentRateOf(percent: number): Choices["instalmentRatePercent"] {
  if (percent < 20) return "below 20";
  if (percent < 25) return "20 to 25";
  return percent < 35 ? "25 to 35" : "35 or more";
}
