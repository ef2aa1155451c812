// What the batch came to, in figures, and everything about it that is not as it must be.
// Boundary: counts and sentences from what was seen, and the recorded figures beside them; no printing.
// Invariant: `problems` is empty exactly when every unit is tracked once and the books agree with the answers.
import type { Inspected, InspectedUnit } from "./line.ts";
import { loadRecorded } from "./measure.ts";
import { reconcile } from "./reconciliation.ts";
import type { VIA } from "./unit-decision.ts";

export type Figures = ReturnType<typeof figuresOf>;

export interface Report {
  readonly units: readonly InspectedUnit[];
  readonly figures: Figures;
  readonly problems: readonly string[];
}

export function reportOf(inspected: Inspected): Report {
  const figures = figuresOf(inspected);
  const twice = inspected.units.filter(({ runs }) => runs.length !== 1);
  const problems = [
    ...figures.ledger.problems,
    ...twice.map(({ unit, runs }) => `${unit.unit}: ${runs.length} runs for one unit`),
  ];
  return { units: inspected.units, figures, problems };
}

function figuresOf({ units, books, ms }: Inspected) {
  const ended = units.map(({ unit, result }) => ({ unit: unit.unit, outcome: result.outcome, output: result.output }));
  const decided = units.filter(({ result }) => result.output !== undefined);
  const good = decided.filter(({ unit }) => unit.surface.kind === "ok");
  const defective = decided.filter(({ unit }) => unit.surface.kind !== "ok");
  const via = (how: (typeof VIA)[number]) => decided.filter(({ result }) => result.output?.via === how).length;
  const outcome = (name: string) => units.filter(({ result }) => result.outcome === name).length;
  const inBin = (some: readonly InspectedUnit[], bin: string) =>
    some.filter(({ result }) => result.output?.placed.bin === bin).length;
  return {
    units: units.length,
    passes: units.reduce((sum, { passes }) => sum + passes, 0),
    runs: units.reduce((sum, { runs }) => sum + runs.length, 0),
    succeeded: outcome("succeeded"),
    degraded: outcome("degraded"),
    failed: outcome("failed"),
    byRule: via("rule"),
    byPerson: via("person"),
    byTimeout: via("timeout"),
    good: good.length,
    defective: defective.length,
    escaped: inBin(defective, "stock"),
    wronglyScrapped: inBin(good, "scrap"),
    ledger: reconcile(ended, books),
    ms: Math.round(ms),
    /** Of detector, classifier and rule, as recorded by `npm run measure`. */
    heldOut: loadRecorded().all,
  };
}
