// What was seen before a payment: the payments of its card, its device and its shop.
// Boundary: payments in the order of time in, counts and lists out; stands in for a feature store.
// Invariants: only what lies strictly before the asked moment is ever given, so that a score at noon knows nothing of the
// afternoon; labels are not given at all: the members that read this know nobody's complaints.
import type { LabelledTransaction, Transaction } from "./transaction.ts";

/** A payment without what became known later. */
export type PastTransaction = Omit<LabelledTransaction, "fraud">;

type ByTime = readonly PastTransaction[];

export class TransactionHistory {
  readonly #byCard: ReadonlyMap<string, ByTime>;
  readonly #byDevice: ReadonlyMap<string, ByTime>;
  readonly #byMerchant: ReadonlyMap<string, ByTime>;

  /** @param ordered payments in the order of time */
  constructor(ordered: ByTime) {
    this.#byCard = Map.groupBy(ordered, ({ card }) => card);
    this.#byDevice = Map.groupBy(ordered, ({ device }) => device);
    this.#byMerchant = Map.groupBy(ordered, ({ merchant }) => merchant);
  }

  /** The last payments of the card before a moment, the latest last. */
  ofCard(card: string, beforeMs: number, atMost: number): ByTime {
    const all = this.#byCard.get(card) ?? [];
    const end = firstFrom(all, beforeMs);
    return all.slice(Math.max(0, end - atMost), end);
  }

  /** How many different cards used the device in the time before a moment. */
  cardsOnDevice(device: string, beforeMs: number, withinMs: number): number {
    return new Set(between(this.#byDevice.get(device), beforeMs - withinMs, beforeMs).map(({ card }) => card)).size;
  }

  /** When the device was first seen, if it was before the moment. */
  deviceSeenSinceMs(device: string, beforeMs: number): number | undefined {
    const first = this.#byDevice.get(device)?.[0]?.atMs;
    return first !== undefined && first < beforeMs ? first : undefined;
  }

  /** How many payments the shop took in the time before a moment. */
  paymentsAt(merchant: string, beforeMs: number, withinMs: number): number {
    const all = this.#byMerchant.get(merchant) ?? [];
    return firstFrom(all, beforeMs) - firstFrom(all, beforeMs - withinMs);
  }
}

/** What rules and trees both look at: how this payment differs from what its card did before. */
export interface Circumstances {
  readonly usualAmount: number | undefined;
  readonly withinHour: number;
  readonly withinDay: number;
  readonly minutesSinceLast: number | undefined;
  readonly lastCountry: string | undefined;
  readonly countryIsNew: boolean;
  readonly deviceIsNew: boolean;
  readonly merchantIsNew: boolean;
  readonly cardsOnDevice: number;
  readonly deviceAgeDays: number;
  readonly cardAgeDays: number;
  readonly paymentsAtMerchant: number;
  readonly hour: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const REMEMBERED = 30;

export function circumstancesOf(transaction: Transaction, history: TransactionHistory): Circumstances {
  const atMs = Date.parse(transaction.at);
  const past = history.ofCard(transaction.card, atMs, REMEMBERED);
  const last = past.at(-1);
  const seenSinceMs = history.deviceSeenSinceMs(transaction.device, atMs);
  return {
    usualAmount: past.length === 0 ? undefined : past.reduce((sum, { amount }) => sum + amount, 0) / past.length,
    withinHour: past.filter((other) => other.atMs >= atMs - HOUR_MS).length,
    withinDay: past.filter((other) => other.atMs >= atMs - DAY_MS).length,
    minutesSinceLast: last === undefined ? undefined : (atMs - last.atMs) / 60_000,
    lastCountry: last?.country,
    countryIsNew:
      transaction.country !== transaction.cardCountry && !past.some(({ country }) => country === transaction.country),
    deviceIsNew: !past.some(({ device }) => device === transaction.device),
    merchantIsNew: !past.some(({ merchant }) => merchant === transaction.merchant),
    cardsOnDevice: history.cardsOnDevice(transaction.device, atMs, 14 * DAY_MS),
    deviceAgeDays: seenSinceMs === undefined ? 0 : (atMs - seenSinceMs) / DAY_MS,
    cardAgeDays: Math.max(0, (atMs - Date.parse(transaction.cardOpenedOn)) / DAY_MS),
    paymentsAtMerchant: history.paymentsAt(transaction.merchant, atMs, 7 * DAY_MS),
    hour: new Date(atMs).getUTCHours(),
  };
}

function between(all: ByTime | undefined, fromMs: number, beforeMs: number): ByTime {
  if (all === undefined) return [];
  return all.slice(firstFrom(all, fromMs), firstFrom(all, beforeMs));
}

/** The index of the first payment at or after a moment (binary search). */
function firstFrom(all: ByTime, ms: number): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((all[middle] as PastTransaction).atMs < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
