/**
 * Turns what happened outside into entries: results of commands, timers, people, restarts.
 *
 * Boundary: facts in, entries out; folding them and deciding what follows is the caller's next call. Invariants: a fact
 * that is no longer wanted becomes a late entry and changes nothing (rule 18); an answer and a timeout are decided once,
 * by whichever entry comes first (rule 19); nothing here invents time: `now` is given.
 */
import type { AttemptCommand } from "./command.ts";
import { withVia } from "./decide-approval.ts";
import { userCodeOf } from "./decide-scopes.ts";
import type { Entry } from "./entries.ts";
import { PlumblineError } from "./errors.ts";
import type { PlanApproval, PlanNode } from "./plan.ts";
import { isLive, isSettled, pathOf, type RunState, type Slot, slotAt, slotByPath } from "./state.ts";
import type { Sealed } from "./values.ts";

/** True when the result of this attempt is still the one that the run waits for. */
export function isCurrent(state: RunState, { slot: id, attempt, rung }: AttemptCommand): boolean {
  const slot = slotAt(state, id);
  if (state.phase === "ended" || isSettled(slot) || slot.rung !== rung || slot.attempts + 1 !== attempt) return false;
  return slot.status === "running" || (slot.status === "ready" && isLive(state, slot.frame));
}

/**
 * After a restart: every attempt that may have been under way is lost (rule 5), and every undo is to be tried again.
 * Gives nothing for a run that was waiting for a person, a timer or nothing at all. `left` says that the engine let go
 * of the run and nothing in it ended the process: such losses are counted against nobody.
 */
export function recover(state: RunState, now: number, left: boolean = state.left): Entry[] {
  if (state.phase === "ended" || state.phase === "held") return [];
  const losses = state.slots.flatMap((slot): Entry[] => {
    const { id } = slot;
    if (slot.undo === "started") {
      const failure = { kind: "lost" as const, message: "the process ended while this was being undone" };
      return [{ kind: "compensation.failed", at: now, slot: id, attempt: slot.undoAttempts, ms: 0, failure }];
    }
    if (!mayHaveBeenRunning(state, slot)) return [];
    const because = left ? ({ because: "left" } as const) : {};
    return [{ kind: "attempt.lost", at: now, slot: id, rung: slot.rung, attempt: slot.attempts + 1, ...because }];
  });
  return mayHaveBeenAnswering(state) && !left ? [...losses, { kind: "answer.lost", at: now }] : losses;
}

/** The flow's own answer, its checks or the answer for a missed deadline: the user's code as well. */
function mayHaveBeenAnswering(state: RunState): boolean {
  if (state.phase === "running") return state.frames[0]?.unsettled === 0;
  return state.stop?.cause === "deadline" && state.plan.deadline?.answers === true;
}

/** User code leaves no mark before it runs, effects apart: it may have begun as soon as nothing else was missing. */
function mayHaveBeenRunning(state: RunState, slot: Slot): boolean {
  if (slot.status === "running") return true;
  if (!isLive(state, slot.frame)) return false;
  const { node, admission, rung } = slot;
  if (slot.status === "expired") return node.kind === "signal" ? node.onTimeout === undefined : declaresLate(node);
  if (slot.status === "open") return userCodeOf(state, slot) !== undefined;
  if (slot.status !== "ready") return false;
  if (node.when && !slot.conditionMet) return true;
  switch (node.kind) {
    case "step":
      // What is kept for a question is looked for before the breaker is asked, and writing questions down is user code.
      if (node.stepKind === "effect") return false;
      return (
        node.rungs[rung]?.breaker === undefined || admission !== undefined || (rung === 0 && node.cache !== undefined)
      );
    case "approval":
      return admission?.kind === "refused" && declaresByFunction(node);
    case "sleep":
      return node.forMs === undefined;
    default:
      return node.kind === "branch" || node.kind === "map";
  }
}

function declaresLate(node: PlanNode): boolean {
  return node.kind === "approval" && declaresByFunction(node);
}

function declaresByFunction({ onTimeout, breaker }: PlanApproval): boolean {
  return onTimeout === undefined || (breaker !== undefined && breaker.decide === undefined);
}

/** Timers of a run that are due at `now`, in the order in which they were due. */
export function fireTimers(state: RunState, now: number): Entry[] {
  if (state.phase === "ended") return [];
  const due: { dueAt: number; entry: Entry }[] = [];
  const { deadlineAt } = state;
  if (state.phase === "running" && !state.deadlinePassed && deadlineAt !== undefined && deadlineAt <= now) {
    due.push({ dueAt: deadlineAt, entry: { kind: "timer.fired", at: now, timer: "deadline" } });
  }
  for (const id of state.timers) {
    const slot = slotAt(state, id);
    const dueAt = slot.dueAt as number;
    if (dueAt > now) continue;
    due.push({ dueAt, entry: { kind: "timer.fired", at: now, slot: id, timer: timerOf(slot) } });
  }
  return due.sort((a, b) => a.dueAt - b.dueAt).map(({ entry }) => entry);
}

