// Goal: each member answers within the contract and with reasons, and the ring that no rule on amounts sees is seen.
import { expect, test } from "vitest";
import { loadRecords } from "../src/bank-records.ts";
import { MEMBER, membersOf } from "../src/members.ts";
import { loadModels } from "../src/models.ts";
import { Score } from "../src/score.ts";
import { HELD_OUT_FROM_MS } from "../src/transaction-generator.ts";

const records = loadRecords();
const members = membersOf(records, loadModels());
const DAY_MS = 86_400_000;
const oneDay = records.payments.filter(
  ({ atMs }) => atMs >= HELD_OUT_FROM_MS + 10 * DAY_MS && atMs < HELD_OUT_FROM_MS + 11 * DAY_MS,
);

test("every payment of a held-out day gets a valid score from every member", () => {
  for (const transaction of oneDay) {
    for (const member of MEMBER) expect(() => Score.parse(members[member]({ transaction }))).not.toThrow();
  }
});

test("a ring's cash-out is seen by the graph, which names what stands near to fraud", () => {
  const cashOuts = oneDay.filter(({ fraud }) => fraud?.pattern === "ring");
  const scores = cashOuts.map((transaction) => members.graph({ transaction }));
  const strongest = scores.toSorted((a, b) => b.risk - a.risk)[0];
  expect(strongest?.risk).toBeGreaterThan(0.7);
  expect(strongest?.reasons[0]).toMatch(/^[CDM]-\d+ stands \d+ times as near to fraud as usual/);
});

test("the trees tell which features raised the risk of this payment", () => {
  const stolen = records.payments.filter(
    ({ fraud, atMs }) => fraud?.pattern === "stolen-card" && atMs >= HELD_OUT_FROM_MS,
  );
  const scores = stolen.map((transaction) => members.trees({ transaction }));
  const strongest = scores.toSorted((a, b) => b.risk - a.risk)[0];
  expect(strongest?.risk).toBeGreaterThan(0.9);
  expect(strongest?.reasons.length).toBeGreaterThan(0);
  for (const reason of strongest?.reasons ?? []) expect(reason).toMatch(/^[a-z ]+: -?[\d.]+ \(log-odds \+\d+\.\d\)$/);
});
