// The words on the printed form: which label stands for which field, and how a value is written and read.
// Boundary: one string at a time; finding lines in a document is read-fields.ts.
// Invariants: readValue(field, writeValue(field, value)) gives the value back; a string that is not exactly of the
// field's notation gives undefined, so that a misread never becomes a value. Money always has cents and thousands
// separators, years one decimal: a decimal point that OCR lost then breaks the notation instead of the meaning.
import {
  CHECKING_ACCOUNT,
  CREDIT_HISTORY,
  type FieldName,
  HOUSING,
  type LoanFields,
  OTHER_DEBTORS,
  OTHER_INSTALMENT_PLANS,
  PURPOSE,
  SAVINGS,
} from "./application-form.ts";

interface FieldLayout<Value> {
  /** The label of the current form first, then those of older forms. */
  readonly labels: readonly string[];
  readonly write: (value: Value) => string;
  readonly read: (text: string) => Value | undefined;
}

const text = {
  write: (value: string) => value,
  read: (raw: string) => (/^[\p{L}][\p{L} .'-]{2,79}$/u.test(raw) ? raw : undefined),
};

const idNumber = {
  write: (value: string) => value,
  read: (raw: string) => (/^\d{8}-\d{2}$/.test(raw) ? raw : undefined),
};

const day = {
  write: (value: string) => value,
  read: (raw: string) => {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(raw)) return undefined;
    const time = Date.parse(`${raw}T00:00:00Z`);
    // Date.parse moves 31 February into March; a real day comes back as it was.
    return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== raw ? undefined : raw;
  },
};

const money = {
  write: (value: number) => `EUR ${value.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",")}`,
  read: (raw: string) => {
    const match = /^EUR ?(\d{1,3}(?:,\d{3})*\.\d{2})$/.exec(raw);
    return match?.[1] === undefined ? undefined : Number(match[1].replaceAll(",", ""));
  },
};

const years = {
  write: (value: number) => `${value.toFixed(1)} years`,
  read: (raw: string) => numberIn(/^(\d{1,2}\.\d) years$/, raw),
};

const months = {
  write: (value: number) => `${value} months`,
  read: (raw: string) => numberIn(/^(\d{1,3}) months$/, raw),
};

const percent = {
  write: (value: number) => `${value.toFixed(2)} %`,
  read: (raw: string) => numberIn(/^(\d{1,2}\.\d{2}) ?%$/, raw),
};

const count = {
  write: (value: number) => String(value),
  read: (raw: string) => numberIn(/^(\d{1,2})$/, raw),
};

export const formLayout: { readonly [Field in FieldName]: FieldLayout<LoanFields[Field]> } = {
  applicationDate: { labels: ["Date of application", "Application date"], ...day },
  applicant: { labels: ["Applicant", "Name of applicant"], ...text },
  idNumber: { labels: ["ID number", "Identity card number"], ...idNumber },
  dateOfBirth: { labels: ["Date of birth", "Born on"], ...day },
  income: { labels: ["Net monthly income", "Monthly income (net)"], ...money },
  employmentYears: { labels: ["With current employer for", "Employed there for"], ...years },
  housing: { labels: ["Housing"], ...choice(HOUSING) },
  checkingAccount: { labels: ["Checking account balance", "Current account"], ...choice(CHECKING_ACCOUNT) },
  savings: { labels: ["Savings", "Savings and bonds"], ...choice(SAVINGS) },
  creditHistory: { labels: ["Credit history", "Earlier credits"], ...choice(CREDIT_HISTORY) },
  existingCredits: { labels: ["Existing credits", "Number of credits"], ...count },
  otherInstalmentPlans: { labels: ["Other instalment plans"], ...choice(OTHER_INSTALMENT_PLANS) },
  otherDebtors: { labels: ["Other debtors", "Guarantor or co-applicant"], ...choice(OTHER_DEBTORS) },
  purpose: { labels: ["Purpose of the loan", "Purpose"], ...choice(PURPOSE) },
  amount: { labels: ["Amount requested", "Loan amount"], ...money },
  durationMonths: { labels: ["Duration", "Term"], ...months },
  interestPercent: { labels: ["Interest rate per year", "Nominal interest"], ...percent },
  instalment: { labels: ["Monthly instalment", "Instalment per month"], ...money },
};

/** A field's value as the form prints it. */
export function writeValue<Field extends FieldName>(field: Field, value: LoanFields[Field]): string {
  return formLayout[field].write(value);
}

/** The value that a printed string means, or undefined when it is not exactly of the field's notation. */
export function readValue<Field extends FieldName>(field: Field, raw: string): LoanFields[Field] | undefined {
  return formLayout[field].read(raw.trim().replace(/\s+/g, " "));
}

function choice<const Option extends string>(options: readonly Option[]) {
  return {
    write: (value: Option): string => value,
    // Without its gaps, because OCR loses some: no two options differ by gaps alone.
    read: (raw: string): Option | undefined => options.find((option) => gapless(option) === gapless(raw)),
  };
}

function gapless(words: string): string {
  return words.toLowerCase().replaceAll(" ", "");
}

function numberIn(pattern: RegExp, raw: string): number | undefined {
  const match = pattern.exec(raw);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
