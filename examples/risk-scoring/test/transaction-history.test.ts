// Goal: what the members look up ends strictly before the payment in question.
import { expect, test } from "vitest";
import { circumstancesOf, TransactionHistory } from "../src/transaction-history.ts";
import { habits, payment } from "./payment.ts";

test("the payment itself and what comes after it are not seen", () => {
  const now = payment();
  const history = new TransactionHistory([...habits(5), now, payment({ minute: 1, amount: 9_999, device: "D-9" })]);
  const seen = circumstancesOf(now, history);
  expect(seen).toMatchObject({ usualAmount: 40, withinHour: 0, withinDay: 1, cardsOnDevice: 1, deviceIsNew: false });
  expect(history.ofCard("C-1", now.atMs, 100)).toHaveLength(5);
});

test("a card without a past has no usual amount, and everything is new to it", () => {
  const seen = circumstancesOf(payment({ country: "FR" }), new TransactionHistory([]));
  expect(seen).toMatchObject({
    usualAmount: undefined,
    minutesSinceLast: undefined,
    deviceIsNew: true,
    merchantIsNew: true,
    countryIsNew: true,
    deviceAgeDays: 0,
  });
});

test("cards on a device are counted once each, and only those of the last 14 days", () => {
  const others = ["C-2", "C-3", "C-3"].map((card, index) => payment({ card, minute: -10 + index }));
  const longAgo = payment({ card: "C-4", minute: -15 * 24 * 60 });
  const history = new TransactionHistory([longAgo, ...others]);
  expect(circumstancesOf(payment(), history).cardsOnDevice).toBe(2);
});
