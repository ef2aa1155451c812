// Card transactions in bulk: made from a seed, scored, masked; once as fixed records in bytes, once as a list of objects.
// Boundary: plain functions over values; no flow and no store. The transactions are generated, and so is what they say.
// Invariants: same seed and size, same content on every machine; every function gives a new value and leaves its argument alone,
// so that three steps make three different large values.
import { createHash } from "node:crypto";
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import { z } from "zod";

export const Transaction = z.object({
  id: z.int(),
  account: z.string(),
  merchant: z.string(),
  cents: z.int(),
  country: z.string(),
  at: z.string(),
  risk: z.number().min(0).max(1),
});
export type Transaction = z.infer<typeof Transaction>;

const MIB = 1024 * 1024;
const countries = ["AT", "CH", "DE", "ES", "FR", "GB", "IT", "NL", "PL", "US"];

/** One record: id, account, merchant, cents (4 bytes each), instant (8), risk (4), country (4). */
const RECORD = 32;
const firstInstant = Date.UTC(2026, 0, 1);

export function bytesOf(seed: number, mib: number): Uint8Array {
  const random = randomFrom(seed);
  const bytes = new Uint8Array(mib * MIB);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += RECORD) {
    view.setUint32(at, at / RECORD);
    view.setUint32(at + 4, random() * 2 ** 32);
    view.setUint32(at + 8, random() * 2 ** 16);
    view.setUint32(at + 12, random() ** 4 * 5_000_00);
    view.setFloat64(at + 16, firstInstant + (at / RECORD) * 40);
    view.setUint32(at + 28, random() * countries.length);
  }
  return bytes;
}

export function scoreBytes(records: Uint8Array): Uint8Array {
  const scored = records.slice();
  const view = new DataView(scored.buffer);
  for (let at = 0; at < scored.length; at += RECORD) {
    view.setFloat32(at + 24, riskOf(view.getUint32(at + 12), view.getUint32(at + 28)));
  }
  return scored;
}

export function maskBytes(records: Uint8Array): Uint8Array {
  const masked = records.slice();
  const view = new DataView(masked.buffer);
  for (let at = 0; at < masked.length; at += RECORD) view.setUint32(at + 4, view.getUint32(at + 4) % 10_000);
  return masked;
}

/** As many transactions as make `mib` of JSON text, a little more at most. */
export function listOf(seed: number, mib: number): Transaction[] {
  const random = randomFrom(seed);
  const list: Transaction[] = [];
  for (let length = 2; length < mib * MIB; ) {
    const transaction = transactionOf(list.length, random);
    list.push(transaction);
    length += JSON.stringify(transaction).length + 1;
  }
  return list;
}

function transactionOf(id: number, random: () => number): Transaction {
  return {
    id,
    account: `AC-${String(Math.floor(random() * 1e9)).padStart(9, "0")}`,
    merchant: `M-${Math.floor(random() * 65_536)}`,
    cents: Math.floor(random() ** 4 * 5_000_00),
    country: countries[Math.floor(random() * countries.length)] as string,
    at: new Date(firstInstant + id * 40).toISOString(),
    risk: 0,
  };
}

export function scoreList(list: readonly Transaction[]): Transaction[] {
  return list.map((one) => ({ ...one, risk: riskOf(one.cents, countries.indexOf(one.country)) }));
}

export function maskList(list: readonly Transaction[]): Transaction[] {
  return list.map((one) => ({ ...one, account: `…${one.account.slice(-4)}` }));
}

/** A rule and no model: dear and far away is risky. In steps of 1/1024, so that 4 bytes hold it exactly. */
function riskOf(cents: number, country: number): number {
  const share = Math.min(1, cents / 5_000_00) * 0.7 + (country / countries.length) * 0.3;
  return Math.round(share * 1024) / 1024;
}

export function hashOfBytes(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Of the JSON texts of its elements, one a line, so that hashing needs no second copy of the whole. */
export function hashOfList(list: readonly unknown[]): string {
  const hash = createHash("sha256");
  for (const one of list) hash.update(`${JSON.stringify(one)}\n`);
  return hash.digest("hex");
}
