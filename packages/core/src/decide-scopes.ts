/**
 * What is due for a node that opens scopes: the next scope, an answer, or what follows when one of them failed.
 *
 * Boundary: decide.ts's part for branch, ensemble, map and loop. Invariants as there; a scope that failed and will be done
 * without is undone before that is said, so that what goes on can rely on it; one whose failure ends the run is undone
 * with the run. Work is proportional to what changed, never to the number of items.
 */
import type { Command, Draft, Environment } from "./command.ts";
import { failStep, maxLosses, rungFailure } from "./decide-step.ts";
import { needsUnwinding, unwind } from "./decide-undo.ts";
import type { Failure } from "./errors.ts";
import { isPart, type PlanEnsemble, type PlanLoop, type PlanMap, scopeOfItems } from "./plan.ts";
import { endsTheRun } from "./readings.ts";
import { type Frame, type Inside, isSettled, pathOf, type RunState, type Slot, slotAt } from "./state.ts";

export function decideOpen(state: RunState, slot: Slot, env: Environment, out: Draft): void {
  const { node } = slot;
  const inside = slot.inside as Inside;
  if (node.kind !== "map" || node.onFailure === "fail") {
    const [fallen] = inside.fallen;
    if (fallen) {
      failOwner(state, slot, scopeFailure(state, fallen), env, out, fallen.failed);
      return;
    }
  }
  const command = userCodeOf(state, slot);
  if (command && slot.losses >= maxLosses) failOwner(state, slot, rungFailure(slot), env, out);
  else if (command) out.commands.push(command);
  else if (node.kind === "map") decideMap(state, slot, node, inside, env, out);
  else if (node.kind === "loop") decideLoop(state, slot, node, inside, env, out);
  else if (node.kind === "ensemble") decideEnsemble(state, slot, node, inside, env, out);
  else if (inside.open === 0) out.entries.push({ kind: "scope.completed", at: env.now, slot: slot.id });
}

/** The call of user code that a node waits for now, if it does. Ask it of a node that is `open`. */
export function userCodeOf(state: RunState, slot: Slot): Command | undefined {
  const { node, id } = slot;
  const inside = slot.inside as Inside;
  if (node.kind === "loop") {
    const turn = inside.frames.length;
    if (inside.open === 0 && inside.values.length < turn) return { kind: "judge-turn", slot: id, turn };
    const atLimit = inside.values.length === turn && !inside.done && isAtLimit(slot, node, inside);
    return atLimit && node.atLimit === "function" ? { kind: "declare-answer", slot: id } : undefined;
  }
  if (node.kind !== "ensemble" || (inside.open > 0 && !inside.done)) return undefined;
  if (votesOf(state, slot).given >= node.quorum) return { kind: "combine", slot: id };
  return node.below.kind === "function" ? { kind: "declare-answer", slot: id } : undefined;
}

/** Items go on beside each other; those that failed are undone and done without. */
function decideMap(state: RunState, slot: Slot, node: PlanMap, inside: Inside, env: Environment, out: Draft): void {
  for (const frame of inside.fallen) decideFallenItem(state, slot, frame, env, out);
  const entry = { at: env.now, slot: slot.id };
  let next = inside.frames.length;
  // Of parts one at a time: each has the concurrency of the whole.
  const scope = scopeOfItems(node, inside.partLength !== undefined);
  const concurrency = scope === node.scope ? node.concurrency : 1;
  for (let open = inside.open; open < concurrency && next < inside.items.length; open++, next++) {
    out.entries.push({ kind: "scope.entered", ...entry, scope, key: next });
  }
  if (inside.open === 0 && next === inside.items.length && inside.frames.length === next) {
    out.entries.push({ kind: "scope.completed", ...entry });
  }
}

function decideFallenItem(state: RunState, slot: Slot, frame: Frame, env: Environment, out: Draft): void {
  const effects = effectsInside(state, frame);
  const entry = { at: env.now, slot: slot.id, key: frame.key as number };
  const need = { need: frame.failed as number };
  if (frame.phase === "running" && needsUnwinding(effects)) {
    out.entries.push({ kind: "scope.stopped", ...entry, failure: scopeFailure(state, frame), ...need });
  } else if (frame.phase === "running" || unwind(effects, env, out)) {
    const failure = frame.failure ?? scopeFailure(state, frame);
    out.entries.push({ kind: "scope.failed", ...entry, failure, ...need });
  }
}

