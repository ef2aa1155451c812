/**
 * What entries of nodes mean that open scopes, sleep, wait for a signal or call another flow.
 *
 * Boundary: evolve.ts's other half: it hands on what is not about a step or an approval. Invariants as there.
 */
import type { Entry, EntryOf } from "./entries.ts";
import { enterFrame, newInside } from "./new-state.ts";
import type { PlanScope } from "./plan.ts";
import { addCost, beginEffect, close, endFrame, endIfAnswered, makeReady, setTimer, settle, touch } from "./settle.ts";
import { type Degradation, type Frame, type Inside, pathOf, type RunState, type Slot } from "./state.ts";

const nodeKinds = [
  "scope.entered",
  "items.listed",
  "turn.completed",
  "scope.closed",
  "scope.stopped",
  "scope.failed",
  "scope.completed",
  "sleep.started",
  "signal.awaited",
  "signal.answered",
  "call.requested",
  "call.answered",
] as const;

/** Entries of nodes that are neither steps nor approvals. */
export type NodeEntry = EntryOf<(typeof nodeKinds)[number]>;

const kinds: ReadonlySet<Entry["kind"]> = new Set(nodeKinds);

export function isNodeEntry(entry: Entry): entry is NodeEntry {
  return kinds.has(entry.kind);
}

export function evolveNode(state: RunState, slot: Slot, entry: NodeEntry): void {
  switch (entry.kind) {
    case "scope.entered":
      enterScope(state, slot, entry);
      return;
    case "items.listed":
      Object.assign(insideOf(slot), { items: entry.items, from: entry.from ?? 0, partLength: entry.partLength });
      slot.status = "open";
      touch(state, slot);
      return;
    case "turn.completed": {
      const inside = insideOf(slot);
      inside.values.push(entry.value);
      inside.done = entry.done;
      slot.value = entry.value;
      touch(state, slot);
      return;
    }
    case "scope.closed":
      insideOf(slot).done = true;
      for (const frame of insideOf(slot).frames) endFrame(frame, slot);
      close(state);
      touch(state, slot);
      return;
    case "scope.stopped":
      stopScope(state, slot, entry);
      return;
    case "scope.failed":
      failItem(state, slot, entry);
      return;
    case "scope.completed":
      completeScope(state, slot, entry);
      return;
    default:
      evolveWaiting(state, slot, entry);
  }
}

type WaitingEntry = Extract<NodeEntry, { kind: `sleep.${string}` | `signal.${string}` | `call.${string}` }>;

function evolveWaiting(state: RunState, slot: Slot, entry: WaitingEntry): void {
  switch (entry.kind) {
    case "sleep.started":
      slot.status = "sleeping";
      setTimer(state, slot, entry.dueAt);
      return;
    case "signal.awaited":
      slot.status = "awaiting";
      setTimer(state, slot, entry.dueAt);
      touch(state, slot);
      return;
    case "signal.answered":
      takeSignal(state, slot, entry);
      return;
    case "call.requested":
      slot.status = "called";
      slot.call = entry.run;
      slot.begun = true;
      beginEffect(state, slot);
      touch(state, slot);
      return;
    case "call.answered":
      takeCallAnswer(state, slot, entry);
  }
}

function insideOf(slot: Slot): Inside {
  slot.inside ??= newInside();
  return slot.inside;
}

function enterScope(state: RunState, slot: Slot, { scope, key }: EntryOf<"scope.entered">): void {
  const inside = insideOf(slot);
  const from = state.slots.length;
  const frame = enterFrame(state, state.plan.scopes[scope] as PlanScope, { owner: slot, key });
  inside.frames.push(frame);
  inside.open++;
  slot.status = "open";
  for (let id = from; id < state.slots.length; id++) {
    const inner = state.slots[id] as Slot;
    if (inner.waiting === 0) makeReady(state, inner);
  }
  if (frame.unsettled === 0) endIfAnswered(state, frame);
  touch(state, slot);
}

/** It will be done without: nothing new starts in it; what it did is undone before that is said. */
function stopScope(state: RunState, slot: Slot, entry: EntryOf<"scope.stopped">): void {
  const frame = entry.key === undefined ? undefined : (insideOf(slot).frames[entry.key] as Frame);
  if (frame) {
    frame.phase = "stopping";
    frame.failure = entry.failure;
    frame.failed = entry.need ?? frame.failed;
  } else {
    slot.status = "stopping";
    slot.failure = entry.failure;
    slot.failedNeed = entry.need;
  }
  close(state);
  touch(state, slot);
}

function failItem(state: RunState, slot: Slot, { key, failure }: EntryOf<"scope.failed">): void {
  const inside = insideOf(slot);
  const frame = inside.frames[key] as Frame;
  endFrame(frame, slot);
  inside.failures.set(key, failure);
  degrade(state, frame.prefix.slice(0, -1), "absorbed-failure", `failed and was done without: ${failure.message}`);
  close(state);
  touch(state, slot);
}

function completeScope(state: RunState, slot: Slot, { value, degraded }: EntryOf<"scope.completed">): void {
  slot.value = value ?? slot.value;
  const kind = slot.node.kind === "loop" ? ("at-limit" as const) : ("below-quorum" as const);
  if (degraded !== undefined) degrade(state, pathOf(slot), kind, degraded);
  settle(state, slot, "completed");
}

/** One signal for one wait: it is taken out of the line (rule 20). */
function takeSignal(state: RunState, slot: Slot, { value, via, id }: EntryOf<"signal.answered">): void {
  const line = state.signals.get(slot.node.name);
  const at = line?.findIndex((signal) => signal.id === id) ?? -1;
  if (line && at !== -1) line.splice(at, 1);
  slot.value = value;
  slot.decision = { via, ...(id === undefined ? {} : { id }) };
  if (via === "timeout") degrade(state, pathOf(slot), "automatic-decision", "no signal came in time");
  settle(state, slot, "completed");
}

function takeCallAnswer(state: RunState, slot: Slot, entry: EntryOf<"call.answered">): void {
  addCost(state, slot, entry);
  slot.value = entry.value; // of a part that failed: what is left of it
  if (entry.value !== undefined && entry.failure === undefined) {
    if (entry.outcome === "degraded") degrade(state, pathOf(slot), "called-run", whyDegraded(slot, entry));
    settle(state, slot, "completed");
  } else {
    slot.status = "ready";
    slot.failure = entry.failure ?? { kind: "call", message: `the run that it called ended ${entry.outcome}` };
    slot.retryable = false;
    // The called run did well and only its answer cannot be taken over: what it did is there, and has to be undone.
    slot.inDoubt = entry.outcome === "succeeded" || entry.outcome === "degraded";
    if (entry.standing) leaveStanding(slot, entry.standing);
    touch(state, slot);
  }
}

/** It has undone what it could: what is left is listed on the caller, and not tried again from here. */
function leaveStanding(slot: Slot, paths: readonly string[]): void {
  slot.inDoubt = true;
  slot.undo = "abandoned";
  slot.undoFailure = { kind: "error", message: `the called run ${slot.call} leaves ${paths.join(", ")} standing` };
}

function whyDegraded({ call }: Slot, { degradations = [] }: EntryOf<"call.answered">): string {
  const reasons = degradations.map(({ path, reason }) => (path === "" ? reason : `${path} ${reason}`));
  return `the run that it called (${call}) ended degraded${reasons.length > 0 ? `: ${reasons.join("; ")}` : ""}`;
}

export function degrade(state: RunState, path: string, kind: Degradation["kind"], reason: string): void {
  state.degradations.push({ path, kind, reason });
}
