/**
 * What may begin before everything that was decided before it is durable.
 *
 * Boundary: which commands of a new run; whether the run is one in which anything is early is active-run.ts's. Invariant: only what
 * changes nothing outside, and would be asked again in the same way if the process died under it (rules 2, 3).
 */
import { type Command, slotAt } from "@plumbline/core";
import { hasContract } from "./answer.ts";
import type { PerformingRun } from "./host.ts";

/** Functions of values that change nothing and look at nothing, like pure steps. */
const questions: ReadonlySet<Command["kind"]> = new Set([
  "ask-condition",
  "ask-choice",
  "ask-instant",
  "list-items",
  "judge-turn",
  "combine",
]);

export function mayStartEarly(run: PerformingRun, command: Command): boolean {
  if (questions.has(command.kind)) return true;
  // An answer without a contract of its own is made of what is there already: no user code, nothing outside.
  if (command.kind === "answer") return !hasContract(run);
  if (command.kind !== "attempt") return false;
  const { node, attempts, frame } = slotAt(run.state, command.slot);
  if (node.kind !== "step" || node.stepKind === "effect") return false;
  // A read is early with the run's start only: a later attempt would leave no trace if the process died under it.
  const needsInputAlone = frame.owner === undefined && node.dependsOn.length === 0;
  return node.stepKind === "pure" || (needsInputAlone && attempts === 0);
}
