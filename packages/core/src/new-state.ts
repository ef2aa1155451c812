/**
 * Makes the state of a run, of its frames and of its slots.
 *
 * Boundary: factories; what they hold means is state.ts, what changes it is evolve.ts. Invariant: slots of one frame are
 * consecutive and in the order of the scope's nodes, so that a node's slot is found by adding.
 */
import type { Part } from "./entries.ts";
import type { Plan, PlanNode, PlanScope } from "./plan.ts";
import { type Frame, type Inside, pathOf, type RunState, type Slot } from "./state.ts";
import type { Sealed } from "./values.ts";

/** A run of which nothing is known but its plan. */
export function newState(plan: Plan): RunState {
  return {
    plan,
    frames: [],
    slots: [],
    length: 0,
    run: "",
    key: undefined,
    parent: undefined,
    isPart: false,
    fingerprint: plan.fingerprint,
    phase: "running",
    startedAt: 0,
    updatedAt: 0,
    deadlineAt: undefined,
    deadlinePassed: false,
    cancel: undefined,
    answerLosses: 0,
    left: false,
    causes: [],
    timers: noTimers,
    effects: [],
    signals: noSignals,
    signalIds: noSignalIds,
    handed: noneHanded,
    closings: 0,
    touched: [],
    held: undefined,
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

/** Most runs never need these, so that all share the empty ones; whoever writes the first makes one for the run. */
export const noTimers: ReadonlySet<number> = new Set();
const noneHanded: RunState["handed"] = [];
export const noSignals: RunState["signals"] = new Map();
const noSignalIds: RunState["signalIds"] = new Set();

/** What opens a scope: nobody for the flow itself. */
export interface Opening {
  readonly input?: Sealed;
  readonly owner?: Slot;
  readonly key?: string | number | undefined;
  readonly captured?: Part["captured"] | undefined;
}

/** Opens a scope: its nodes get the next slots. */
export function enterFrame(state: RunState, scope: PlanScope, { input, owner, key, captured }: Opening): Frame {
  const frame: Frame = {
    id: state.frames.length,
    scope,
    base: state.slots.length,
    prefix: owner ? prefixOf(owner, key) : "",
    input,
    owner,
    captured,
    key,
    phase: "running",
    unsettled: scope.nodes.length,
    failed: undefined,
    failure: undefined,
    effects: [],
  };
  state.frames.push(frame);
  for (const node of scope.nodes) state.slots.push(newSlot(state.slots.length, frame, node));
  return frame;
}

/** `route.human.` for a case, `pages[3].` for an item or a turn, `score.` for an ensemble. */
function prefixOf(owner: Slot, key: string | number | undefined): string {
  const path = pathOf(owner);
  if (key === undefined) return `${path}.`;
  if (typeof key === "string") return `${path}.${key}.`;
  const { from, partLength } = owner.inside as Inside;
  return `${path}[${partLength === undefined ? key + from : `${key * partLength}...`}].`;
}

/** For a node that opens scopes. */
export function newInside(): Inside {
  return {
    frames: [],
    open: 0,
    fallen: new Set(),
    items: noItems,
    from: 0,
    partLength: undefined,
    values: [],
    done: false,
    failures: new Map(),
    effects: [],
  };
}

const noItems: readonly Sealed[] = [];

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
    lateDecisions: none,
    decision: undefined,
    inside: undefined,
    hedge: undefined,
    call: undefined,
  };
}

const none: readonly string[] = [];
