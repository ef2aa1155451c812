// Goal: confirmed fraud spreads to what is near it and to nothing else, and never before the bank knew.
import { expect, test } from "vitest";
import { RiskGraph } from "../src/risk-graph.ts";
import type { LabelledTransaction } from "../src/transaction.ts";
import { payment } from "./payment.ts";

const NOW_MS = payment().atMs;
const DAY_MS = 86_400_000;

/** Twenty honest cards, each with its own device, all at one large shop. */
const honest = Array.from({ length: 20 }, (_, at) =>
  payment({ card: `C-${at}`, device: `D-${at}`, merchant: "M-large", minute: -600 + at }),
);
const fraud = payment({
  card: "C-fraud",
  device: "D-ring",
  merchant: "M-front",
  minute: -500,
  fraud: { pattern: "ring", confirmedAtMs: NOW_MS - 60_000 },
});
const accomplice = payment({ card: "C-new", device: "D-ring", merchant: "M-large", minute: -400 });
const nextDevice = payment({ card: "C-new", device: "D-next", merchant: "M-large", minute: -300 });

const graphOf = (payments: readonly LabelledTransaction[], asOfMs = NOW_MS) => new RiskGraph(payments, asOfMs);

test("a card without any complaint is suspected when it shares a device with a fraud, and so is its next device", () => {
  const graph = graphOf([...honest, fraud, accomplice, nextDevice]);
  const risk = (name: string) => graph.riskOf(name) ?? Number.NaN;
  expect(risk("D-ring")).toBeGreaterThan(risk("C-new"));
  expect(risk("C-new")).toBeGreaterThan(risk("D-next"));
  expect(risk("D-next")).toBeGreaterThan(1.2 * risk("D-3"));
});

test("before the bank knew, the fraud is a payment like any other", () => {
  const confirmedLater = { ...fraud, fraud: { pattern: "ring" as const, confirmedAtMs: NOW_MS } };
  const graph = graphOf([...honest, confirmedLater, accomplice]);
  expect([graph.usual, graph.riskOf("D-ring"), graph.confirmedOn("C-fraud")]).toEqual([0, 0, 0]);
});

test("a large shop that a fraud visited too does not make its customers suspects", () => {
  const visit = { ...fraud, merchant: "M-large", minute: -490 };
  const graph = graphOf([...honest, visit]);
  expect(graph.riskOf("C-3")).toBeLessThan(0.25 * (graph.riskOf("C-fraud") ?? 0));
});

test("what was paid at or after the moment, or long before it, is not in the graph", () => {
  const old = payment({ card: "C-old", atMs: NOW_MS - 31 * DAY_MS });
  const graph = graphOf([old, ...honest, payment({ card: "C-late" })]);
  expect([graph.riskOf("C-old"), graph.riskOf("C-late")]).toEqual([undefined, undefined]);
  expect(graph.size).toEqual({ nodes: 41, edges: 40 });
});
