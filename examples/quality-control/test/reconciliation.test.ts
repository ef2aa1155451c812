// Goal: whatever is wrong between the warehouse's books and the answers is found and named; what is right is left alone.
import { expect, test } from "vitest";
import type { Books } from "../src/inventory/client.ts";
import type { LedgerRow } from "../src/inventory/stock-ledger.ts";
import { type EndedUnit, reconcile } from "../src/reconciliation.ts";

const good: EndedUnit = {
  unit: "U-001",
  outcome: "succeeded",
  output: {
    unit: "U-001",
    passed: true,
    finding: "none",
    via: "rule",
    placed: { bin: "stock", movementId: "M-000001", labelId: "L-000001" },
  },
};
const failed: EndedUnit = { unit: "U-002", outcome: "failed" };
const moved = row("moved", "U-001", "M-000001");
const label = { idempotencyKey: "l", labelId: "L-000001", unit: "U-001", valid: true };
const books = (changes: Partial<Books> = {}): Books => ({
  movements: [moved],
  counts: { stock: 1, scrap: 0 },
  labels: [label],
  ...changes,
});

test("a unit in stock and one whose movement was undone agree with the books", () => {
  const movements = [moved, row("moved", "U-002", "M-000002"), row("undone", "U-002", "M-000002")];
  expect(reconcile([good, failed], books({ movements }))).toEqual({
    problems: [],
    moved: 2,
    undone: ["U-002"],
    stock: 1,
    scrap: 0,
    setAside: ["U-002"],
  });
});

test.each([
  ["moved twice", [good], { movements: [moved, moved] }, "U-001: moved 2 times"],
  ["in no bin", [good], { movements: [], counts: { stock: 0, scrap: 0 } }, 'the warehouse says ""'],
  ["in the wrong bin", [good], { movements: [row("moved", "U-001", "M-000001", "scrap")] }, "scrap M-000001"],
  ["without its label", [good], { labels: [] }, "U-001: 0 labels"],
  ["failed, and still in a bin", [{ ...good, outcome: "failed" }], {}, "U-001: failed, and it lies in a bin"],
  ["unknown to every run", [good], { movements: [moved, row("moved", "U-009", "M-000009")] }, "U-009, which no run"],
  ["in the count, and nowhere else", [good], { counts: { stock: 2, scrap: 0 } }, "2 in stock"],
  ["run twice", [good, good], {}, "2 runs for 1 units"],
] as const)("a unit %s is named", (_, ended, changes, problem) => {
  const { problems } = reconcile(ended, books(changes as Partial<Books>));
  expect(problems.join("\n")).toContain(problem);
});

function row(kind: LedgerRow["kind"], unit: string, movementId: string, bin: LedgerRow["bin"] = "stock"): LedgerRow {
  return { seq: 1, at: "2026-01-01T00:00:00Z", kind, idempotencyKey: unit, movementId, unit, bin };
}
