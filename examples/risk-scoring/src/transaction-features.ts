// Turns a payment and what was seen before it into the row of numbers that the trees read.
// Boundary: no labels, no graph: what the trees know is what one card, device and shop did. Invariant: names and values
// stand in one order, and a model that was trained on other names is refused where it is loaded.
import type { Transaction } from "./transaction.ts";
import { circumstancesOf, type TransactionHistory } from "./transaction-history.ts";

/** For "never": longer than anything that happens in the period. */
const NEVER_MINUTES = 100_000;

export const FEATURES = [
  "amount",
  "amount against the card's usual",
  "payments within the hour",
  "payments within the day",
  "minutes since the last payment",
  "abroad",
  "country is new to the card",
  "device is new to the card",
  "shop is new to the card",
  "cards on the device",
  "age of the device in days",
  "age of the card in days",
  "payments at the shop in a week",
  "hour",
  "easily sold on",
] as const;

export function featuresOf(transaction: Transaction, history: TransactionHistory): number[] {
  const seen = circumstancesOf(transaction, history);
  const { amount, country, cardCountry, category } = transaction;
  return [
    amount,
    // No past: as usual.
    amount / (seen.usualAmount ?? amount),
    seen.withinHour,
    seen.withinDay,
    seen.minutesSinceLast ?? NEVER_MINUTES,
    Number(country !== cardCountry),
    Number(seen.countryIsNew),
    Number(seen.deviceIsNew),
    Number(seen.merchantIsNew),
    seen.cardsOnDevice,
    seen.deviceAgeDays,
    seen.cardAgeDays,
    seen.paymentsAtMerchant,
    seen.hour,
    Number(category === "gift-cards" || category === "electronics"),
  ];
}
