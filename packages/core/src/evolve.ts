/**
 * `evolve`: what each entry means. Folding a run's entries over its plan gives where the run stands.
 *
 * Boundary: the only writer of RunState; needs no user code, no clock and no chance. What should happen next is decide.ts.
 * Invariants: total: any entry in any state is folded without throwing, and one that makes no sense there changes
 * nothing but the count; folds in place, so a state belongs to whoever made it; work is proportional to the entry's
 * readers in the graph, never to the size of the run.
 */
import type { Entry, EntryOf } from "./entries.ts";
import { degrade, evolveNode, isNodeEntry } from "./evolve-scopes.ts";
import { handSignals, keepSignal, settleHanded } from "./evolve-signals.ts";
import { applies, type SlotEntry, type UndoEntry } from "./guard.ts";
import { enterFrame, noTimers } from "./new-state.ts";
import type { PlanRung, PlanStep } from "./plan.ts";
import { isFatal, readersAbsorb } from "./readings.ts";
import { addCost, beginEffect, clearTimer, makeReady, setTimer, settle, touch } from "./settle.ts";
import { type Frame, isLive, pathOf, type RunState, type Slot } from "./state.ts";

/** Folds one entry into the state. */
export function evolve(state: RunState, entry: Entry): void {
  state.length++;
  state.updatedAt = entry.at;
  if (!isAfterword(entry)) state.left = entry.kind === "run.left";
  if (entry.kind === "run.started") startRun(state, entry);
  else if (isAfterword(entry)) keepAfterword(state, entry);
  else if (state.frames.length > 0 && state.phase !== "ended") evolveOpen(state, entry);
}

/** What may come when it is all over: people are late after the end as well, and so are bills. */
type Afterword = EntryOf<"decision.refused" | "attempt.superseded" | "attempt.late">;

function isAfterword(entry: Entry): entry is Afterword {
  return entry.kind === "decision.refused" || entry.kind === "attempt.superseded" || entry.kind === "attempt.late";
}

function keepAfterword(state: RunState, entry: Afterword): void {
  const slot = state.slots[entry.slot];
  if (!slot || !applies(state, slot, entry)) return;
  if (entry.kind === "decision.refused") slot.lateDecisions = [...slot.lateDecisions, entry.id ?? ""];
  else addCost(state, slot, entry);
}

function evolveOpen(state: RunState, entry: Exclude<Entry, EntryOf<"run.started"> | Afterword>): void {
  if ("slot" in entry && entry.slot !== undefined && entry.kind !== "run.stopped") {
    const slot = state.slots[entry.slot];
    if (slot && applies(state, slot, entry as SlotEntry)) evolveSlot(state, slot, entry as SlotEntry);
    return;
  }
  evolveRun(state, entry as RunEntry);
}

/** Folds entries, in order, into a state that was made with `newState`. */
export function fold(state: RunState, entries: Iterable<Entry>): RunState {
  for (const entry of entries) evolve(state, entry);
  return state;
}

type RunEntry = EntryOf<
  | "timer.fired"
  | "cancel.requested"
  | "signal.received"
  | "signal.handed"
  | "signal.settled"
  | "answer.lost"
  | "run.held"
  | "run.stopped"
  | "run.ended"
>;

function startRun(state: RunState, entry: EntryOf<"run.started">): void {
  if (state.frames.length > 0) return;
  state.run = entry.run;
  state.key = entry.key;
  state.fingerprint = entry.fingerprint;
  state.startedAt = entry.at;
  state.deadlineAt = entry.deadlineAt;
  state.parent = entry.parent;
  state.isPart = entry.part !== undefined;
  const root = state.plan.scopes[entry.part?.scope ?? 0];
  if (!root) return;
  enterFrame(state, root, { input: entry.input, captured: entry.part?.captured });
  for (const slot of state.slots) if (slot.waiting === 0) makeReady(state, slot);
}

