// A card payment as it arrives to be scored, and the same with what became known of it later.
// Boundary: shapes only; who makes them up is transaction-generator.ts, who scores them are the score-by files.
// Invariant: what is to be scored holds nothing that is known only afterwards; the label is a shape of its own.
import { z } from "zod";

export const CATEGORY = ["groceries", "clothes", "electronics", "gift-cards", "travel", "services"] as const;
export type Category = (typeof CATEGORY)[number];

export const Transaction = z.object({
  id: z.string().min(1),
  at: z.iso.datetime(),
  card: z.string().min(1),
  cardOpenedOn: z.iso.date(),
  cardCountry: z.string().length(2),
  device: z.string().min(1),
  merchant: z.string().min(1),
  category: z.enum(CATEGORY),
  /** Where the request came from. */
  country: z.string().length(2),
  /** EUR */
  amount: z.number().positive(),
});
export type Transaction = z.infer<typeof Transaction>;

/** stolen-card: a thief spends; ring: made-up customers cash out at shops of their own; disputed: like any other payment. */
export const FRAUD_PATTERN = ["stolen-card", "ring", "disputed"] as const;
export type FraudPattern = (typeof FRAUD_PATTERN)[number];

export interface LabelledTransaction extends Transaction {
  readonly atMs: number;
  /** Absent: nobody ever complained. `confirmedAtMs` is when the bank learned of it, days after the payment. */
  readonly fraud?: { readonly pattern: FraudPattern; readonly confirmedAtMs: number };
}
