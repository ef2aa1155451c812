// Invents the fraud among the payments: thieves with stolen cards, and rings of made-up customers who share devices and
// cash out at shops of their own with amounts that nobody wonders about.
// Boundary: the town in, fraudulent payments (and what rings do to look honest) out.
// Invariants: the bank learns of a fraud days later, never at once; a card that it knows of is not used again; each ring
// moves on to new devices, but its cards overlap, because that is what a graph can find.
import { pick, wholeBetween } from "@plumbline/example-local-models/seeded-random.ts";
import { cents, ordinaryAmount, type Replacements, type UnnumberedTransaction } from "./everyday-spending.ts";
import {
  anotherCountry,
  between,
  type Chance,
  type Customer,
  DAY_MS,
  DAYS,
  dateOf,
  dayMs,
  type Merchant,
  popularMerchant,
  type Town,
} from "./made-up-customers.ts";

const THEFTS = 110;
/** The third begins shortly before the held-out days: of it, training has seen next to nothing. */
const RINGS = [
  { fromDay: 3, toDay: 29 },
  { fromDay: 14, toDay: 51 },
  { fromDay: 36, toDay: 59 },
] as const;
const DEVICES_AT_A_TIME = 4;
const DAYS_TO_NEW_DEVICES = 10;

export function stolenCards(town: Town, random: Chance): { made: UnnumberedTransaction[]; replaced: Replacements } {
  const made: UnnumberedTransaction[] = [];
  const replaced = new Map<string, { fromMs: number; card: string }>();
  let device = town.newDevice();
  for (let theft = 0; theft < THEFTS; theft++) {
    const victim = pick(town.customers, random);
    const day = wholeBetween(2, DAYS - 1, random);
    if (victim.openedDay >= day || replaced.has(victim.card)) continue;
    if (random() > 0.35) device = town.newDevice();
    // One in four sits in the victim's own device.
    const from = random() < 0.25 ? (victim.devices[0]?.id ?? device) : device;
    const spent = theftOf(victim, { day, device: from, merchants: town.merchants, random });
    const fromMs = Math.min(...spent.map(({ fraud }) => fraud?.confirmedAtMs ?? Number.POSITIVE_INFINITY));
    replaced.set(victim.card, { fromMs, card: town.newCard() });
    made.push(...spent);
  }
  return { made, replaced };
}

interface Theft {
  readonly day: number;
  readonly device: string;
  readonly merchants: readonly Merchant[];
  readonly random: Chance;
}

function theftOf(victim: Customer, { day, device, merchants, random }: Theft): UnnumberedTransaction[] {
  // A careful thief spends what the owner would, from the owner's country, and waits in between.
  const careful = random() < 0.4;
  const country = careful || random() < 0.3 ? victim.country : anotherCountry(victim.country, random);
  const resold = merchants.filter(({ category }) => category === "electronics" || category === "gift-cards");
  let atMs = dayMs(day) + Math.floor(between(random() < 0.5 ? 0 : 7, random() < 0.5 ? 6 : 22, random) * 3_600_000);
  return Array.from({ length: wholeBetween(2, 8, random) }, () => {
    atMs += Math.floor((careful ? between(20, 240, random) : between(1, 12, random)) * 60_000);
    const merchant = random() < 0.7 ? pick(resold, random) : popularMerchant(merchants, random);
    const greed = careful ? between(0.8, 2, random) : between(1.5, 6, random);
    return {
      atMs,
      card: victim.card,
      cardOpenedOn: dateOf(victim.openedDay),
      cardCountry: victim.country,
      device,
      merchant: merchant.id,
      category: merchant.category,
      country,
      amount: cents(merchant.typical * victim.spending * greed),
      fraud: { pattern: "stolen-card" as const, confirmedAtMs: atMs + wholeBetween(1, 8, random) * DAY_MS },
    };
  });
}

export function fraudRings(town: Town, random: Chance): UnnumberedTransaction[] {
  return RINGS.flatMap(({ fromDay, toDay }) => {
    const generations = Math.ceil((toDay - fromDay + 1) / DAYS_TO_NEW_DEVICES);
    const devices = Array.from({ length: generations }, () =>
      Array.from({ length: DEVICES_AT_A_TIME }, town.newDevice),
    );
    // Small shops that honest people visit too.
    const fronts = Array.from({ length: 3 }, () => pick(town.merchants.slice(town.merchants.length / 2), random));
    const country = pick(town.customers, random).country;
    const devicesOn = (day: number) => devices[Math.floor((day - fromDay) / DAYS_TO_NEW_DEVICES)] ?? [];
    const made: UnnumberedTransaction[] = [];
    for (let day = fromDay; day <= toDay - 3; day++) {
      if (random() < 0.85) {
        const card = { card: town.newCard(), openedDay: day, country };
        made.push(...lifeOfRingCard(card, { fronts, devicesOn, lastDay: toDay, merchants: town.merchants, random }));
      }
    }
    return made;
  });
}

interface Ring {
  readonly fronts: readonly Merchant[];
  readonly devicesOn: (day: number) => readonly string[];
  readonly lastDay: number;
  readonly merchants: readonly Merchant[];
  readonly random: Chance;
}

function lifeOfRingCard(
  { card, openedDay, country }: { readonly card: string; readonly openedDay: number; readonly country: string },
  { fronts, devicesOn, lastDay, merchants, random }: Ring,
): UnnumberedTransaction[] {
  const pay = (day: number, cashesOut: boolean): UnnumberedTransaction => {
    const merchant = cashesOut && random() < 0.8 ? pick(fronts, random) : popularMerchant(merchants, random);
    const atMs = dayMs(day) + Math.floor(between(7, 23, random) * 3_600_000);
    const confirmedAtMs = atMs + wholeBetween(2, 9, random) * DAY_MS;
    return {
      atMs,
      card,
      cardOpenedOn: dateOf(openedDay),
      cardCountry: country,
      device: pick(devicesOn(day), random),
      merchant: merchant.id,
      category: merchant.category,
      country,
      amount: cashesOut ? cents(between(40, 190, random)) : ordinaryAmount(merchant, 1, random),
      ...(cashesOut ? { fraud: { pattern: "ring" as const, confirmedAtMs } } : {}),
    };
  };
  const dayIn = (from: number, to: number) => Math.min(lastDay, openedDay + wholeBetween(from, to, random));
  const ordinary = Array.from({ length: wholeBetween(1, 4, random) }, () => pay(dayIn(0, 5), false));
  const cashed = Array.from({ length: wholeBetween(3, 6, random) }, () => pay(dayIn(2, 9), true));
  const blockedAtMs = Math.min(...cashed.map(({ fraud }) => fraud?.confirmedAtMs ?? Number.POSITIVE_INFINITY));
  return [...ordinary, ...cashed].filter(({ atMs }) => atMs < blockedAtMs);
}
