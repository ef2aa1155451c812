/**
 * `decide`: what should happen next, given where a run stands.
 *
 * Boundary: reads the state, writes nothing; gives entries to append (decisions that need nobody) and commands for the
 * engine to perform. Invariants: idempotent: the same state, instant and chance give the same decision, so it can be
 * asked again after any crash; called after the fold, never during it; a slot has at most one command due at a time.
 */
import type { Command, Decision, Draft, Environment } from "./command.ts";
import { decideExpired, decideRequest } from "./decide-approval.ts";
import { decideOpen, decideStopped, namedFailure } from "./decide-scopes.ts";
import { blocked, decideAfterFailure, decideAttempt, decideUndoing, giveUpCrashed, maxLosses } from "./decide-step.ts";
import { attemptOf, unwind } from "./decide-undo.ts";
import { decideCall, decideSignal, decideSignalTimeout, decideSleep } from "./decide-waiting.ts";
import type { Entry } from "./entries.ts";
import type { Failure } from "./errors.ts";
import { evolve } from "./evolve.ts";
import { applies, type SlotEntry } from "./guard.ts";
import type { PlanStep } from "./plan.ts";
import { isFatal } from "./readings.ts";
import { type Inside, isLive, isSettled, type RunState, type Slot, siblingOf, slotAt } from "./state.ts";

/**
 * What is due for the given slots (all by default) and for the run itself.
 */
export function decide(state: RunState, env: Environment, slots?: Iterable<number>): Decision {
  const decision: Draft = { entries: [], commands: [] };
  draftFor(state, env, [...(slots ?? state.slots.keys())], decision);
  return decision;
}

function draftFor(state: RunState, env: Environment, slots: readonly number[], out: Draft): void {
  if (state.phase === "ended" || state.frames.length === 0) return;
  if (state.phase === "running") for (const id of slots) decideSlot(state, slotAt(state, id), env, out);
  if (state.phase !== "held" && out.entries.length === 0) decideRun(state, env, out);
}

/**
 * Decides and folds until nobody but the outside can go on: gives all entries that were decided, in order, and the
 * commands that are due after them; both belong to the caller. Reads and clears `state.touched`. `entries` is where they are
 * put as they are folded, so that the two agree whatever happens.
 */
export function advance(state: RunState, env: Environment, entries: Entry[] = []): Draft {
  let commands: Command[] = [];
  for (;;) {
    const slots = distinct(state.touched);
    state.touched = [];
    const { phase, closings } = state;
    const draft: Draft = { entries: [], commands };
    draftFor(state, env, slots, draft);
    if (draft.entries.length === 0) return { entries, commands };
    for (const entry of draft.entries) {
      if (!isStillMeant(state, entry)) continue;
      evolve(state, entry);
      entries.push(entry);
    }
    if (state.phase !== phase)
      commands = []; // what was due in the old phase is not due in the new one
    else if (state.closings !== closings) commands = commands.filter((command) => isDue(state, command));
  }
}

/** Mostly one or two that differ: a set is made only for more. */
function distinct(slots: readonly number[]): readonly number[] {
  if (slots.length < 2 || (slots.length === 2 && slots[0] !== slots[1])) return slots;
  return [...new Set(slots)];
}

/** An entry before it, of the same decision, may have closed the part that it speaks of. */
function isStillMeant(state: RunState, entry: Entry): boolean {
  if (!("slot" in entry) || entry.slot === undefined || entry.kind === "run.stopped") return true;
  return applies(state, slotAt(state, entry.slot), entry as SlotEntry);
}

function decideSlot(state: RunState, slot: Slot, env: Environment, out: Draft): void {
  if (!isLive(state, slot.frame)) return;
  const { node } = slot;
  switch (slot.status) {
    case "pending":
    case "ready":
      if (blocked(state, slot, env, out) || slot.status === "pending") return;
      if (slot.losses >= maxLosses) giveUpCrashed(slot, node, env, out);
      else if (node.when && !slot.conditionMet) out.commands.push({ kind: "ask-condition", slot: slot.id });
      else decideReady(state, slot, env, out);
      return;
    case "running":
      out.commands.push(attemptOf(slot));
      return;
    case "broken":
      decideAfterFailure(slot, node as PlanStep, env, out);
      return;
    case "undoing":
      decideUndoing(slot, node as PlanStep, env, out);
      return;
    case "awaiting":
      decideSignal(state, slot, env, out);
      return;
    case "expired":
      if (node.kind === "approval") decideExpired(slot, node, env, out);
      else decideSignalTimeout(slot, env, out);
      return;
    case "called":
      if (slot.losses >= maxLosses) giveUpCrashed(slot, node, env, out);
      else out.commands.push({ kind: "call", slot: slot.id, run: slot.call as string });
      return;
    case "open":
      decideOpen(state, slot, env, out);
      return;
    case "stopping":
      decideStopped(state, slot, env, out);
      return;
    default: // asked, sleeping and backing-off wait for their timers; the others have settled
  }
}

