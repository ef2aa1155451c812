// Makes the example's payments: 60 days of a made-up town in which thieves and three rings are at work. ALL OF IT IS
// INVENTED; no figure measured on it says anything about real payments.
// Boundary: a seed in, labelled payments in the order of time out; takes about a tenth of a second, so no file is kept.
// Invariant: same seed, same payments.
import { randomFrom, wholeBetween } from "@plumbline/example-local-models/seeded-random.ts";
import { everydaySpending } from "./everyday-spending.ts";
import { fraudRings, stolenCards } from "./fraud-patterns.ts";
import { DAY_MS, dayMs, makeTown } from "./made-up-customers.ts";
import type { LabelledTransaction } from "./transaction.ts";

export const GENERATOR_SEED = 20260105;
/** Before it there is too little history to learn from. */
export const TRAINING_FROM_MS = dayMs(10);
/** From here on nothing was trained, fitted or chosen by. */
export const HELD_OUT_FROM_MS = dayMs(40);

/** How many honest-looking payments in a thousand are disputed, though nothing tells them from others. */
const DISPUTED_PER_MILLE = 0.7;

export function generateTransactions(seed: number = GENERATOR_SEED): LabelledTransaction[] {
  // Each part has its own chance, so that changing one leaves the others as they were.
  const town = makeTown(randomFrom(seed));
  const rings = fraudRings(town, randomFrom(seed + 1));
  const thefts = stolenCards(town, randomFrom(seed + 2));
  const everyday = everydaySpending(town, thefts.replaced, randomFrom(seed + 3));
  const random = randomFrom(seed + 4);
  const disputed = everyday.map((payment) => {
    if (random() * 1_000 >= DISPUTED_PER_MILLE) return payment;
    const confirmedAtMs = payment.atMs + wholeBetween(5, 20, random) * DAY_MS;
    return { ...payment, fraud: { pattern: "disputed" as const, confirmedAtMs } };
  });
  return [...disputed, ...thefts.made, ...rings]
    .sort((a, b) => a.atMs - b.atMs)
    .map((payment, index) => ({
      id: `T-${String(index + 1).padStart(6, "0")}`,
      at: new Date(payment.atMs).toISOString(),
      ...payment,
    }));
}
