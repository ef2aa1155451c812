// What honest customers buy, with all that makes them look like thieves now and then: trips, new phones, sprees, public
// terminals, night shifts, one large purchase.
// Boundary: customers in, payments without ids out. Invariant: nothing here is fraud; a card that was stolen is replaced
// by another number as soon as the bank knows.
import { pick, wholeBetween } from "@plumbline/example-local-models/seeded-random.ts";
import {
  between,
  type Chance,
  type Customer,
  DAYS,
  dateOf,
  dayMs,
  factor,
  type Merchant,
  popularMerchant,
  type Town,
} from "./made-up-customers.ts";
import type { LabelledTransaction } from "./transaction.ts";

/** A payment that has no number yet: numbers follow time, over all who pay. */
export type UnnumberedTransaction = Omit<LabelledTransaction, "id" | "at">;

/** When a customer's card was replaced, by its first number. */
export type Replacements = ReadonlyMap<string, { readonly fromMs: number; readonly card: string }>;

export function everydaySpending(town: Town, replaced: Replacements, random: Chance): UnnumberedTransaction[] {
  const made: UnnumberedTransaction[] = [];
  for (const customer of town.customers) {
    for (let day = Math.max(0, customer.openedDay); day < DAYS; day++) {
      for (const atMs of momentsOf(customer, day, random)) {
        made.push(purchase(town, customer, { atMs, day }, replaced, random));
      }
    }
  }
  return made;
}

/** One ordinary purchase, also what a ring does to look ordinary. */
export function ordinaryAmount(merchant: Merchant, spending: number, random: Chance): number {
  return cents(merchant.typical * spending * factor(0.5, random));
}

export function cents(amount: number): number {
  return Math.max(1, Math.round(amount * 100)) / 100;
}

function momentsOf(customer: Customer, day: number, random: Chance): number[] {
  const moments = Array.from({ length: eventsOf(customer.perDay, random) }, () => momentOf(customer, day, random));
  if (random() < 0.006) {
    const spree = momentOf(customer, day, random);
    for (let more = wholeBetween(3, 6, random); more > 0; more--)
      moments.push(spree + wholeBetween(1, 70, random) * 60_000);
  }
  return moments;
}

function momentOf({ nightOwl }: Customer, day: number, random: Chance): number {
  const atNight = random() < (nightOwl ? 0.6 : 0.03);
  return dayMs(day) + Math.floor((atNight ? between(0, 6, random) : between(7, 23.5, random)) * 3_600_000);
}

function purchase(
  town: Town,
  customer: Customer,
  { atMs, day }: { readonly atMs: number; readonly day: number },
  replaced: Replacements,
  random: Chance,
): UnnumberedTransaction {
  const merchant = random() < 0.8 ? pick(customer.favourites, random) : popularMerchant(town.merchants, random);
  const { trip } = customer;
  const away = trip !== undefined && day >= trip.fromDay && day <= trip.toDay;
  const replacement = replaced.get(customer.card);
  const own = customer.devices.findLast(({ fromDay }) => fromDay <= day)?.id ?? town.newDevice();
  return {
    atMs,
    card: replacement !== undefined && atMs >= replacement.fromMs ? replacement.card : customer.card,
    cardOpenedOn: dateOf(customer.openedDay),
    cardCountry: customer.country,
    device: deviceOf(town, own, away, random),
    merchant: merchant.id,
    category: merchant.category,
    country: away ? trip.country : customer.country,
    amount: cents(ordinaryAmount(merchant, customer.spending, random) * (random() < 0.01 ? between(4, 12, random) : 1)),
  };
}

/** Public terminals, mostly of travellers, have many honest cards; a private window is a device that is seen once. */
function deviceOf({ publicDevices, newDevice }: Town, own: string, away: boolean, random: Chance): string {
  if (random() < (away ? 0.15 : 0.008)) return pick(publicDevices, random);
  return random() < 0.015 ? newDevice() : own;
}

/** How often something happens that happens `mean` times on average (Poisson). */
function eventsOf(mean: number, random: Chance): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}