/** Nothing holds it up any more. */
function decideReady(state: RunState, slot: Slot, env: Environment, out: Draft): void {
  const { node, id } = slot;
  switch (node.kind) {
    case "step":
      decideAttempt(slot, node, env, out);
      return;
    case "approval":
      decideRequest(slot, node, env, out);
      return;
    case "branch":
      out.commands.push({ kind: "ask-choice", slot: id });
      return;
    case "map":
      out.commands.push({ kind: "list-items", slot: id });
      return;
    case "ensemble":
      out.entries.push({ kind: "scope.entered", at: env.now, slot: id, scope: node.scope });
      return;
    case "loop":
      out.entries.push({ kind: "scope.entered", at: env.now, slot: id, scope: node.scope, key: 1 });
      return;
    case "call":
      decideCall(state, slot, env, out);
      return;
    case "sleep":
      decideSleep(slot, node, env, out);
      return;
    case "signal":
      decideSignal(state, slot, env, out);
  }
}

function decideRun(state: RunState, env: Environment, out: Draft): void {
  if (state.phase === "stopping") {
    decideStopping(state, env, out);
    return;
  }
  const cause = firstCause(state);
  if (cause === "cancel") {
    const reason = state.cancel?.reason === undefined ? "" : `: ${state.cancel.reason}`;
    const failure: Failure = { kind: "cancelled", message: `cancelled${reason}` };
    out.entries.push({ kind: "run.stopped", at: env.now, cause, failure });
  } else if (cause === "deadline") {
    const failure: Failure = { kind: "deadline", message: "the run's deadline passed" };
    out.entries.push({ kind: "run.stopped", at: env.now, cause, failure });
  } else if (cause !== undefined) {
    const failure = namedFailure(slotAt(state, cause));
    out.entries.push({ kind: "run.stopped", at: env.now, cause: "failure", slot: cause, failure });
  } else if (state.frames[0]?.unsettled === 0) {
    if (state.answerLosses < maxLosses) out.commands.push({ kind: "answer" });
    else out.entries.push({ kind: "run.stopped", at: env.now, cause: "failure", failure: crashedAnswer });
  }
}

const crashedAnswer: Failure = {
  kind: "crashed",
  message: `the process died ${maxLosses} times while the flow's answer was given and judged`,
};

function decideStopping(state: RunState, env: Environment, out: Draft): void {
  const effects = state.effects.map((id) => slotAt(state, id));
  if (!unwind(effects, env, out)) return;
  const { cause, failure } = state.stop as NonNullable<RunState["stop"]>;
  if (cause === "deadline" && state.plan.deadline?.answers && state.answerLosses < maxLosses) {
    out.commands.push({ kind: "answer-deadline" });
  } else {
    const outcome = cause === "cancel" || cause === "parent" ? "cancelled" : "failed";
    out.entries.push({ kind: "run.ended", at: env.now, outcome, ...(failure ? { failure } : {}) });
  }
}

/** What comes first in the journal of what ends the run: a cancel, the deadline, or a failure that leads to a fatal one. */
function firstCause(state: RunState): RunState["causes"][number] | undefined {
  const { causes } = state;
  if (causes.length === 0) return undefined;
  const fatal = causes.filter((id) => {
    if (typeof id !== "number") return false;
    const slot = slotAt(state, id);
    return slot.frame.owner === undefined && isFatal(slot);
  }) as number[];
  const origins = new Set<unknown>();
  for (const id of fatal) addOrigins(state, slotAt(state, id), origins);
  return causes.find((cause) => typeof cause === "string" || origins.has(cause));
}

/** The slots that failed by themselves and whose failure reached this one. */
function addOrigins(state: RunState, slot: Slot, origins: Set<unknown>): void {
  const behind = [slot];
  for (const seen = new Set(behind); behind.length > 0; ) {
    const { id, frame, node, failedNeed, inside } = behind.pop() as Slot;
    if (failedNeed === undefined) origins.add(id);
    else if (slotAt(state, failedNeed).frame !== frame) behind.push(...fallenInside(state, inside as Inside));
    for (const dependency of node.dependsOn) {
      const need = siblingOf(state, frame, dependency.node);
      if (need.status !== "failed" || dependency.absorbs === "failure" || seen.has(need)) continue;
      seen.add(need);
      behind.push(need);
    }
  }
}

/** What ended the scopes of a node: several may have fallen at once, and the first of all is the cause. */
function fallenInside(state: RunState, { fallen }: Inside): Slot[] {
  const slots = [...fallen].flatMap(({ base, scope }) => scope.nodes.map((_, node) => slotAt(state, base + node)));
  return slots.filter((slot) => slot.status === "failed" && isFatal(slot));
}

/** True when a command that was decided earlier is still due: the engine asks before it starts one that had to wait. */
export function isDue(state: RunState, command: Command): boolean {
  if (command.kind === "answer") return state.phase === "running";
  if (command.kind === "answer-deadline") return state.phase === "stopping";
  const slot = slotAt(state, command.slot);
  if (command.kind === "compensate") return slot.undo === "started" && slot.undoAttempts === command.attempt;
  if (command.kind === "attempt" && slot.status === "running") return true;
  const live = isLive(state, slot.frame);
  if (command.kind === "stop-call") return slot.status === "called" && !live;
  return live && !isSettled(slot) && slot.status !== "stopping";
}
