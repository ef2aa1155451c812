/**
 * The plan: a flow as plain data, known before it runs, stored by its fingerprint.
 *
 * Boundary: shapes only; flow.ts makes plans, validate.ts refuses bad ones. Invariants: plain JSON, no functions, so that
 * `evolve` and every reader can fold a run whose code they never saw; durations are resolved to milliseconds and
 * defaults are written out, so that a later change of a default does not change a stored plan.
 */
import type { Dependency, Expression } from "./expression.ts";
import type { Sealed } from "./values.ts";

export interface Plan {
  readonly format: 1;
  readonly flow: string;
  /** Covers structure and declared versions, not code (rule 28). */
  readonly fingerprint: string;
  readonly deadline?: PlanDeadline;
  /** Names of the checks on the flow's answer. */
  readonly checks: readonly string[];
  /** `scopes[0]` is the flow itself; others are nested in one of its nodes. */
  readonly scopes: readonly PlanScope[];
}

export interface PlanDeadline {
  readonly afterMs: number;
  /** A declared answer makes a missed deadline a degradation; without one it is a failure. */
  readonly answers: boolean;
}

export interface PlanScope {
  readonly id: number;
  /** The node that opens this scope; absent for the flow itself. */
  readonly owner?: { readonly scope: number; readonly node: number };
  readonly nodes: readonly PlanNode[];
  /** What the scope answers. */
  readonly answer: Expression;
  /** The nodes that the answer reads. */
  readonly answerDependsOn: readonly Dependency[];
}

interface PlanNodeBase {
  readonly name: string;
  /** Always an `object` expression; its fields are what user code is given. */
  readonly needs: Expression;
  /** What must have completed first though nothing of it is read; absent when nothing must. */
  readonly after?: readonly Expression[];
  readonly dependsOn: readonly Dependency[];
  /** The nodes that read this one; derived, kept for speed. */
  readonly dependents: readonly number[];
  /** A condition decides at run time whether the node runs. */
  readonly when: boolean;
}

/** `pure`: same input, same output, nothing outside. `read`: looks at the world. `effect`: changes it. */
export type StepKind = "pure" | "read" | "effect";

export interface PlanStep extends PlanNodeBase {
  readonly kind: "step";
  readonly stepKind: StepKind;
  readonly rungs: readonly PlanRung[];
  readonly checks: readonly string[];
  readonly onDropped: "record" | "fail";
  readonly version?: string;
  readonly compensation?: { readonly timeoutMs: number; readonly retry: RetryPolicy };
}

export interface PlanRung {
  readonly kind: "run" | "last-good" | "template";
  readonly name: string;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly breaker?: PlanBreaker;
  readonly maxAgeMs?: number;
}

export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly backoff: "fixed" | "exponential";
  readonly delayMs: number;
  readonly capMs: number;
  /** Share of the delay that chance may add or take, 0 to 1. */
  readonly jitter: number;
}

/** A breaker that all runs share, by name. */
export interface PlanBreaker {
  readonly name: string;
  readonly after: number;
  readonly openForMs: number;
  /** Broken contracts count as failures of the backend too. */
  readonly countContract: boolean;
}

export interface PlanApproval extends PlanNodeBase {
  readonly kind: "approval";
  readonly desk: string;
  /** What the person is asked, in one line. */
  readonly title?: string;
  readonly timeoutMs: number;
  /** The decision when nobody answers; `undefined` when a function of the needs gives it. */
  readonly onTimeout?: Sealed;
  readonly breaker?: { readonly after: number; readonly openForMs: number; readonly decide?: Sealed };
}

export type PlanNode = PlanStep | PlanApproval;

/** `plan.scopes[scope].nodes[node]`, which must exist. */
export function nodeAt(plan: Plan, scope: number, node: number): PlanNode {
  return (plan.scopes[scope] as PlanScope).nodes[node] as PlanNode;
}

/** The fingerprint of what a plan says, as 16 hexadecimal digits: FNV-1a, 64 bits, over its JSON. */
export function fingerprintOf(plan: Omit<Plan, "fingerprint">): string {
  const text = JSON.stringify(plan);
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    hash = ((hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return hash.toString(16).padStart(16, "0");
}