function evolveRun(state: RunState, entry: RunEntry): void {
  switch (entry.kind) {
    case "timer.fired":
      if (state.phase !== "running" || state.deadlinePassed) return;
      state.deadlinePassed = true;
      state.causes.push("deadline");
      return;
    case "cancel.requested":
      // A cancel during undoing is recorded and ignored: the first cause stays the cause (rule 9).
      if (state.phase !== "running" || state.cancel !== undefined) return;
      state.cancel = entry;
      state.causes.push("cancel");
      return;
    case "signal.received":
      keepSignal(state, entry);
      return;
    case "signal.handed":
      handSignals(state, entry);
      return;
    case "signal.settled":
      settleHanded(state, entry);
      return;
    case "answer.lost":
      state.answerLosses++;
      return;
    case "run.held":
      if (state.phase === "stopping" || state.parent === undefined) return;
      state.phase = "held";
      state.held = entry;
      return;
    case "run.stopped":
      if (state.phase !== "running" && (state.phase !== "held" || entry.cause !== "parent")) return;
      state.phase = "stopping";
      state.stop = entry;
      for (const id of state.timers) clearTimer(state, state.slots[id] as Slot);
      if (entry.cause === "deadline") degrade(state, "", "deadline", "the run's deadline passed");
      return;
    case "run.ended":
      endRun(state, entry);
  }
}

function endRun(state: RunState, entry: EntryOf<"run.ended">): void {
  // A run that was held has said its answer before.
  const held = state.phase === "held" ? state.held : undefined;
  state.phase = "ended";
  state.outcome = entry.outcome;
  state.endedAt = entry.at;
  state.output = entry.output ?? held?.output;
  state.outputDropped = entry.dropped ?? held?.dropped ?? [];
  state.failure = entry.failure ?? state.stop?.failure;
  state.timers = noTimers;
  state.touched = [];
}

function evolveSlot(state: RunState, slot: Slot, entry: SlotEntry): void {
  if (isNodeEntry(entry)) {
    evolveNode(state, slot, entry);
    return;
  }
  switch (entry.kind) {
    case "condition.answered":
      slot.conditionMet = true;
      touch(state, slot);
      return;
    case "admission.answered":
      admit(state, slot, entry);
      return;
    case "attempt.started":
      if (!slot.begun) beginEffect(state, slot);
      slot.begun = true;
      slot.status = "running";
      touch(state, slot);
      return;
    case "attempt.progressed":
      slot.progress = entry.fraction;
      return;
    case "hedge.started":
      slot.hedge = entry.rung;
      return;
    case "attempt.failed":
      if (entry.hedge) addCost(state, slot, entry);
      else failAttempt(state, slot, entry);
      return;
    case "attempt.lost":
      loseAttempt(state, slot, entry);
      return;
    case "retry.scheduled":
      scheduleRetry(state, slot, entry);
      return;
    case "timer.fired":
      fireTimer(state, slot);
      return;
    case "rung.entered":
      enterRung(state, slot, entry);
      return;
    case "step.completed":
      completeStep(state, slot, entry);
      return;
    case "step.skipped":
      settle(state, slot, "skipped");
      return;
    case "step.failed":
      failStep(state, slot, entry);
      return;
    case "approval.requested":
      slot.status = "asked";
      setTimer(state, slot, entry.dueAt);
      return;
    case "approval.decided":
      decideApproval(state, slot, entry);
      return;
    default:
      evolveUndo(state, slot, entry as UndoEntry);
  }
}

function admit(state: RunState, slot: Slot, entry: EntryOf<"admission.answered">): void {
  slot.admission = { breaker: entry.breaker, epoch: entry.epoch, kind: entry.admission };
  if (entry.admission === "refused" && slot.node.kind === "step") {
    slot.status = "broken";
    slot.retryable = false;
    slot.failure = { kind: "breaker-open", message: `the breaker "${entry.breaker}" is open` };
  }
  touch(state, slot);
}

function failAttempt(state: RunState, slot: Slot, entry: EntryOf<"attempt.failed">): void {
  const effect = slot.node.kind === "step" && slot.node.stepKind === "effect";
  if (effect && slot.status === "running" && entry.failure.kind !== "not-applied") slot.inDoubt = true;
  slot.status = "broken";
  slot.failure = entry.failure;
  slot.retryable = entry.retryable;
  slot.brokenValue = entry.value;
  slot.brokenRung = entry.rung;
  slot.attempts = entry.attempt;
  slot.rungAttempts++;
  slot.hedge = undefined;
  slot.admission = undefined;
  addCost(state, slot, entry);
  touch(state, slot);
}

function loseAttempt(state: RunState, slot: Slot, entry: EntryOf<"attempt.lost">): void {
  if (entry.because === undefined) slot.losses++;
  touch(state, slot);
  // Nobody answered, a scope is open, a run is to be called: that stays so. What was lost is the user's code on from there.
  if (slot.status === "expired" || slot.status === "open" || slot.status === "called") return;
  if (slot.status === "running") slot.inDoubt = true;
  slot.status = "ready";
  slot.attempts = entry.attempt;
  slot.hedge = undefined;
  slot.admission = undefined;
}

