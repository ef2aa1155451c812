/**
 * What every change of a slot brings with it: its readers, its timer, its cost, the scope that it lies in.
 *
 * Boundary: the small writers that evolve.ts and evolve-scopes.ts share; what an entry means is theirs. Invariants: work
 * is proportional to the slot's readers and to how deep it lies, never to the size of the run; a slot that has settled
 * has no timer; what stands in a part that is closed has none either, unless it is being undone.
 */
import { noTimers } from "./new-state.ts";
import type { Cost } from "./rung.ts";
import { type Frame, type Inside, isLive, type RunState, type Slot, siblingOf } from "./state.ts";

/** The slot's fate is known: its readers go on, and so does whoever opened its scope when it was the last. */
export function settle(state: RunState, slot: Slot, status: "completed" | "skipped" | "failed"): void {
  const { frame, inside } = slot;
  clearTimer(state, slot);
  slot.status = status;
  if (inside && inside.open > 0) close(state);
  frame.unsettled--;
  for (const reader of slot.node.dependents) {
    const dependent = siblingOf(state, frame, reader);
    dependent.waiting--;
    if (dependent.status !== "pending") continue;
    if (dependent.waiting === 0) makeReady(state, dependent);
    else if (status === "failed") touch(state, dependent);
  }
  touch(state, slot);
  if (frame.unsettled === 0) endIfAnswered(state, frame);
  else if (frame.owner?.node.kind === "ensemble") touch(state, frame.owner); // the rest may not be needed any more
}

/** A scope in which all has settled, and nothing that failed was missed, has its answer. */
export function endIfAnswered(state: RunState, frame: Frame): void {
  const { owner, phase, failed } = frame;
  if (!owner || phase !== "running" || failed !== undefined) return;
  endFrame(frame, owner);
  touch(state, owner);
}

/** Nothing more happens in the scope. */
export function endFrame(frame: Frame, owner: Slot): void {
  if (frame.phase === "ended") return;
  const { inside } = owner as { readonly inside: Inside };
  frame.phase = "ended";
  inside.open--;
  inside.fallen.delete(frame);
}

/** A part of the run is closed before its time: what waits in it waits no more. */
export function close(state: RunState): void {
  state.closings++;
  for (const id of state.timers) {
    const slot = state.slots[id] as Slot;
    if (slot.undo !== "waiting" && !isLive(state, slot.frame)) clearTimer(state, slot);
  }
}

/** The slot has something that may have to be undone from here on: it is known where it lies, so that nobody need search. */
export function beginEffect(state: RunState, { id, frame }: Slot): void {
  state.effects.push(id);
  for (let at = frame; at.owner; at = at.owner.frame) {
    at.effects.push(id);
    at.owner.inside?.effects.push(id);
  }
}

export function makeReady(state: RunState, slot: Slot): void {
  slot.status = "ready";
  touch(state, slot);
}

/** Somebody should look at the slot; and at the one that undoes the scope that it lies in. */
export function touch(state: RunState, slot: Slot): void {
  state.touched.push(slot.id);
  for (let frame = slot.frame; frame.owner; frame = frame.owner.frame) {
    if (frame.phase === "stopping" || frame.owner.status === "stopping") state.touched.push(frame.owner.id);
  }
}

export function setTimer(state: RunState, slot: Slot, dueAt: number): void {
  slot.dueAt = dueAt;
  if (state.timers === noTimers) state.timers = new Set();
  (state.timers as Set<number>).add(slot.id);
}

export function clearTimer(state: RunState, slot: Slot): void {
  if (slot.dueAt === undefined) return;
  slot.dueAt = undefined;
  (state.timers as Set<number>).delete(slot.id);
}

/** Counts for the slot, for the run, and for every node that the slot lies in. */
export function addCost(state: RunState, slot: Slot, { ms = 0, cost }: Spent): void {
  slot.ms += ms;
  if (!cost) return;
  const { usd = 0, tokens = 0 } = cost;
  state.usd += usd;
  state.tokens += tokens;
  for (let at: Slot | undefined = slot; at; at = at.frame.owner) {
    at.usd += usd;
    at.tokens += tokens;
  }
}

interface Spent {
  readonly ms?: number;
  readonly cost?: Cost | undefined;
}
