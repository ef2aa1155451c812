/**
 * Guards the fold: which entries have a meaning for a slot, given where it stands.
 *
 * Boundary: says yes or no; evolve.ts gives the meaning. Invariant: what `decide`, `record` and an engine that keeps to
 * their answers write always passes; what a broken engine or a hostile file says besides is counted and changes nothing.
 */
import type { Entry, EntryOf } from "./entries.ts";
import type { NodeEntry } from "./evolve-scopes.ts";
import { isNodeEntry } from "./evolve-scopes.ts";
import { isOwner, scopeOfItems, scopesOf } from "./plan.ts";
import { isLive, isSettled, type RunState, type Slot } from "./state.ts";

/** Entries that speak of a slot. */
export type SlotEntry = Extract<Entry, { slot: number }> | (EntryOf<"timer.fired"> & { readonly slot: number });

/** True when the entry has a meaning for the slot. */
export function applies(state: RunState, slot: Slot, entry: SlotEntry): boolean {
  const running = isLive(state, slot.frame);
  if (isNodeEntry(entry)) return appliesToNode(state, slot, entry, running);
  switch (entry.kind) {
    case "hedge.started":
      return running && slot.status === "ready" && entry.attempt === slot.attempts + 1 && isBelow(slot, entry.rung);
    case "attempt.progressed":
    case "attempt.failed":
    case "step.completed":
      return slot.node.kind === "step" && isUnderWay(slot, running) && isNextAttempt(slot, entry);
    case "attempt.lost":
      return (isUnderWay(slot, running) || (running && isHalfWay(slot))) && isNextAttempt(slot, entry);
    case "attempt.started":
      return isEffect(slot) && running && slot.status === "ready" && isNextAttempt(slot, entry);
    case "condition.answered":
    case "admission.answered":
    case "step.skipped":
      return running && slot.status === "ready";
    case "step.failed":
      return running && !isSettled(slot) && hasFailed(state, entry.need);
    case "rung.entered":
      return running && isBelow(slot, entry.rung);
    case "retry.scheduled":
      return entry.of === "compensation" ? slot.undo === "waiting" : running && slot.status === "broken";
    case "timer.fired":
      return slot.dueAt !== undefined;
    case "approval.requested":
      return slot.node.kind === "approval" && running && slot.status === "ready";
    case "approval.decided":
      return slot.node.kind === "approval" && running && ["ready", "asked", "expired"].includes(slot.status);
    case "decision.refused":
      return slot.node.kind === "approval";
    case "attempt.superseded":
    case "attempt.late":
      return slot.node.kind === "step" && entry.attempt > 0 && entry.attempt <= slot.attempts + 1;
    default:
      return slot.begun && mayBeUndone(slot, entry, running);
  }
}

/** What a failure is said to come from has failed before it: so nothing that follows them goes in circles. */
function hasFailed(state: RunState, need: number | undefined): boolean {
  return need === undefined || state.slots[need]?.status === "failed";
}

function isEffect({ node }: Slot): boolean {
  return node.kind === "step" && node.stepKind === "effect";
}

/** User code may be under way though the slot waits for no attempt. */
function isHalfWay({ status }: Slot): boolean {
  return status === "expired" || status === "open" || status === "called";
}

/** An attempt of it may be under way: reads have no start mark, and are given up when the run stops. */
function isUnderWay({ status }: Slot, running: boolean): boolean {
  return status === "running" || (running && status === "ready");
}

function isNextAttempt(slot: Slot, entry: { readonly attempt: number; readonly rung?: number }): boolean {
  if (entry.attempt !== slot.attempts + 1) return false;
  return entry.rung === undefined || entry.rung === slot.rung || entry.rung === slot.hedge;
}

function appliesToNode(state: RunState, slot: Slot, entry: NodeEntry, running: boolean): boolean {
  const { node, status, inside } = slot;
  switch (entry.kind) {
    case "call.answered":
      return status === "called"; // also while the run stops: it is awaited
    case "sleep.started":
      return running && node.kind === "sleep" && status === "ready";
    case "signal.awaited":
      return running && node.kind === "signal" && status === "ready";
    case "signal.answered":
      return running && node.kind === "signal" && ["ready", "awaiting", "expired"].includes(status);
    case "call.requested":
      return running && node.kind === "call" && status === "ready" && slot.call === undefined;
    case "items.listed":
      return running && node.kind === "map" && status === "ready" && Array.isArray(entry.items);
    case "scope.entered":
      return running && mayEnter(slot, entry);
    case "turn.completed":
      return running && node.kind === "loop" && status === "open" && isTurnToJudge(slot, entry.turn);
    case "scope.closed":
      return running && node.kind === "ensemble" && status === "open" && inside?.done === false;
    case "scope.stopped":
      if (!running || status !== "open" || !hasFailed(state, entry.need)) return false;
      return entry.key === undefined || inside?.frames[entry.key]?.phase === "running";
    case "scope.failed": {
      const phase = inside?.frames[entry.key]?.phase;
      if (!running || status !== "open" || !hasFailed(state, entry.need)) return false;
      return node.kind === "map" && phase !== undefined && phase !== "ended";
    }
    case "scope.completed":
      return running && isOwner(node) && status === "open";
  }
}

/** The scope is one of the node's, and the next one that it may open. */
function mayEnter({ node, status, inside }: Slot, { scope, key }: EntryOf<"scope.entered">): boolean {
  const entered = inside?.frames.length ?? 0;
  if (node.kind !== "map" && !scopesOf(node).includes(scope)) return false;
  switch (node.kind) {
    case "map":
      if (status !== "open" || !inside || scope !== scopeOfItems(node, inside.partLength !== undefined)) return false;
      return key === entered && entered < inside.items.length;
    case "loop":
      if (key !== entered + 1 || entered >= node.maxTurns) return false;
      return entered === 0 ? status === "ready" : status === "open" && inside?.values.length === entered;
    default:
      return status === "ready" && entered === 0;
  }
}

/** The last turn has answered and nobody has judged it. */
function isTurnToJudge({ inside }: Slot, turn: number): boolean {
  if (!inside || turn !== inside.frames.length || inside.values.length !== turn - 1) return false;
  return inside.frames[turn - 1]?.phase === "ended";
}

/** The rung is the next one of a ladder that may be left now. */
function isBelow({ node, rung, status }: Slot, next: number): boolean {
  if (node.kind !== "step" || next !== rung + 1 || next >= node.rungs.length) return false;
  return status === "ready" || status === "broken" || status === "undoing";
}

/** Entries of the undoing of an effect. */
export type UndoEntry = Extract<SlotEntry, { kind: `compensation.${string}` }>;

function mayBeUndone(slot: Slot, entry: UndoEntry, running: boolean): boolean {
  switch (entry.kind) {
    case "compensation.started":
      if (running && !["ready", "broken", "undoing"].includes(slot.status)) return false;
      return slot.undo === "none" || slot.undo === "due";
    case "compensation.abandoned":
      return slot.undo !== "done" && (!running || slot.status === "undoing"); // an operator may, at any time
    default:
      return slot.undo === "started";
  }
}
