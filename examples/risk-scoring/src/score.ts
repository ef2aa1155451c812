// What each member of the ensemble answers: how risky a payment is, and why.
// Boundary: the contract that all three are held to, and the scale of it. Invariant: risks are comparable: 0.5 is where an alarm
// is just worth its trouble in every member's own opinion, so that the middle one of three means something.
import { z } from "zod";

export const Score = z.object({
  risk: z.number().min(0).max(1),
  /** What moved it, the strongest first; a person must be able to check each. */
  reasons: z.array(z.string()),
});
export type Score = z.infer<typeof Score>;

/** How many false alarms one missed fraud weighs. */
const FALSE_ALARMS_PER_FRAUD = 10;

/**
 * A probability of fraud as a risk: 0.5 is where an alarm is just worth its trouble. Fraud is rare, so a bare probability
 * would hardly ever reach a threshold like 0.7; this way above 0.7 means "at least about one in five is fraud".
 */
export function riskOf(probability: number): number {
  const weighed = FALSE_ALARMS_PER_FRAUD * probability;
  return Number((weighed / (weighed + 1 - probability)).toFixed(4));
}
