/**
 * Where a run stands: the fold of its entries, and nothing else.
 *
 * Boundary: the shape and its readings; only evolve.ts writes it. Invariants: everything in it follows from plan and
 * entries; values are sealed text or handles, never live objects; a node's instance is one integer, its slot: a scope
 * that is entered gets a run of consecutive slots (a frame), so that no path is parsed while a run goes on.
 */
import type { Via } from "./approval.ts";
import type { Outcome, Parent, Part, SignalReceived, StopCause } from "./entries.ts";
import type { Provenance } from "./entry-parts.ts";
import type { Failure } from "./errors.ts";
import type { Plan, PlanNode, PlanScope } from "./plan.ts";
import type { Cost } from "./rung.ts";
import type { Sealed } from "./values.ts";

/** `held`: a called run that has its answer and can still be undone by the run that called it. */
export type Phase = "running" | "held" | "stopping" | "ended";

/**
 * - `pending`: a need has not settled yet; `ready`: it may go on; `running`: an effect has its start mark
 * - `broken`: an attempt failed and nothing was decided yet; `backing-off`: waits for the next attempt
 * - `undoing`: an effect in doubt is being undone before the next rung
 * - `asked`: waits for a person; `awaiting`: for a signal; `expired`: nobody answered and the declared answer is given
 * - `sleeping`: waits for the clock; `called`: waits for the run that it called
 * - `open`: scopes of it are under way; `stopping`: they are undone, because they failed and will be done without
 */
export type SlotStatus =
  | "pending"
  | "ready"
  | "running"
  | "broken"
  | "backing-off"
  | "undoing"
  | "asked"
  | "awaiting"
  | "expired"
  | "sleeping"
  | "called"
  | "open"
  | "stopping"
  | "completed"
  | "skipped"
  | "failed";

/** How far the undoing of an effect has come. */
export type UndoStatus = "none" | "started" | "waiting" | "due" | "done" | "abandoned";

/** One entered scope. */
export interface Frame {
  readonly id: number;
  readonly scope: PlanScope;
  /** The first of its slots. */
  readonly base: number;
  /** How its slots' paths begin: empty for the flow itself. */
  readonly prefix: string;
  /** The input of the flow; what other scopes are given is read off their owner. */
  readonly input: Sealed | undefined;
  /** The slot that opened it; absent for the flow itself. */
  readonly owner: Slot | undefined;
  /** For the first frame of a part: what it reads of the run that it is a part of. */
  readonly captured: Part["captured"] | undefined;
  /** The case of a branch, the turn (from 1), the item (from 0). */
  readonly key: string | number | undefined;
  phase: "running" | "stopping" | "ended";
  /** Its slots that have not settled. */
  unsettled: number;
  /** The first slot whose failure nobody in the scope does without. */
  failed: number | undefined;
  /** While it is stopping: what it will have failed with. */
  failure: Failure | undefined;
  /** Effects and called runs in it and in the scopes inside, in the order of their first start. */
  readonly effects: number[];
}

/** What a node that opens scopes knows of them. */
export interface Inside {
  readonly frames: Frame[];
  /** Frames that are under way. */
  open: number;
  /** Frames that have something to be decided: they failed, or they are being undone. */
  readonly fallen: Set<Frame>;
  /** A map's items, or the parts of its array. */
  items: readonly Sealed[];
  /** The place of the first item in the whole array. */
  from: number;
  /** The items are parts of so many. */
  partLength: number | undefined;
  /** What the turns of a loop answered. */
  readonly values: Sealed[];
  /** `until` was satisfied; the ensemble takes no more answers. */
  done: boolean;
  /** By item: why it failed. */
  readonly failures: Map<number, Failure>;
  /** Those of all frames, in the order of their first start. */
  readonly effects: number[];
}

