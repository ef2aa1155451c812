// Goal: the generated payments are repeatable, in order, and hold what the example says of them: thieves, rings of which
// one is new in the held-out days, and complaints that come days later.
import { expect, test } from "vitest";
import { Transaction } from "../src/transaction.ts";
import { GENERATOR_SEED, generateTransactions, HELD_OUT_FROM_MS } from "../src/transaction-generator.ts";

const DAY_MS = 86_400_000;
const payments = generateTransactions();
const fraudulent = (pattern: string) => payments.filter(({ fraud }) => fraud?.pattern === pattern);

test(`the same seed gives the same payments, another seed others (seed ${GENERATOR_SEED})`, () => {
  expect(generateTransactions()).toEqual(payments);
  expect(generateTransactions(GENERATOR_SEED + 1)[0]).not.toEqual(payments[0]);
});

test("they come in the order of time, each with its own number, and each is a valid request", () => {
  expect(payments.every(({ atMs }, index) => index === 0 || atMs >= (payments[index - 1]?.atMs ?? 0))).toBe(true);
  expect(new Set(payments.map(({ id }) => id)).size).toBe(payments.length);
  for (const payment of payments.slice(0, 2_000)) {
    const { fraud: _, atMs, ...request } = payment;
    expect(Transaction.parse(payment)).toEqual(request);
    expect(Date.parse(request.at)).toBe(atMs);
  }
});

test("fraud is rare, and every pattern is there on both sides of the split", () => {
  const frauds = payments.filter(({ fraud }) => fraud !== undefined);
  expect(frauds.length / payments.length).toBeLessThan(0.03);
  for (const pattern of ["stolen-card", "ring", "disputed"]) {
    const heldOut = fraudulent(pattern).filter(({ atMs }) => atMs >= HELD_OUT_FROM_MS).length;
    expect(heldOut).toBeGreaterThan(0);
    expect(fraudulent(pattern).length - heldOut).toBeGreaterThan(heldOut / 3);
  }
});

test("the bank learns of a fraud a day later at the earliest", () => {
  const delays = payments.flatMap(({ fraud, atMs }) => (fraud ? [fraud.confirmedAtMs - atMs] : []));
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(DAY_MS);
});

test("a ring's card is not used after its first confirmed fraud, and its devices are shared", () => {
  const ring = fraudulent("ring");
  for (const [card, used] of Map.groupBy(ring, ({ card }) => card)) {
    const firstKnownMs = Math.min(...used.map(({ fraud }) => fraud?.confirmedAtMs ?? Number.POSITIVE_INFINITY));
    const last = payments.findLast((payment) => payment.card === card);
    expect(last?.atMs).toBeLessThan(firstKnownMs);
  }
  const cardsOf = [...Map.groupBy(ring, ({ device }) => device).values()].map(
    (used) => new Set(used.map(({ card }) => card)).size,
  );
  expect(Math.max(...cardsOf)).toBeGreaterThan(5);
});

test("most of the held-out ring fraud runs over devices that no training payment knew", () => {
  const before = new Set(payments.filter(({ atMs }) => atMs < HELD_OUT_FROM_MS).map(({ device }) => device));
  const heldOut = fraudulent("ring").filter(({ atMs }) => atMs >= HELD_OUT_FROM_MS);
  const unknown = heldOut.filter(({ device }) => !before.has(device)).length;
  expect(unknown / heldOut.length).toBeGreaterThan(0.5);
});
