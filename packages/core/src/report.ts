/**
 * What a run looks like from outside: its row in lists, its steps, its result.
 *
 * Boundary: pure readings of a folded state, in the words that people and pages use. Invariant: rows rebuilt from the
 * journal are the rows that were written with it (rule 27), so nothing here reads a clock.
 */

import { userCodeOf } from "./decide-scopes.ts";
import type { Outcome, StopCause } from "./entries.ts";
import type { Provenance } from "./entry-parts.ts";
import type { Failure } from "./errors.ts";
import type { PlanNode } from "./plan.ts";
import type { Cost } from "./rung.ts";
import {
  costOf,
  type Degradation,
  isLive,
  isSettled,
  nextDueAt,
  pathOf,
  type RunState,
  type Slot,
  type SlotStatus,
  type Standing,
  slotAt,
  standingOf,
} from "./state.ts";
import type { Sealed } from "./values.ts";

/** Something a run waits for that somebody else can answer. */
export interface Wait {
  readonly kind: "approval" | "signal";
  readonly path: string;
  /** The desk that answers; of a signal its name. */
  readonly desk: string;
  readonly since: number;
  readonly dueAt: number;
}

/**
 * `waiting`: nothing but a person, a signal or a timer can move it. `held`: a called run that has its answer and that its
 * caller can still undo. `stopping`: it undoes what it did.
 */
export type RunStatus = "running" | "waiting" | "held" | "stopping" | "ended";

/** One run in a list. */
export interface RunSummary {
  readonly id: string;
  readonly flow: string;
  readonly key?: string;
  /** The run that called it. */
  readonly parent?: string;
  readonly fingerprint: string;
  readonly status: RunStatus;
  readonly outcome?: Outcome;
  /** Known before the end: something on the way was not as it should be. */
  readonly degraded: boolean;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly dueAt?: number;
  /** Entries in its journal. */
  readonly length: number;
  readonly usd: number;
  readonly tokens: number;
  readonly waits: readonly Wait[];
}

const waitingStatuses: ReadonlySet<SlotStatus> = new Set([
  "pending",
  "asked",
  "awaiting",
  "sleeping",
  "backing-off",
  "open",
]);

export function summaryOf(state: RunState): RunSummary {
  const summary: { -readonly [Field in keyof RunSummary]: RunSummary[Field] } = {
    id: state.run,
    flow: state.plan.flow,
    fingerprint: state.fingerprint,
    status: statusOf(state),
    degraded: state.degradations.length > 0,
    startedAt: state.startedAt,
    updatedAt: state.updatedAt,
    length: state.length,
    usd: state.usd,
    tokens: state.tokens,
    waits: state.timers.size === 0 || state.phase !== "running" ? noWaits : waitsOf(state),
  };
  // Assigned and not spread: it is made for every commit of every run.
  const dueAt = nextDueAt(state);
  if (dueAt !== undefined) summary.dueAt = dueAt;
  if (state.key !== undefined) summary.key = state.key;
  if (state.parent !== undefined) summary.parent = state.parent.run;
  if (state.outcome !== undefined) summary.outcome = state.outcome;
  return summary;
}

const noWaits: readonly Wait[] = [];

function statusOf(state: RunState): RunStatus {
  if (state.phase !== "running") return state.phase;
  if (state.timers.size === 0 || state.handed.length > 0) return "running";
  return state.slots.every((slot) => isParked(state, slot)) ? "waiting" : "running";
}

/** The slot has nothing to do but wait. */
function isParked(state: RunState, slot: Slot): boolean {
  const { status, undo } = slot;
  if (undo === "started" || undo === "due") return false;
  if (undo === "waiting") return true; // an undo failed, and its next try has an instant
  if (isSettled(slot)) return true;
  if (status === "open") return userCodeOf(state, slot) === undefined;
  if (status === "running" || status === "called") return false; // also where its scope is closed: it is awaited
  return waitingStatuses.has(status) || status === "stopping" || !isLive(state, slot.frame);
}

function waitsOf(state: RunState): Wait[] {
  return [...state.timers].flatMap((id): Wait[] => {
    const { status, node, dueAt: due } = state.slots[id] as Slot;
    const path = pathOf(state.slots[id] as Slot);
    const dueAt = due as number;
    if (status === "asked" && node.kind === "approval") {
      return [{ kind: "approval", path, desk: node.desk, since: dueAt - node.timeoutMs, dueAt }];
    }
    if (status !== "awaiting" || node.kind !== "signal") return [];
    return [{ kind: "signal", path, desk: node.name, since: dueAt - node.timeoutMs, dueAt }];
  });
}

/** How a step stands, in the words that people use. */
export type StepStatus =
  | "pending"
  | "running"
  | "retrying"
  | "waiting"
  | "succeeded"
  | "degraded"
  | "failed"
  | "skipped"
  | "undoing"
  | "undone"
  | "stopped";

