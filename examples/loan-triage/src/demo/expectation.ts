// Judges how a run ended against what its scenario says: the demonstration fails when one does not hold.
// Boundary: pure; says what is wrong in sentences. What the bank has on its books is reconciliation.ts's.
// Invariant: a run that an earlier process had begun is held to less, because the outage meant for it may have passed.
import { type RunView, stepOf } from "./run-view.ts";

/** The brief's rungs by their place in the ladder. */
const briefRungs = { "last good": "last good", template: "template" } as const;

export function unmetExpectations(
  view: RunView,
  models: { readonly primary: string; readonly secondary: string },
): string[] {
  const { application, outcome, output, failure } = view;
  const { mustEnd, sample } = application;
  const unmet: string[] = [];
  const demand = (held: boolean, sentence: string) => void (held || unmet.push(`${application.id}: ${sentence}`));
  demand(view.standing.length === 0, `left behind what it could not undo: ${view.standing.map(({ path }) => path)}`);
  if (output !== undefined) {
    const granted =
      output.via === "person" && (output.triage === "standard" || application.underwriter === "corrects the form");
    demand(sample.expected.triage.includes(output.triage), `triaged ${output.triage}, which is wrong`);
    demand(output.approved === granted, `${output.approved ? "granted" : "not granted"}, against the script`);
  }
  if (view.takenUp) return unmet;
  demand(
    outcome === mustEnd.outcome,
    `ended ${outcome} instead of ${mustEnd.outcome}${failure ? ` (${failure})` : ""}`,
  );
  if (mustEnd.via !== undefined) demand(output?.via === mustEnd.via, `decided via ${output?.via}, not ${mustEnd.via}`);
  if (mustEnd.briefBy !== undefined) {
    const rungs: Record<string, string> = { ...models, ...briefRungs };
    const answeredBy = stepOf(view, "summarise")?.answeredBy;
    demand(answeredBy === rungs[mustEnd.briefBy], `the brief is by ${answeredBy}, not by ${rungs[mustEnd.briefBy]}`);
  }
  if (mustEnd.retried !== undefined) {
    const attempts = stepOf(view, mustEnd.retried)?.attempts ?? 0;
    demand(attempts > 1, `${mustEnd.retried} took ${attempts} attempt, and its answer was to be lost once`);
  }
  if (mustEnd.undone !== undefined) {
    const status = stepOf(view, mustEnd.undone)?.status;
    demand(status === "undone", `${mustEnd.undone} is ${status} instead of undone`);
  }
  return unmet;
}
