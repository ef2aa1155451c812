/**
 * Guards the fold: which entries have a meaning for a slot, given where it stands.
 *
 * Boundary: says yes or no; evolve.ts gives the meaning. Invariant: what `decide`, `record` and an engine that keeps to
 * their answers write always passes; what a broken engine or a hostile file says besides is counted and changes nothing.
 */
import type { Entry, EntryOf } from "./entries.ts";
import { isSettled, type RunState, type Slot } from "./state.ts";

/** Entries that speak of a slot. */
export type SlotEntry = Extract<Entry, { slot: number }> | (EntryOf<"timer.fired"> & { readonly slot: number });

/** True when the entry has a meaning for the slot. */
export function applies(state: RunState, slot: Slot, entry: SlotEntry): boolean {
  const running = state.phase === "running";
  switch (entry.kind) {
    case "attempt.progressed":
    case "attempt.failed":
    case "step.completed":
      return slot.node.kind === "step" && isUnderWay(slot, running) && isNextAttempt(slot, entry);
    case "attempt.lost":
      return (isUnderWay(slot, running) || (running && slot.status === "expired")) && isNextAttempt(slot, entry);
    case "attempt.started":
      return isEffect(slot) && running && slot.status === "ready" && isNextAttempt(slot, entry);
    case "condition.answered":
    case "admission.answered":
    case "step.skipped":
      return running && slot.status === "ready";
    case "step.failed":
      return running && !isSettled(slot);
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
    case "attempt.late":
      return false; // kept for the record alone
    default:
      return slot.begun && mayBeUndone(slot, entry, running);
  }
}

function isEffect({ node }: Slot): boolean {
  return node.kind === "step" && node.stepKind === "effect";
}

/** An attempt of it may be under way: reads have no start mark, and are given up when the run stops. */
function isUnderWay({ status }: Slot, running: boolean): boolean {
  return status === "running" || (running && status === "ready");
}

function isNextAttempt(slot: Slot, entry: { readonly attempt: number; readonly rung?: number }): boolean {
  return entry.attempt === slot.attempts + 1 && (entry.rung === undefined || entry.rung === slot.rung);
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