function decideLoop(state: RunState, slot: Slot, node: PlanLoop, inside: Inside, env: Environment, out: Draft): void {
  if (inside.open > 0) return;
  const entry = { at: env.now, slot: slot.id };
  if (inside.done) {
    out.entries.push({ kind: "scope.completed", ...entry });
  } else if (!isAtLimit(slot, node, inside)) {
    out.entries.push({ kind: "scope.entered", ...entry, scope: node.scope, key: inside.frames.length + 1 });
  } else {
    const degraded = limitReason(slot);
    if (node.atLimit === "last") out.entries.push({ kind: "scope.completed", ...entry, degraded });
    else failOwner(state, slot, { kind: "limit", message: degraded }, env, out);
  }
}

function isAtLimit(slot: Slot, node: PlanLoop, inside: Inside): boolean {
  return inside.frames.length >= node.maxTurns || spentOf(slot, node) !== undefined;
}

/** Ten times 0.1 is a little less than 1 in binary, and has cost 1 all the same. */
const slack = 1 + 1e-9;

/** What a loop has cost, in words, when that is as much as it may. */
function spentOf(slot: Slot, { maxCost = {} }: PlanLoop): string | undefined {
  const { usd, tokens } = maxCost;
  if (usd !== undefined && slot.usd * slack >= usd) return `cost ${Number(slot.usd.toPrecision(6))} of ${usd} dollars`;
  return tokens !== undefined && slot.tokens >= tokens ? `cost ${slot.tokens} of ${tokens} tokens` : undefined;
}

/** Why a loop takes no more turns. Ask it of one at its limit. */
export function limitReason(slot: Slot): string {
  const turns = (slot.inside as Inside).frames.length;
  const spent = spentOf(slot, slot.node as PlanLoop);
  const reason = `not good enough after ${turns} ${turns === 1 ? "turn" : "turns"}`;
  return spent === undefined ? reason : `${reason}, which ${spent}`;
}

/** Everybody has spoken, or the rest cannot change the answer any more. */
function decideEnsemble(
  state: RunState,
  slot: Slot,
  node: PlanEnsemble,
  inside: Inside,
  env: Environment,
  out: Draft,
): void {
  const { given, undecided } = votesOf(state, slot);
  const entry = { at: env.now, slot: slot.id };
  if (!inside.done && undecided > 0) {
    const known = given >= node.quorum || given + undecided < node.quorum;
    if (node.settle === "quorum" && known) out.entries.push({ kind: "scope.closed", ...entry });
    return;
  }
  const message = `${given} of ${votesOf(state, slot).members} members gave an answer, ${node.quorum} are needed`;
  if (node.below.kind === "value") {
    out.entries.push({ kind: "scope.completed", ...entry, value: node.below.value, degraded: message });
  } else failOwner(state, slot, { kind: "quorum", message }, env, out);
}

/** How many members of an ensemble have given an answer that kept its contract, and how many may still. */
export function votesOf(
  state: RunState,
  slot: Slot,
): { readonly members: number; readonly given: number; readonly undecided: number } {
  const [frame] = (slot.inside as Inside).frames as [Frame];
  const members = frame.scope.nodes.map((_, node) => slotAt(state, frame.base + node));
  const given = members.filter(({ status }) => status === "completed").length;
  return { members: members.length, given, undecided: members.filter((member) => !isSettled(member)).length };
}

/** The node fails: with the run, or by itself, and then what its scopes did is undone first. */
function failOwner(state: RunState, slot: Slot, failure: Failure, env: Environment, out: Draft, need?: number): void {
  if (endsTheRun(state, slot) || !needsUnwinding(effectsInside(state, slot.inside as Inside))) {
    failStep(slot, failure, env, out, need);
  } else {
    const from = need === undefined ? {} : { need };
    out.entries.push({ kind: "scope.stopped", at: env.now, slot: slot.id, failure, ...from });
  }
}

/** Its scopes are being undone; then it has failed. */
export function decideStopped(state: RunState, slot: Slot, env: Environment, out: Draft): void {
  if (!endsTheRun(state, slot) && !unwind(effectsInside(state, slot.inside as Inside), env, out)) return;
  failStep(slot, slot.failure as Failure, env, out, slot.failedNeed);
}

function effectsInside(state: RunState, { effects }: Frame | Inside): Slot[] {
  return effects.map((id) => slotAt(state, id));
}

/** Names the slot that failed first, and keeps what went wrong there. */
export function scopeFailure(state: RunState, frame: Frame): Failure {
  let slot = slotAt(state, frame.failed as number);
  while (slot.failedNeed !== undefined) slot = slotAt(state, slot.failedNeed);
  return namedFailure(slot);
}

/** Why a slot failed, as it is told outside of its scope: with its path. What failed in a part has been named there. */
export function namedFailure(slot: Slot): Failure {
  const cause = slot.failure as Failure;
  if (slot.frame.owner === undefined || (isPart(slot.node) && cause.path !== undefined)) return cause;
  const path = pathOf(slot);
  return { kind: "scope", message: `${path} failed: ${cause.message}`, path, cause };
}
