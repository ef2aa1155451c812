/**
 * What of a flow is functions: the code beside the plan, found by the same scope and node.
 *
 * Boundary: shapes only; each kind of node reads its own options (step.ts, approval.ts, scope-nodes.ts, waiting-nodes.ts).
 * Invariant: nothing here is needed to fold a run; an engine needs it to go on with one.
 */
import type { ApprovalCode } from "./approval.ts";
import type { Plan } from "./plan.ts";
import type { Schema } from "./rung.ts";
import type { Check, StepCode } from "./step.ts";
import type { Codec } from "./values.ts";

type When = ((needs: never) => boolean) | undefined;

export interface BranchCode {
  readonly kind: "branch";
  readonly when: When;
  readonly choose: (needs: never) => unknown;
}

export interface EnsembleCode {
  readonly kind: "ensemble";
  readonly when: When;
  readonly combine: (survivors: never, values: never) => unknown;
  /** Absent when the plan holds the value, or when too few answers are a failure. */
  readonly below: ((votes: never, needs: never) => unknown) | undefined;
}

export interface MapCode {
  readonly kind: "map";
  readonly when: When;
}

export interface LoopCode {
  readonly kind: "loop";
  readonly when: When;
  readonly output: Schema;
  readonly checks: readonly (readonly [name: string, check: Check<never, never>])[];
  readonly until: (value: never, turn: number) => unknown;
  readonly atLimit: ((turns: never) => unknown) | undefined;
}

export interface CallCode {
  readonly kind: "call";
  readonly when: When;
  /** Absent for a part of the run itself. */
  readonly flow: Flow | undefined;
}

export interface SleepCode {
  readonly kind: "sleep";
  readonly when: When;
  readonly until: ((needs: never) => unknown) | undefined;
}

export interface SignalCode {
  readonly kind: "signal";
  readonly when: When;
  readonly schema: Schema;
  readonly onTimeout: ((needs: never) => unknown) | undefined;
}

/** The functions of one node. */
export type NodeCode =
  | StepCode
  | ApprovalCode
  | BranchCode
  | EnsembleCode
  | MapCode
  | LoopCode
  | CallCode
  | SleepCode
  | SignalCode;

/** The functions of a flow, found by scope and node as in its plan. */
export interface FlowCode {
  readonly input: Schema;
  readonly output: Schema | undefined;
  readonly checks: readonly (readonly [name: string, check: Check<never, never>])[];
  readonly deadlineAnswer: ((input: never) => unknown) | undefined;
  readonly codecs: readonly Codec[];
  readonly scopes: readonly (readonly NodeCode[])[];
}

/** A flow: its name, its plan as data, its code. `Input` is what callers pass, `Output` what a run answers. */
export interface Flow<in Input = never, out Output = unknown> {
  readonly name: string;
  readonly plan: Plan;
  readonly code: FlowCode;
  readonly samples: Readonly<Record<string, unknown>>;
  /** Types only; never there at run time. */
  readonly takes?: (input: Input) => void;
  readonly gives?: Output;
}

/** A flow and all that it calls, each once. */
export function withCalled(flow: Flow, found: Set<Flow> = new Set()): Set<Flow> {
  if (found.has(flow)) return found;
  found.add(flow);
  for (const code of flow.code.scopes.flat()) if (code.kind === "call" && code.flow) withCalled(code.flow, found);
  return found;
}
