/**
 * Where a run stands: the fold of its entries, and nothing else.
 *
 * Boundary: the shape and its readings; only evolve.ts writes it. Invariants: everything in it follows from plan and
 * entries; values are sealed text or handles, never live objects; a node's instance is one integer, its slot: a scope
 * that is entered gets a run of consecutive slots (a frame), so that no path is parsed while a run goes on.
 */
import type { Via } from "./approval.ts";
import type { Outcome, Provenance, StopCause } from "./entries.ts";
import type { Failure } from "./errors.ts";
import type { Plan, PlanNode, PlanScope } from "./plan.ts";
import type { Cost } from "./step.ts";
import type { Sealed } from "./values.ts";

export type Phase = "running" | "stopping" | "ended";

/**
 * - `pending`: a need has not settled yet; `ready`: it may go on; `running`: an effect has its start mark
 * - `broken`: an attempt failed and nothing was decided yet; `backing-off`: waits for the next attempt
 * - `undoing`: an effect in doubt is being undone before the next rung
 * - `asked`: waits for a person; `expired`: nobody answered and the declared answer is being given
 */
export type SlotStatus =
  | "pending"
  | "ready"
  | "running"
  | "broken"
  | "backing-off"
  | "undoing"
  | "asked"
  | "expired"
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
  readonly input: Sealed;
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
  /** The slot of the need whose failure became this one's. */
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
  readonly lateDecisions: string[];
  decision: { readonly via: Via; readonly by?: string; readonly id?: string } | undefined;
}

/** Why a run is not simply `succeeded` (rule 14). */
export interface Degradation {
  readonly path: string;
  readonly kind: "fallback" | "automatic-decision" | "absorbed-failure" | "deadline";
  readonly reason: string;
}

/** An effect that the run leaves in the world though it did not succeed. */
export interface Standing {
  readonly path: string;
  readonly certainty: "applied" | "in-doubt";
  readonly reason: string;
}

export interface RunState {
  readonly plan: Plan;
  readonly frames: Frame[];
  readonly slots: Slot[];
  /** Entries folded so far. */
  length: number;
  run: string;
  key: string | undefined;
  fingerprint: string;
  phase: Phase;
  startedAt: number;
  updatedAt: number;
  deadlineAt: number | undefined;
  deadlinePassed: boolean;
  cancel: { readonly by?: string; readonly reason?: string } | undefined;
  /** Slots of the flow's own frame that have not settled. */
  unsettled: number;
  /** The engine let go of it in good order: what was under way then is lost without blame. */
  left: boolean;
  /** What may end the run before its time, in the order of the journal: failed slots, a cancel, the deadline. */
  readonly causes: (number | "cancel" | "deadline")[];
  /** Slots with a timer set. Small, whatever the size of the run. */
  readonly timers: Set<number>;
  /** Effects in the order of their first start. */
  readonly effects: number[];
  /** Slots that an entry has changed since somebody last looked: a hint for `decide`, not part of the record. */
  touched: number[];
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

/** A run of which nothing is known but its plan. */
export function newState(plan: Plan): RunState {
  return {
    plan,
    frames: [],
    slots: [],
    length: 0,
    run: "",
    key: undefined,
    fingerprint: plan.fingerprint,
    phase: "running",
    startedAt: 0,
    updatedAt: 0,
    deadlineAt: undefined,
    deadlinePassed: false,
    cancel: undefined,
    unsettled: 0,
    left: false,
    causes: [],
    timers: new Set(),
    effects: [],
    touched: [],
    stop: undefined,
    degradations: [],
    outcome: undefined,
    endedAt: undefined,
    output: undefined,
    outputDropped: [],
    failure: undefined,
    usd: 0,
    tokens: 0,
  };
}

/** Opens a scope: its nodes get the next slots. */
export function enterFrame(state: RunState, scope: PlanScope, prefix: string, input: Sealed): Frame {
  const frame: Frame = { id: state.frames.length, scope, base: state.slots.length, prefix, input };
  state.frames.push(frame);
  for (const node of scope.nodes) state.slots.push(newSlot(state.slots.length, frame, node));
  return frame;
}

function newSlot(id: number, frame: Frame, node: PlanNode): Slot {
  return {
    id,
    frame,
    node,
    status: "pending",
    waiting: node.dependsOn.length,
    rung: 0,
    attempts: 0,
    rungAttempts: 0,
    losses: 0,
    conditionMet: false,
    admission: undefined,
    dueAt: undefined,
    value: undefined,
    failure: undefined,
    firstFailure: undefined,
    failedNeed: undefined,
    retryable: true,
    brokenValue: undefined,
    brokenRung: 0,
    begun: false,
    inDoubt: false,
    undo: "none",
    undoAttempts: 0,
    undoFailure: undefined,
    progress: 0,
    ms: 0,
    usd: 0,
    tokens: 0,
    from: undefined,
    dropped: none,
    lateDecisions: [],
    decision: undefined,
  };
}

const none: readonly string[] = [];

/** The slot with this id. Entries are checked before they are folded, so it exists. */
export function slotAt(state: RunState, id: number): Slot {
  return state.slots[id] as Slot;
}

/** The instance of `node` in the same frame as `slot`. */
export function siblingOf(state: RunState, frame: Frame, node: number): Slot {
  return state.slots[frame.base + node] as Slot;
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
    if (state.stop === undefined && slot.status === "completed") return [];
    const certainty = slot.status === "completed" ? ("applied" as const) : ("in-doubt" as const);
    return [{ path: pathOf(slot), certainty, reason: whyStanding(slot) }];
  });
}

function whyStanding({ node, undo, undoFailure }: Slot): string {
  if (undo === "abandoned") return `could not be undone${undoFailure ? `: ${undoFailure.message}` : ""}`;
  const undoable = node.kind === "step" && node.compensation !== undefined;
  return undoable ? "the run went on without it" : "the step declares no compensate";
}

/** An effect that is known or suspected to have changed the world. */
export function isLeftBehind(effect: Slot): boolean {
  return effect.status === "completed" || effect.inDoubt;
}
