// Reads the committed German Credit data (UCI Statlog; see data/README.md for source and licence).
// Boundary: the CSV file to typed rows; used by training and by the generator of past applications.
// Invariant: a row whose words the form does not know is an error that names its line, never a silent guess.
import { readFileSync } from "node:fs";
import { z } from "zod";
import {
  CHECKING_ACCOUNT,
  CREDIT_HISTORY,
  HOUSING,
  OTHER_DEBTORS,
  OTHER_INSTALMENT_PLANS,
  PURPOSE,
  SAVINGS,
} from "./application-form.ts";
import { type CreditAttributes, EMPLOYMENT, INSTALMENT_RATE_PERCENT } from "./credit-features.ts";

const Row = z.object({
  checkingAccount: z.enum(CHECKING_ACCOUNT),
  creditHistory: z.enum(CREDIT_HISTORY),
  purpose: z.enum(PURPOSE),
  savings: z.enum(SAVINGS),
  employment: z.enum(EMPLOYMENT),
  housing: z.enum(HOUSING),
  otherInstalmentPlans: z.enum(OTHER_INSTALMENT_PLANS),
  otherDebtors: z.enum(OTHER_DEBTORS),
  instalmentRatePercent: z.enum(INSTALMENT_RATE_PERCENT),
  amount: z.coerce.number().positive(),
  durationMonths: z.coerce.number().positive(),
  age: z.coerce.number().positive(),
  existingCredits: z.coerce.number().positive(),
  outcome: z.enum(["good", "bad"]),
});

export type GermanCreditRow = CreditAttributes & { readonly outcome: "good" | "bad" };

/** All 1,000 rows in the order of the data. No value contains a comma, so no quoting is needed. */
export function loadGermanCredit(): GermanCreditRow[] {
  const file = new URL("../data/german-credit.csv", import.meta.url);
  const [head = "", ...lines] = readFileSync(file, "utf8").trim().split("\n");
  const columns = head.split(",");
  return lines.map((line, index) => {
    const cells = line.split(",");
    const row = Row.safeParse(Object.fromEntries(columns.map((column, at) => [column, cells[at]])));
    if (!row.success) throw new Error(`german-credit.csv line ${index + 2}: ${z.prettifyError(row.error)}`);
    return row.data;
  });
}