export interface Slot {
  readonly id: number;
  readonly frame: Frame;
  readonly node: PlanNode;
  status: SlotStatus;
  /** Needs that have not settled. */
  waiting: number;
  rung: number;
  /** Attempts that ended, over all rungs; the next one has this number plus one. */
  attempts: number;
  /** Attempts of this rung that count towards `maxAttempts`. */
  rungAttempts: number;
  /** Attempts of this rung that were lost with their process. */
  losses: number;
  conditionMet: boolean;
  /** What the breaker said to the attempt that is next or under way. */
  admission:
    | { readonly breaker: string; readonly epoch: number; readonly kind: "admitted" | "probe" | "refused" }
    | undefined;
  dueAt: number | undefined;
  /** The value when completed. */
  value: Sealed | undefined;
  /** The last failure of the step itself. */
  failure: Failure | undefined;
  /** Why the first rung did not answer, once the ladder has been entered. */
  firstFailure: Failure | undefined;
  /** The slot whose failure became this one's: a need, or one inside. */
  failedNeed: number | undefined;
  retryable: boolean;
  /** What the last attempt gave when it broke the contract. */
  brokenValue: Sealed | undefined;
  brokenRung: number;
  /** Some attempt of this effect was marked as started. */
  begun: boolean;
  /** An attempt of this rung started and was not proven unapplied (rule 7). */
  inDoubt: boolean;
  undo: UndoStatus;
  undoAttempts: number;
  undoFailure: Failure | undefined;
  progress: number;
  ms: number;
  usd: number;
  tokens: number;
  from: Provenance | undefined;
  dropped: readonly string[];
  /** Ids of decisions that came too late. */
  lateDecisions: readonly string[];
  decision: { readonly via: Via | "signal"; readonly by?: string; readonly id?: string } | undefined;
  /** For nodes that open scopes, once they have. */
  inside: Inside | undefined;
  /** The rung that is tried beside the current one. */
  hedge: number | undefined;
  /** The run that it called. */
  call: string | undefined;
}

/** Why a run is not simply `succeeded` (rule 14). */
export interface Degradation {
  readonly path: string;
  readonly kind:
    | "fallback"
    | "automatic-decision"
    | "absorbed-failure"
    | "missing-voice"
    | "below-quorum"
    | "at-limit"
    | "called-run"
    | "deadline";
  readonly reason: string;
}

/** An effect that the run leaves in the world though it did not succeed. */
export interface Standing {
  readonly path: string;
  readonly certainty: "applied" | "in-doubt";
  readonly reason: string;
}

/** A signal on its way to a wait in a part. */
export interface Handed {
  readonly signal: SignalReceived;
  /** The part. */
  readonly run: string;
}

export interface RunState {
  readonly plan: Plan;
  readonly frames: Frame[];
  readonly slots: Slot[];
  /** Entries folded so far. */
  length: number;
  run: string;
  key: string | undefined;
  parent: Parent | undefined;
  /** It is a part of its parent: its answer is the parent's to judge. */
  isPart: boolean;
  fingerprint: string;
  phase: Phase;
  startedAt: number;
  updatedAt: number;
  deadlineAt: number | undefined;
  deadlinePassed: boolean;
  cancel: { readonly by?: string; readonly reason?: string } | undefined;
  /** How often the process died while the flow's answer was being given. */
  answerLosses: number;
  /** The engine let go of it in good order: what was under way then is lost without blame. */
  left: boolean;
  /** What may end the run before its time, in the order of the journal: failed slots, a cancel, the deadline. */
  readonly causes: (number | "cancel" | "deadline")[];
  /** Slots with a timer set. Small, whatever the size of the run. */
  timers: ReadonlySet<number>;
  /** Effects and called runs in the order of their first start. */
  readonly effects: number[];
  /** What the outside said and no wait has taken, by name. */
  signals: ReadonlyMap<string, SignalReceived[]>;
  signalIds: ReadonlySet<string>;
  /** Signals on their way to waits in parts of this run. */
  handed: readonly Handed[];
  /** Raised when a part of the run is closed before its time: whatever is under way in it is not wanted any more. */
  closings: number;
  /** Slots that an entry has changed since somebody last looked: a hint for `decide`, not part of the record. */
  touched: number[];
  /** The answer of a called run, while it can still be undone. */
  held: { readonly outcome: Outcome; readonly output: Sealed; readonly dropped?: readonly string[] } | undefined;
  stop: { readonly cause: StopCause; readonly slot?: number; readonly failure?: Failure } | undefined;
  readonly degradations: Degradation[];
  outcome: Outcome | undefined;
  /** Late entries may follow the end; they do not move it. */
  endedAt: number | undefined;
  output: Sealed | undefined;
  outputDropped: readonly string[];
  failure: Failure | undefined;
  usd: number;
  tokens: number;
}