function scheduleRetry(state: RunState, slot: Slot, entry: EntryOf<"retry.scheduled">): void {
  const due = entry.dueAt <= entry.at;
  if (entry.of === "compensation") slot.undo = due ? "due" : "waiting";
  else slot.status = due ? "ready" : "backing-off";
  if (!due) setTimer(state, slot, entry.dueAt);
  touch(state, slot);
}

function fireTimer(state: RunState, slot: Slot): void {
  clearTimer(state, slot);
  if (slot.undo === "waiting") slot.undo = "due";
  else if (slot.status === "sleeping") settle(state, slot, "completed");
  else slot.status = slot.status === "asked" || slot.status === "awaiting" ? "expired" : "ready";
  touch(state, slot);
}

function enterRung(state: RunState, slot: Slot, entry: EntryOf<"rung.entered">): void {
  slot.firstFailure ??= slot.failure;
  slot.rung = entry.rung;
  slot.rungAttempts = 0;
  slot.losses = 0;
  slot.inDoubt = false;
  slot.hedge = undefined;
  slot.undo = "none";
  slot.undoAttempts = 0;
  slot.undoFailure = undefined;
  slot.admission = undefined;
  slot.status = "ready";
  touch(state, slot);
}

function completeStep(state: RunState, slot: Slot, entry: EntryOf<"step.completed">): void {
  slot.value = entry.value;
  slot.rung = entry.rung;
  slot.attempts = entry.attempt;
  slot.from = entry.from;
  slot.dropped = entry.dropped ?? slot.dropped;
  slot.brokenValue = undefined;
  addCost(state, slot, entry);
  if (entry.rung > 0) {
    const { name } = (slot.node as PlanStep).rungs[entry.rung] as PlanRung;
    // The first choice's failure is what people ask about; the later rungs' are in the journal.
    const why = slot.firstFailure
      ? `: ${slot.firstFailure.message}`
      : slot.hedge
        ? ": the first choice was slower"
        : "";
    degrade(state, pathOf(slot), "fallback", `answered by ${name}${why}`);
  }
  slot.hedge = undefined;
  settle(state, slot, "completed");
}

function failStep(state: RunState, slot: Slot, entry: EntryOf<"step.failed">): void {
  const { frame } = slot;
  slot.failure = entry.failure;
  slot.failedNeed = entry.need;
  if (!readersAbsorb(slot)) {
    state.causes.push(slot.id);
    if (isFatal(slot)) failFrame(state, frame, slot);
  } else {
    const kind = frame.owner?.node.kind === "ensemble" ? "missing-voice" : "absorbed-failure";
    degrade(state, pathOf(slot), kind, `failed and was done without: ${entry.failure.message}`);
  }
  settle(state, slot, "failed");
}

/** Nobody in the scope does without the slot: whoever opened the scope has to decide what follows. */
function failFrame(state: RunState, frame: Frame, slot: Slot): void {
  if (!frame.owner || frame.failed !== undefined) return;
  frame.failed = slot.id;
  frame.owner.inside?.fallen.add(frame);
  touch(state, frame.owner);
}

function decideApproval(state: RunState, slot: Slot, entry: EntryOf<"approval.decided">): void {
  slot.value = entry.value;
  slot.decision = entry;
  if (entry.via !== "person") {
    const reason = entry.via === "timeout" ? "nobody answered in time" : "decided by the desk's open breaker";
    degrade(state, pathOf(slot), "automatic-decision", reason);
  }
  settle(state, slot, "completed");
}

function evolveUndo(state: RunState, slot: Slot, entry: UndoEntry): void {
  switch (entry.kind) {
    case "compensation.started":
      slot.undo = "started";
      slot.undoAttempts = entry.attempt;
      // On the way down a ladder; what a scope that is done without has completed stays completed until it is undone.
      if (isLive(state, slot.frame)) slot.status = "undoing";
      break;
    case "compensation.failed":
      slot.undoFailure = entry.failure;
      slot.undo = "waiting";
      break;
    case "compensation.completed":
      slot.undo = "done";
      break;
    case "compensation.abandoned":
      slot.undo = "abandoned";
      slot.undoFailure ??= { kind: "error", message: entry.because }; // a called run says what it leaves standing
  }
  if (entry.kind !== "compensation.started") addCost(state, slot, { cost: entry.cost });
  touch(state, slot);
}
