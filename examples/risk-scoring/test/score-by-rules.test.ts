// Goal: the rules are silent about ordinary payments, say what they found about others, and never take risk away.
import { expect, test } from "vitest";
import { scoreByRules } from "../src/score-by-rules.ts";
import { TransactionHistory } from "../src/transaction-history.ts";
import { habits, payment } from "./payment.ts";

const history = new TransactionHistory(habits(20));

test("an ordinary payment of a known card scores 0, without reasons", () => {
  expect(scoreByRules(payment(), history)).toEqual({ risk: 0, reasons: [] });
});

test("each finding is told in words that a person can check", () => {
  const abroad = scoreByRules(payment({ country: "FR", device: "D-9" }), history);
  expect(abroad.reasons).toEqual(["a new device in FR, the card is of DE"]);
  const large = scoreByRules(payment({ amount: 400 }), history);
  expect(large.reasons).toEqual(["EUR 400, usually about EUR 40"]);
});

test("a thief's burst at night from a new device abroad is far above 0.7, the strongest reason first", () => {
  const burst = [3, 6, 9].map((minute) =>
    payment({ minute: minute - 9 * 60, country: "FR", device: "D-9", merchant: "M-2", category: "electronics" }),
  );
  const next = payment({ minute: 12 - 9 * 60, country: "ES", device: "D-8", category: "gift-cards", amount: 500 });
  const { risk, reasons } = scoreByRules(next, new TransactionHistory([...habits(20), ...burst]));
  expect(risk).toBeGreaterThan(0.9);
  expect(reasons[0]).toMatch(/3 payments in the hour before|a new device in ES/);
  expect(reasons).toContain("in FR 3 minutes before, now in ES");
});

test("one more finding never lowers the risk", () => {
  const one = scoreByRules(payment({ amount: 400 }), history).risk;
  const two = scoreByRules(payment({ amount: 400, country: "FR", device: "D-9" }), history).risk;
  expect(two).toBeGreaterThan(one);
  expect(two).toBeLessThanOrEqual(1);
});
