/**
 * Three models that score a payment: rules, a logistic regression, boosted stumps.
 *
 * Boundary: pure functions that cost next to nothing, with weights made up here; real models on real features are
 * examples/risk-scoring. Invariant: a risk from 0 to 1, the same for the same payment.
 */
import { z } from "zod";

export const Payment = z.object({
  id: z.number(),
  amount: z.number(),
  hour: z.number(),
  cardAgeDays: z.number(),
  abroad: z.boolean(),
  today: z.number(),
});
export type Payment = z.infer<typeof Payment>;

export const memberNames = ["rules", "regression", "stumps"] as const;
export type MemberName = (typeof memberNames)[number];
type Score = { readonly risk: number };

export const models: Readonly<Record<MemberName, (payment: Payment) => Score>> = {
  rules({ amount, abroad, today }) {
    return { risk: (amount > 2_000 ? 0.5 : 0.05) + (abroad ? 0.25 : 0) + (today > 10 ? 0.2 : 0) };
  },
  regression({ amount, hour, cardAgeDays, abroad, today }) {
    const sum =
      -3.1 + 0.0006 * amount + (hour < 6 ? 0.9 : 0) - 0.0004 * cardAgeDays + (abroad ? 1.1 : 0) + 0.08 * today;
    return { risk: 1 / (1 + Math.exp(-sum)) };
  },
  stumps(payment) {
    let sum = -2.2;
    for (const { feature, below, low, high } of stumps) sum += payment[feature] < below ? low : high;
    return { risk: 1 / (1 + Math.exp(-sum)) };
  },
};

const stumps = [
  { feature: "amount", below: 180, low: -0.6, high: 0.2 },
  { feature: "amount", below: 1_500, low: -0.1, high: 0.9 },
  { feature: "hour", below: 6, low: 0.5, high: -0.1 },
  { feature: "cardAgeDays", below: 30, low: 0.8, high: -0.2 },
  { feature: "cardAgeDays", below: 365, low: 0.3, high: -0.3 },
  { feature: "today", below: 4, low: -0.3, high: 0.4 },
  { feature: "today", below: 12, low: 0, high: 1.1 },
  { feature: "amount", below: 4_000, low: 0, high: 0.7 },
] as const;

export const levelOf = (risk: number) => (risk > 0.7 ? ("high" as const) : ("low" as const));

/** A payment as number `id`; the same for the same number. */
export function paymentOf(id: number): Payment {
  const mixed = Math.imul(id + 1, 0x9e3779b1) >>> 0;
  return {
    id,
    amount: mixed % 5_000,
    hour: (mixed >>> 8) % 24,
    cardAgeDays: (mixed >>> 12) % 2_000,
    abroad: (mixed >>> 4) % 7 === 0,
    today: (mixed >>> 16) % 15,
  };
}