function timerOf({ status }: Slot): "approval" | "signal" | "sleep" | "retry" {
  if (status === "asked") return "approval";
  if (status === "awaiting") return "signal";
  return status === "sleeping" ? "sleep" : "retry";
}

/** Late decisions that one approval keeps. */
const maxLateDecisions = 100;

/** A person's decision on its way in. `value` has passed the decision's contract. */
export interface PersonDecision {
  readonly path: string;
  readonly value: Sealed;
  readonly by?: string;
  readonly id?: string;
  readonly note?: string;
}

/** `decided`: it counts. `repeated`: this very decision counted before. `late`: something else was faster. */
export interface DecisionReceipt {
  readonly status: "decided" | "repeated" | "late";
  readonly entries: readonly Entry[];
}

/**
 * A person decides.
 * @throws PlumblineError `approval-unknown` when the run has no such approval, `approval-early` when it is not asked yet,
 * `decision-conflict` when the id was used for another decision
 */
export function recordDecision(state: RunState, decision: PersonDecision, now: number): DecisionReceipt {
  const slot = slotByPath(state, decision.path);
  if (slot?.node.kind !== "approval") throw unknownApproval(state, decision.path);
  const { id, by, note } = decision;
  if (id !== undefined && slot.decision?.id === id) {
    if (slot.value === withVia(decision.value, "person", by)) return { status: "repeated", entries: [] };
    throw decisionConflict(decision.path, id);
  }
  const who = { ...(by === undefined ? {} : { by }), ...(id === undefined ? {} : { id }) };
  const live = isLive(state, slot.frame);
  if (live && slot.status === "asked") {
    const value = withVia(decision.value, "person", by);
    const entry: Entry = {
      kind: "approval.decided",
      at: now,
      slot: slot.id,
      value,
      via: "person",
      ...who,
      ...(note === undefined ? {} : { note }),
    };
    return { status: "decided", entries: [entry] };
  }
  if (live && (slot.status === "pending" || slot.status === "ready")) {
    throw new PlumblineError("approval-early", "nobody has been asked yet", {
      path: decision.path,
      expected: "an approval that waits for an answer",
      found: `the step is ${slot.status}`,
      mend: "wait until `plumbline approvals` lists it, then decide",
    });
  }
  // Sent again, or one of very many: it is as late as before, and recording it would only let the journal grow (rule 32).
  const known = id !== undefined && slot.lateDecisions.includes(id);
  if (known || slot.lateDecisions.length >= maxLateDecisions) return { status: "late", entries: [] };
  return { status: "late", entries: [{ kind: "decision.refused", at: now, slot: slot.id, because: "late", ...who }] };
}

/** Signals that a run keeps before a wait takes them (rule 20). */
const maxSignals = 1_000;

export interface IncomingSignal {
  readonly name: string;
  readonly id: string;
  /** Has passed the signal's contract. */
  readonly value: Sealed;
  readonly by?: string;
}

/**
 * The outside says something to the run.
 * @throws PlumblineError `signal-overflow` when too many wait to be taken
 */
export function recordSignal(
  state: RunState,
  signal: IncomingSignal,
  now: number,
): { readonly status: "received" | "repeated" | "late"; readonly entries: readonly Entry[] } {
  if (state.signalIds.has(`${signal.name} ${signal.id}`)) return { status: "repeated", entries: [] };
  if (state.phase !== "running") return { status: "late", entries: [] };
  const waiting = state.signals.get(signal.name)?.length ?? 0;
  if (waiting >= maxSignals) {
    throw new PlumblineError("signal-overflow", "too many signals of this name wait to be taken", {
      path: `${state.run} ${signal.name}`,
      expected: `at most ${maxSignals}`,
      found: String(waiting),
      mend: "send slower than the flow takes them, or put several things into one signal",
    });
  }
  return { status: "received", entries: [{ kind: "signal.received", at: now, ...signal }] };
}

function decisionConflict(path: string, id: string): PlumblineError {
  return new PlumblineError("decision-conflict", "this decision id was used before, for another decision", {
    path,
    expected: "the same decision and the same person for the same id",
    found: `another decision with the id ${id}`,
    mend: "make a new id for each decision; the earlier one stands",
  });
}

function unknownApproval(state: RunState, path: string): PlumblineError {
  const known = state.slots.filter((slot) => slot.node.kind === "approval").map(pathOf);
  return new PlumblineError("approval-unknown", "this run has no such approval", {
    path,
    expected: known.length > 0 ? `one of ${known.join(", ")}` : "a flow with an approval",
    found: path,
    mend: "list what waits with `plumbline approvals`",
  });
}
