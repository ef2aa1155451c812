// Scores a payment by rules that a fraud desk could have written: bursts, strange amounts, impossible journeys.
// Boundary: a payment and what was seen before it in, a score out; knows no labels, no model.
// Invariants: pure; the risk is 1 minus the product of (1 - weight), so another rule never lowers it. The weights were
// written by somebody who also wrote the generator of the payments, so these rules are better informed than real ones.
import type { Score } from "./score.ts";
import type { Transaction } from "./transaction.ts";
import { type Circumstances, circumstancesOf, type TransactionHistory } from "./transaction-history.ts";

interface Rule {
  readonly weight: number;
  /** What was found, in words; undefined when it does not apply. */
  readonly found: (transaction: Transaction, seen: Circumstances) => string | undefined;
}

const RULES: readonly Rule[] = [
  {
    weight: 0.6,
    found: (_, { withinHour }) => (withinHour >= 2 ? `${withinHour} payments in the hour before` : undefined),
  },
  {
    weight: 0.6,
    found: ({ country, cardCountry }, { deviceIsNew, countryIsNew }) =>
      deviceIsNew && countryIsNew ? `a new device in ${country}, the card is of ${cardCountry}` : undefined,
  },
  {
    weight: 0.5,
    found: ({ amount }, { usualAmount }) =>
      usualAmount !== undefined && amount > 150 && amount > 3 * usualAmount
        ? `EUR ${amount}, usually about EUR ${Math.round(usualAmount)}`
        : undefined,
  },
  {
    weight: 0.5,
    found: ({ country }, { lastCountry, minutesSinceLast }) =>
      lastCountry !== undefined && lastCountry !== country && (minutesSinceLast ?? Number.POSITIVE_INFINITY) < 120
        ? `in ${lastCountry} ${Math.round(minutesSinceLast ?? 0)} minutes before, now in ${country}`
        : undefined,
  },
  {
    weight: 0.5,
    found: (_, { cardsOnDevice }) =>
      cardsOnDevice >= 4 ? `${cardsOnDevice} cards on the device in 14 days` : undefined,
  },
  {
    weight: 0.4,
    found: ({ category }, { deviceIsNew, cardAgeDays }) =>
      (category === "gift-cards" || category === "electronics") && deviceIsNew && cardAgeDays > 1
        ? `${category}, easily sold on, from a new device`
        : undefined,
  },
  {
    weight: 0.4,
    found: (_, { deviceIsNew, merchantIsNew, cardAgeDays }) =>
      deviceIsNew && merchantIsNew && cardAgeDays > 14
        ? "a device and a shop that are both new to the card"
        : undefined,
  },
  {
    weight: 0.3,
    found: (_, { hour, deviceIsNew }) => (hour < 6 && deviceIsNew ? `at ${hour}:00 from a new device` : undefined),
  },
  {
    weight: 0.5,
    found: ({ amount }, { cardAgeDays, cardsOnDevice, merchantIsNew }) =>
      cardAgeDays < 14 && cardsOnDevice >= 3 && merchantIsNew
        ? `EUR ${amount} at a new shop on a card of ${Math.floor(cardAgeDays)} days, on a device of ${cardsOnDevice} cards`
        : undefined,
  },
];

export function scoreByRules(transaction: Transaction, history: TransactionHistory): Score {
  const seen = circumstancesOf(transaction, history);
  const fired = RULES.flatMap(({ weight, found }) => {
    const reason = found(transaction, seen);
    return reason === undefined ? [] : [{ weight, reason }];
  }).sort((a, b) => b.weight - a.weight);
  const innocence = fired.reduce((product, { weight }) => product * (1 - weight), 1);
  return { risk: Number((1 - innocence).toFixed(4)), reasons: fired.map(({ reason }) => reason) };
}
