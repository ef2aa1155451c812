// Invents the people and shops of the generated payments: customers with habits, a household, trips; merchants.
// Boundary: chance in, people out; what they buy is everyday-spending.ts, who cheats is the fraud files.
// Invariants: same seed, same people; ids are running numbers and tell nothing of what their owner does.
import { pick, wholeBetween } from "@plumbline/example-local-models/seeded-random.ts";
import { CATEGORY, type Category } from "./transaction.ts";

export const DAYS = 60;
export const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2026, 0, 5);
const COUNTRIES = ["DE", "FR", "NL", "ES", "PL", "IT"] as const;
const CUSTOMERS = 1_200;
const MERCHANTS = 300;
const PUBLIC_DEVICES = 6;

export type Chance = () => number;

export interface Merchant {
  readonly id: string;
  readonly category: Category;
  /** EUR, of an ordinary purchase there. */
  readonly typical: number;
}

export interface Customer {
  readonly card: string;
  /** Day of the period; negative: before it began. */
  readonly openedDay: number;
  readonly country: string;
  readonly perDay: number;
  /** Multiplies what is typical of a shop. */
  readonly spending: number;
  readonly nightOwl: boolean;
  readonly favourites: readonly Merchant[];
  readonly devices: readonly { readonly id: string; readonly fromDay: number }[];
  readonly trip?: { readonly fromDay: number; readonly toDay: number; readonly country: string };
}

export interface Town {
  readonly customers: readonly Customer[];
  readonly merchants: readonly Merchant[];
  readonly publicDevices: readonly string[];
  /** A device that nobody has used before. */
  readonly newDevice: () => string;
  readonly newCard: () => string;
}

const TYPICAL: Readonly<Record<Category, number>> = {
  groceries: 35,
  clothes: 60,
  electronics: 140,
  "gift-cards": 50,
  travel: 160,
  services: 45,
};

export function makeTown(random: Chance): Town {
  const newDevice = numbered("D");
  const newCard = numbered("C");
  const newMerchant = numbered("M");
  const merchants = Array.from({ length: MERCHANTS }, () => {
    const category = pick(CATEGORY, random);
    return { id: newMerchant(), category, typical: TYPICAL[category] * between(0.5, 1.8, random) };
  });
  const publicDevices = Array.from({ length: PUBLIC_DEVICES }, newDevice);
  const customers: Customer[] = [];
  for (let made = 0; made < CUSTOMERS; made++) {
    const partner = customers.at(-1);
    const shared = partner !== undefined && random() < 0.2 ? partner.devices[0] : undefined;
    customers.push(makeCustomer({ card: newCard(), device: shared?.id ?? newDevice(), newDevice, merchants, random }));
  }
  return { customers, merchants, publicDevices, newDevice, newCard };
}

interface Origins {
  readonly card: string;
  readonly device: string;
  readonly newDevice: () => string;
  readonly merchants: readonly Merchant[];
  readonly random: Chance;
}

function makeCustomer({ card, device, newDevice, merchants, random }: Origins): Customer {
  const country = pick(COUNTRIES, random);
  const devices = [{ id: device, fromDay: -1 }];
  if (random() < 0.4) devices.push({ id: newDevice(), fromDay: wholeBetween(1, DAYS - 1, random) });
  const tripFrom = wholeBetween(0, DAYS - 3, random);
  const trip = {
    fromDay: tripFrom,
    toDay: tripFrom + wholeBetween(3, 12, random),
    country: anotherCountry(country, random),
  };
  return {
    card,
    openedDay: random() < 0.25 ? wholeBetween(0, DAYS - 5, random) : -wholeBetween(30, 2_000, random),
    country,
    perDay: between(0.1, 0.8, random),
    spending: between(0.6, 1.8, random),
    nightOwl: random() < 0.06,
    favourites: Array.from({ length: 7 }, () => popularMerchant(merchants, random)),
    devices,
    ...(random() < 0.3 ? { trip } : {}),
  };
}

/** The first of the list are visited most. */
export function popularMerchant(merchants: readonly Merchant[], random: Chance): Merchant {
  return merchants[Math.floor(merchants.length * random() ** 2)] as Merchant;
}

export function anotherCountry(country: string, random: Chance): string {
  return pick(
    COUNTRIES.filter((other) => other !== country),
    random,
  );
}

export function between(low: number, high: number, random: Chance): number {
  return low + (high - low) * random();
}

/** A factor around 1: two thirds of them between 1/e^spread and e^spread. */
export function factor(spread: number, random: Chance): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(spread * normal);
}

export function dayMs(day: number): number {
  return FIRST_DAY_MS + day * DAY_MS;
}

export function dateOf(day: number): string {
  return new Date(dayMs(day)).toISOString().slice(0, 10);
}

function numbered(letter: string): () => string {
  let count = 0;
  return () => `${letter}-${String(++count).padStart(4, "0")}`;
}