/** One step of a run. */
export interface StepReport {
  readonly path: string;
  readonly kind: PlanNode["kind"];
  readonly status: StepStatus;
  /**
   * The rung that gave the value; for approvals and signals how it was decided: `person`, `timeout`, `breaker` or `signal`;
   * the case of a branch; the run that was called.
   */
  readonly answeredBy?: string;
  readonly by?: string;
  /** Attempts that ended or are under way. */
  readonly attempts: number;
  /** Time spent in attempts, waiting not included. */
  readonly ms: number;
  readonly usd: number;
  readonly tokens: number;
  /** 0 to 1, while it runs. */
  readonly progress?: number;
  readonly dropped?: readonly string[];
  readonly from?: Provenance;
  readonly failure?: Failure;
}

export function stepsOf(state: RunState): StepReport[] {
  const degraded = new Set(state.degradations.map((degradation) => degradation.path));
  return state.slots.map((slot) => stepReport(state, slot, degraded));
}

function stepReport(state: RunState, slot: Slot, degraded: ReadonlySet<string>): StepReport {
  const path = pathOf(slot);
  const status = stepStatus(state, slot, degraded.has(path));
  const answeredBy = answererOf(slot);
  const failed = slot.status !== "completed" && slot.failure !== undefined;
  return {
    path,
    kind: slot.node.kind,
    status,
    ...(answeredBy === undefined ? {} : { answeredBy }),
    ...(slot.decision?.by === undefined ? {} : { by: slot.decision.by }),
    attempts: slot.attempts,
    ms: slot.ms,
    usd: slot.usd,
    tokens: slot.tokens,
    ...(status === "running" && slot.progress > 0 ? { progress: slot.progress } : {}),
    ...(slot.dropped.length > 0 ? { dropped: slot.dropped } : {}),
    ...(slot.from ? { from: slot.from } : {}),
    ...(failed ? { failure: slot.failure as Failure } : {}),
  };
}

/** The name of what gave a slot its value. */
export function answererOf(slot: Slot): string | undefined {
  if (slot.status !== "completed") return undefined;
  if (slot.node.kind === "step") return slot.node.rungs[slot.rung]?.name;
  if (slot.node.kind === "branch") return String(slot.inside?.frames[0]?.key);
  return slot.node.kind === "call" ? slot.call : slot.decision?.via;
}

const plainStatuses: Record<SlotStatus, StepStatus> = {
  pending: "pending",
  ready: "running",
  running: "running",
  broken: "retrying",
  "backing-off": "retrying",
  undoing: "undoing",
  asked: "waiting",
  awaiting: "waiting",
  expired: "waiting",
  sleeping: "waiting",
  called: "running",
  open: "running",
  stopping: "undoing",
  completed: "succeeded",
  skipped: "skipped",
  failed: "failed",
};

function stepStatus(state: RunState, slot: Slot, degraded: boolean): StepStatus {
  if (slot.undo === "done") return "undone";
  if (slot.undo === "started" || slot.undo === "waiting" || slot.undo === "due") return "undoing";
  if (slot.status === "completed" && degraded) return "degraded";
  if (!isSettled(slot) && slot.status !== "running" && !isLive(state, slot.frame)) return "stopped";
  return plainStatuses[slot.status];
}

/** How a run ended. Values are sealed; the engine opens them. */
export interface EndReport {
  readonly outcome: Outcome;
  readonly output: Sealed | undefined;
  readonly failure?: Failure;
  readonly cause?: StopCause;
  /** The step that made the run fail. */
  readonly failedAt?: string;
  readonly degradations: readonly Degradation[];
  /** What steps had given when the run ended, by path: for a run that ended without an answer. */
  readonly partial: Readonly<Record<string, Sealed>>;
  readonly standing: readonly Standing[];
  readonly cost: Required<Cost>;
  readonly ms: number;
}

/** What failed in a part has its path from there. */
function failedAt(state: RunState, { slot, failure }: NonNullable<RunState["stop"]>): string {
  return failure?.path ?? pathOf(slotAt(state, slot as number));
}

/** The end of a run, or undefined while it goes on. */
export function endOf(state: RunState): EndReport | undefined {
  if (state.outcome === undefined) return undefined;
  return {
    outcome: state.outcome,
    output: state.output,
    ...(state.failure ? { failure: state.failure } : {}),
    ...(state.stop ? { cause: state.stop.cause } : {}),
    ...(state.stop?.slot === undefined ? {} : { failedAt: failedAt(state, state.stop) }),
    degradations: state.degradations,
    partial: state.output === undefined ? partialOf(state) : {},
    standing: standingOf(state),
    cost: costOf(state),
    ms: (state.endedAt as number) - state.startedAt,
  };
}

function partialOf({ slots }: RunState): Record<string, Sealed> {
  const completed = slots.flatMap((slot) => (slot.value === undefined ? [] : [[pathOf(slot), slot.value] as const]));
  return Object.fromEntries(completed);
}
