/**
 * `decide`: what should happen next, given where a run stands.
 *
 * Boundary: reads the state, writes nothing; gives entries to append (decisions that need nobody) and commands for the
 * engine to perform. Invariants: idempotent: the same state, instant and chance give the same decision, so it can be
 * asked again after any crash; called after the fold, never during it; a slot has at most one command due at a time.
 */
import type { Entry } from "./entries.ts";
import type { Failure } from "./errors.ts";
import { evolve, readingsOf } from "./evolve.ts";
import type { PlanApproval, PlanBreaker, PlanNode, PlanRung, PlanStep } from "./plan.ts";
import { skippedAmong } from "./resolve.ts";
import { retryDelayMs } from "./retry.ts";
import { isLeftBehind, isSettled, pathOf, type RunState, type Slot, siblingOf, slotAt } from "./state.ts";
import type { Sealed } from "./values.ts";

/** Time and chance, given from outside. */
export interface Environment {
  /** Wall clock, milliseconds. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
}

/**
 * Run a rung. While the run is stopping it is given for effects that have their start mark: one that was not begun yet
 * must not begin, and is reported as not applied.
 */
export interface AttemptCommand {
  readonly kind: "attempt";
  readonly slot: number;
  readonly rung: number;
  readonly attempt: number;
}

/** Something that only the outside can do. Its result comes back as entries (record.ts). */
export type Command =
  | AttemptCommand
  | { readonly kind: "ask-condition"; readonly slot: number }
  | { readonly kind: "ask-breaker"; readonly slot: number; readonly breaker: PlanBreaker; readonly desk: boolean }
  | { readonly kind: "declare-decision"; readonly slot: number; readonly via: "timeout" | "breaker" }
  | { readonly kind: "compensate"; readonly slot: number; readonly attempt: number }
  | { readonly kind: "answer" }
  | { readonly kind: "answer-deadline" };

export interface Decision {
  readonly entries: readonly Entry[];
  readonly commands: readonly Command[];
}

/** After so many losses of one rung with its process, the rung is given up (rule 5). */
export const maxLosses = 5;
/** The register of a desk's breaker. */
export function deskBreakerName(desk: string): string {
  return `desk/${desk}`;
}

/**
 * What is due for the given slots (all by default) and for the run itself.
 */
export function decide(state: RunState, env: Environment, slots?: Iterable<number>): Decision {
  const decision = { entries: [] as Entry[], commands: [] as Command[] };
  if (state.phase === "ended" || state.frames.length === 0) return decision;
  if (state.phase === "running") {
    for (const id of slots ?? state.slots.keys()) decideSlot(state, slotAt(state, id), env, decision);
  }
  if (decision.entries.length === 0) decideRun(state, env, decision);
  return decision;
}

/**
 * Decides and folds until nobody but the outside can go on: gives all entries that were decided, in order, and the
 * commands that are due after them. Reads and clears `state.touched`.
 */
export function advance(state: RunState, env: Environment): Decision {
  const entries: Entry[] = [];
  let commands: Command[] = [];
  for (;;) {
    const slots = state.touched.length > 1 ? new Set(state.touched) : state.touched;
    state.touched = [];
    const phase = state.phase;
    const decision = decide(state, env, slots);
    commands = commands.length === 0 ? [...decision.commands] : [...commands, ...decision.commands];
    if (decision.entries.length === 0) return { entries, commands };
    for (const entry of decision.entries) {
      evolve(state, entry);
      entries.push(entry);
    }
    if (state.phase !== phase) commands = []; // what was due in the old phase is not due in the new one
  }
}

type Draft = { readonly entries: Entry[]; readonly commands: Command[] };

function decideSlot(state: RunState, slot: Slot, env: Environment, out: Draft): void {
  const { node } = slot;
  switch (slot.status) {
    case "pending":
    case "ready":
      if (blocked(state, slot, env, out) || slot.status === "pending") return;
      if (slot.losses >= maxLosses) giveUpCrashed(slot, node, env, out);
      else if (node.when && !slot.conditionMet) out.commands.push({ kind: "ask-condition", slot: slot.id });
      else if (node.kind === "step") decideAttempt(slot, node, env, out);
      else decideRequest(slot, node, env, out);
      return;
    case "running":
      out.commands.push(attemptOf(slot));
      return;
    case "broken":
      decideAfterFailure(slot, node as PlanStep, env, out);
      return;
    case "undoing":
      decideUndo(slot, (node as PlanStep).compensation as NonNullable<PlanStep["compensation"]>, env, out);
      if (slot.undo === "done") enterNextRung(slot, node as PlanStep, env, out);
      if (slot.undo === "abandoned") failStep(slot, inDoubt(rungFailure(slot), "could not be undone"), env, out);
      return;
    case "expired":
      decideExpired(slot, node as PlanApproval, env, out);
      return;
    default: // asked and backing-off wait for their timers; the others have settled
  }
}

/** A need that was skipped or failed settles its readers too, unless they absorb it (rule 15). */
function blocked(state: RunState, slot: Slot, env: Environment, out: Draft): boolean {
  let anySkipped = false;
  for (const { node, absorbs } of slot.node.dependsOn) {
    const need = siblingOf(state, slot.frame, node);
    if (need.status === "failed" && absorbs !== "failure") {
      failStep(slot, needFailure(need), env, out, need.id);
      return true;
    }
    anySkipped ||= need.status === "skipped";
  }
  if (slot.status === "pending" || !anySkipped) return false;
  const skipped = skippedAmong(state, slot.frame, [slot.node.needs, ...(slot.node.after ?? [])]);
  if (skipped === undefined) return false;
  out.entries.push({ kind: "step.skipped", at: env.now, slot: slot.id, because: skipped });
  return true;
}

/** Names the need, and keeps what went wrong first: a chain of causes would grow with the graph. */
function needFailure(need: Slot): Failure {
  const failure = need.failure as Failure;
  const cause = need.failedNeed === undefined ? failure : (failure.cause as Failure);
  return { kind: "need", message: `its need ${pathOf(need)} failed: ${cause.message}`, cause };
}

function decideAttempt(slot: Slot, node: PlanStep, env: Environment, out: Draft): void {
  const rung = node.rungs[slot.rung] as PlanRung;
  if (rung.breaker && slot.admission === undefined) {
    out.commands.push({ kind: "ask-breaker", slot: slot.id, breaker: rung.breaker, desk: false });
  } else {
    const command = attemptOf(slot);
    if (node.stepKind === "effect") out.entries.push({ ...command, kind: "attempt.started", at: env.now });
    else out.commands.push(command);
  }
}

/** User code of it (a rung, a condition, a declared decision) took the process down too often (rule 5). */
function giveUpCrashed(slot: Slot, node: PlanNode, env: Environment, out: Draft): void {
  if (node.kind === "step") giveUpRung(slot, node, env, out);
  else failStep(slot, rungFailure(slot), env, out);
}

/** Why the rung that is given up did not answer. */
function rungFailure(slot: Slot): Failure {
  if (slot.losses < maxLosses) return slot.failure as Failure;
  const what = slot.node.kind === "step" ? (slot.node.rungs[slot.rung] as PlanRung).name : slot.node.name;
  return { kind: "crashed", message: `the process died ${slot.losses} times while ${what} was running` };
}

function attemptOf(slot: Slot): AttemptCommand {
  return { kind: "attempt", slot: slot.id, rung: slot.rung, attempt: slot.attempts + 1 };
}

function decideAfterFailure(slot: Slot, node: PlanStep, env: Environment, out: Draft): void {
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

function failStep(slot: Slot, failure: Failure, env: Environment, out: Draft, need?: number): void {
  const because = need === undefined ? {} : { need };
  out.entries.push({ kind: "step.failed", at: env.now, slot: slot.id, failure, ...because });
}

function decideRequest(slot: Slot, node: PlanApproval, env: Environment, out: Draft): void {
  if (node.breaker && slot.admission === undefined) {
    out.commands.push({ kind: "ask-breaker", slot: slot.id, breaker: breakerOf(node), desk: true });
    return;
  }
  const dueAt = env.now + node.timeoutMs;
  if (slot.admission?.kind !== "refused") {
    out.entries.push({ kind: "approval.requested", at: env.now, slot: slot.id, desk: node.desk, dueAt });
  } else {
    decideAutomatically(slot, node.breaker?.decide, "breaker", env, out);
  }
}

/** The desk's breaker as the plan declares it. */
export function breakerOf(node: PlanApproval): PlanBreaker {
  const { after, openForMs } = node.breaker as NonNullable<PlanApproval["breaker"]>;
  return { name: deskBreakerName(node.desk), after, openForMs, countContract: false };
}

/** Nobody answered. Where the desk has a breaker, the timeout is counted with the decision, by the engine. */
function decideExpired(slot: Slot, node: PlanApproval, env: Environment, out: Draft): void {
  if (slot.losses >= maxLosses) giveUpCrashed(slot, node, env, out);
  else if (node.breaker) out.commands.push({ kind: "declare-decision", slot: slot.id, via: "timeout" });
  else decideAutomatically(slot, node.onTimeout, "timeout", env, out);
}

function decideAutomatically(
  slot: Slot,
  declared: Sealed | undefined,
  via: "timeout" | "breaker",
  env: Environment,
  out: Draft,
): void {
  if (declared === undefined) {
    out.commands.push({ kind: "declare-decision", slot: slot.id, via });
  } else {
    out.entries.push({ kind: "approval.decided", at: env.now, slot: slot.id, via, value: withVia(declared, via) });
  }
}

/** The decision as steps read it: with how it came about. `declared` is a sealed object. */
export function withVia(declared: Sealed, via: "person" | "timeout" | "breaker", by?: string): Sealed {
  const added = `"via":"${via}"${by === undefined ? "" : `,"by":${JSON.stringify(by)}`}}`;
  return declared === "{}" ? `{${added}` : `${declared.slice(0, -1)},${added}`;
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
    const failure = slotAt(state, cause).failure as Failure;
    out.entries.push({ kind: "run.stopped", at: env.now, cause: "failure", slot: cause, failure });
  } else if (state.unsettled === 0) {
    out.commands.push({ kind: "answer" });
  }
}

/** What comes first in the journal of what ends the run: a cancel, the deadline, or a failure that leads to a fatal one. */
function firstCause(state: RunState): RunState["causes"][number] | undefined {
  const { causes } = state;
  if (causes.length === 0) return undefined;
  const fatal = causes.filter((id) => typeof id === "number" && isFatal(slotAt(state, id))) as number[];
  const origins = new Set<unknown>();
  for (const id of fatal) addOrigins(state, slotAt(state, id), origins);
  return causes.find((cause) => typeof cause === "string" || origins.has(cause));
}

/** The slots that failed by themselves and whose failure reached this one. */
function addOrigins(state: RunState, slot: Slot, origins: Set<unknown>): void {
  const behind = [slot];
  for (const seen = new Set(behind); behind.length > 0; ) {
    const { id, frame, node, failedNeed } = behind.pop() as Slot;
    if (failedNeed === undefined) origins.add(id);
    for (const dependency of node.dependsOn) {
      const need = siblingOf(state, frame, dependency.node);
      if (need.status !== "failed" || dependency.absorbs === "failure" || seen.has(need)) continue;
      seen.add(need);
      behind.push(need);
    }
  }
}

/** Of a failure that is not absorbed: it ends a line of readers, so that nobody is left to do without it. */
function isFatal(slot: Slot): boolean {
  const { scope, base } = slot.frame;
  const inAnswer = scope.answerDependsOn.some((one) => one.node === slot.id - base && one.absorbs !== "failure");
  return inAnswer || readingsOf(slot).length === 0;
}

/** Effects in flight are awaited; then what was done is undone, last started first, one at a time (rules 8, 9). */
function decideStopping(state: RunState, env: Environment, out: Draft): void {
  for (const id of state.effects) {
    const slot = slotAt(state, id);
    if (slot.status === "running") out.commands.push(attemptOf(slot));
    if (slot.undo === "started") out.commands.push(undoOf(slot)); // also one that a ladder began
  }
  if (out.commands.length > 0) return;
  for (let i = state.effects.length - 1; i >= 0; i--) {
    const slot = slotAt(state, state.effects[i] as number);
    const { compensation } = slot.node as PlanStep;
    if (!compensation || !isLeftBehind(slot) || slot.undo === "done" || slot.undo === "abandoned") continue;
    decideUndo(slot, compensation, env, out);
    return;
  }
  const { cause, failure } = state.stop as NonNullable<RunState["stop"]>;
  if (cause === "deadline" && state.plan.deadline?.answers) {
    out.commands.push({ kind: "answer-deadline" });
  } else {
    const outcome = cause === "cancel" ? "cancelled" : "failed";
    out.entries.push({ kind: "run.ended", at: env.now, outcome, ...(failure ? { failure } : {}) });
  }
}

function undoOf(slot: Slot): Command {
  return { kind: "compensate", slot: slot.id, attempt: slot.undoAttempts };
}

function decideUndo(slot: Slot, policy: NonNullable<PlanStep["compensation"]>, env: Environment, out: Draft): void {
  const entry = { at: env.now, slot: slot.id };
  switch (slot.undo) {
    case "none":
    case "due":
      out.entries.push({ kind: "compensation.started", ...entry, attempt: slot.undoAttempts + 1 });
      return;
    case "started":
      out.commands.push(undoOf(slot));
      return;
    case "waiting": {
      if (slot.dueAt !== undefined) return;
      if (slot.undoAttempts >= policy.retry.maxAttempts) {
        const because = (slot.undoFailure as Failure).message;
        out.entries.push({ kind: "compensation.abandoned", ...entry, because });
        return;
      }
      const dueAt = env.now + retryDelayMs(policy.retry, slot.undoAttempts, env.chance());
      out.entries.push({ kind: "retry.scheduled", ...entry, dueAt, of: "compensation" });
      return;
    }
    default: // done or abandoned: nothing more to do
  }
}

/** True when a command that was decided earlier is still due: the engine asks before it starts one that had to wait. */
export function isDue(state: RunState, command: Command): boolean {
  if (command.kind === "answer") return state.phase === "running";
  if (command.kind === "answer-deadline") return state.phase === "stopping";
  const slot = slotAt(state, command.slot);
  if (command.kind === "compensate") return slot.undo === "started" && slot.undoAttempts === command.attempt;
  if (command.kind === "attempt" && slot.status === "running") return true;
  return state.phase === "running" && !isSettled(slot);
}
