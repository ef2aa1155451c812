// One ordinary payment of a test, and what differs from it.
// Boundary: test data only. Invariant: without changes it is a payment that no rule minds.
import type { LabelledTransaction } from "../src/transaction.ts";

const START_MS = Date.UTC(2026, 0, 20, 12);
const MINUTE_MS = 60_000;

type Changes = Partial<LabelledTransaction> & { readonly minute?: number };

export function payment({ minute = 0, ...changes }: Changes = {}): LabelledTransaction {
  const atMs = changes.atMs ?? START_MS + minute * MINUTE_MS;
  return {
    id: `T-${minute}`,
    at: new Date(atMs).toISOString(),
    card: "C-1",
    cardOpenedOn: "2024-01-01",
    cardCountry: "DE",
    device: "D-1",
    merchant: "M-1",
    category: "groceries",
    country: "DE",
    amount: 40,
    ...changes,
    atMs,
  };
}

/** The same card and habits, once a day over the days before. */
export function habits(days: number, changes: Changes = {}): LabelledTransaction[] {
  return Array.from({ length: days }, (_, ago) => payment({ ...changes, minute: (ago - days) * 24 * 60 }));
}
