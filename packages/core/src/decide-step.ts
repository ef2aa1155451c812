/**
 * What is due for one step: its needs, its attempts, its ladder.
 *
 * Boundary: decide.ts's part for steps, with what all nodes share: blocked needs, failing, losses. Invariants as there.
 */
import type { Draft, Environment } from "./command.ts";
import { attemptOf, decideUndo } from "./decide-undo.ts";
import type { Failure } from "./errors.ts";
import type { PlanNode, PlanRung, PlanStep } from "./plan.ts";
import { skippedAmong } from "./resolve.ts";
import { retryDelayMs } from "./retry.ts";
import { pathOf, type RunState, type Slot, siblingOf } from "./state.ts";

/** After so many losses of one rung with its process, the rung is given up (rule 5). */
export const maxLosses = 5;

/** A need that was skipped or failed settles its readers too, unless they absorb it (rule 15). */
export function blocked(state: RunState, slot: Slot, env: Environment, out: Draft): boolean {
  let anySkipped = false;
  for (const { node, absorbs } of slot.node.dependsOn) {
    const need = siblingOf(state, slot.frame, node);
    if (need.status === "failed" && absorbs !== "failure") {
      failStep(slot, needFailure(need), env, out, need.id);
      return true;
    }
    anySkipped ||= need.status === "skipped";
  }
  if (slot.status === "pending" || !(anySkipped || slot.node.readsOutside)) return false;
  const skipped = skippedAmong(state, slot.frame, [slot.node.needs, ...(slot.node.after ?? [])]);
  if (skipped === undefined) return false;
  out.entries.push({ kind: "step.skipped", at: env.now, slot: slot.id, because: skipped });
  return true;
}

/** Names the need, and keeps what went wrong first: a chain of causes would grow with the graph. */
function needFailure(need: Slot): Failure {
  const failure = need.failure as Failure;
  const cause = need.failedNeed === undefined ? failure : (failure.cause ?? failure);
  return { kind: "need", message: `its need ${pathOf(need)} failed: ${cause.message}`, cause };
}

export function decideAttempt(slot: Slot, node: PlanStep, env: Environment, out: Draft): void {
  const rung = node.rungs[slot.rung] as PlanRung;
  if (rung.breaker && slot.admission === undefined) {
    out.commands.push({ kind: "ask-breaker", slot: slot.id, breaker: rung.breaker, desk: false });
  } else {
    const command = attemptOf(slot);
    if (node.stepKind === "effect") out.entries.push({ ...command, kind: "attempt.started", at: env.now });
    else out.commands.push(command);
  }
}

/** An effect in doubt is being undone on its way down the ladder. */
export function decideUndoing(slot: Slot, node: PlanStep, env: Environment, out: Draft): void {
  decideUndo(slot, node.compensation as NonNullable<PlanStep["compensation"]>, env, out);
  if (slot.undo === "done") enterNextRung(slot, node, env, out);
  if (slot.undo === "abandoned") failStep(slot, inDoubt(rungFailure(slot), "could not be undone"), env, out);
}

/** User code of it (a rung, a condition, a declared decision) took the process down too often (rule 5). */
export function giveUpCrashed(slot: Slot, node: PlanNode, env: Environment, out: Draft): void {
  if (node.kind === "step") giveUpRung(slot, node, env, out);
  else failStep(slot, rungFailure(slot), env, out);
}

/** Why the rung that is given up did not answer. */
export function rungFailure(slot: Slot): Failure {
  if (slot.losses < maxLosses) return slot.failure as Failure;
  const what = slot.node.kind === "step" ? (slot.node.rungs[slot.rung] as PlanRung).name : slot.node.name;
  return { kind: "crashed", message: `the process died ${slot.losses} times while ${what} was running` };
}

export function decideAfterFailure(slot: Slot, node: PlanStep, env: Environment, out: Draft): void {
  const { retry } = node.rungs[slot.rung] as PlanRung;
  if (!slot.retryable || slot.rungAttempts >= retry.maxAttempts) {
    giveUpRung(slot, node, env, out);
    return;
  }
  const dueAt = env.now + retryDelayMs(retry, slot.rungAttempts, env.chance());
  out.entries.push({ kind: "retry.scheduled", at: env.now, slot: slot.id, dueAt });
}

/** Down the ladder; an effect in doubt is undone first, and holds the ladder where it cannot be (rule 7). */
function giveUpRung(slot: Slot, node: PlanStep, env: Environment, out: Draft): void {
  const failure = rungFailure(slot);
  const last = slot.rung + 1 >= node.rungs.length;
  if (last) failStep(slot, failure, env, out);
  else if (!slot.inDoubt) enterNextRung(slot, node, env, out);
  else if (node.compensation) decideUndo(slot, node.compensation, env, out);
  else failStep(slot, inDoubt(failure, "cannot be undone: the step declares no compensate"), env, out);
}

function enterNextRung(slot: Slot, node: PlanStep, env: Environment, out: Draft): void {
  const above = node.rungs[slot.rung] as PlanRung;
  const because = `${above.name}: ${rungFailure(slot).message}`;
  out.entries.push({ kind: "rung.entered", at: env.now, slot: slot.id, rung: slot.rung + 1, because });
}

function inDoubt(cause: Failure, why: string): Failure {
  return { kind: "in-doubt", message: `in doubt and ${why}; it was: ${cause.message}`, cause };
}

export function failStep(slot: Slot, failure: Failure, env: Environment, out: Draft, need?: number): void {
  const because = need === undefined ? {} : { need };
  out.entries.push({ kind: "step.failed", at: env.now, slot: slot.id, failure, ...because });
}