/** The slot with this id. Entries are checked before they are folded, so it exists. */
export function slotAt(state: RunState, id: number): Slot {
  return state.slots[id] as Slot;
}

/** The instance of `node` in the same frame as `slot`. */
export function siblingOf(state: RunState, frame: Frame, node: number): Slot {
  return state.slots[frame.base + node] as Slot;
}

/** The frame of this scope that encloses `frame`, itself included. */
export function frameOf(frame: Frame, scope: number): Frame {
  let at = frame;
  while (at.scope.id !== scope && at.owner) at = at.owner.frame;
  return at;
}

/** True while new work may start in the frame: nothing around it has stopped, failed or ended. */
export function isLive(state: RunState, frame: Frame): boolean {
  let at = frame;
  while (at.phase === "running") {
    if (!at.owner) return state.phase === "running";
    if (at.owner.status !== "open") return false;
    at = at.owner.frame;
  }
  return false;
}

/** A slot's place in the run as people read it. */
export function pathOf(slot: Slot): string {
  return slot.frame.prefix + slot.node.name;
}

/** The slot at a path, for people who name steps. */
export function slotByPath(state: RunState, path: string): Slot | undefined {
  return state.slots.find((slot) => pathOf(slot) === path);
}

/** True when nothing more will happen to the slot but undoing. */
export function isSettled(slot: Slot): boolean {
  return slot.status === "completed" || slot.status === "skipped" || slot.status === "failed";
}

/** The earliest instant at which the clock has something to say to this run. */
export function nextDueAt(state: RunState): number | undefined {
  if (state.phase === "ended") return undefined;
  let earliest = state.phase === "running" && !state.deadlinePassed ? state.deadlineAt : undefined;
  for (const id of state.timers) {
    const due = slotAt(state, id).dueAt as number;
    if (earliest === undefined || due < earliest) earliest = due;
  }
  return earliest;
}

/** What a run has cost so far. */
export function costOf(state: RunState): Required<Cost> {
  return { usd: state.usd, tokens: state.tokens };
}

/**
 * Effects that stand in the world though the run did not succeed: to be listed and looked at (rule 8). A run that was
 * never stopped keeps what it completed; what it leaves in doubt behind an absorbed failure is listed all the same.
 */
export function standingOf(state: RunState): Standing[] {
  if (state.outcome === undefined) return [];
  return state.effects.flatMap((id) => {
    const slot = slotAt(state, id);
    if (!isLeftBehind(slot) || slot.undo === "done") return [];
    if (state.stop === undefined && slot.status === "completed" && isKept(slot)) return [];
    const certainty = slot.status === "completed" ? ("applied" as const) : ("in-doubt" as const);
    return [{ path: pathOf(slot), certainty, reason: whyStanding(slot) }];
  });
}

/** What a run keeps at its good end: effects of scopes that did not fail. */
function isKept(slot: Slot): boolean {
  for (let at: Frame | undefined = slot.frame; at?.owner; at = at.owner.frame) {
    if (at.owner.status !== "completed" || at.failed !== undefined) return false;
  }
  return true;
}

function whyStanding({ node, undo, undoFailure }: Slot): string {
  if (undo === "abandoned") return `could not be undone: ${(undoFailure as Failure).message}`;
  const undoable = node.kind !== "step" || node.compensation !== undefined;
  return undoable ? "the run went on without it" : "the step declares no compensate";
}

/** An effect that is known or suspected to have changed the world. */
export function isLeftBehind(effect: Slot): boolean {
  return effect.status === "completed" || effect.inDoubt;
}
