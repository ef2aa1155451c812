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
  /** Some of what it reads lies in a scope around its own. */
  readonly readsOutside?: true;
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
  /** Answers to the same needs are given again while they are younger than this (rule 16). */
  readonly cache?: { readonly maxAgeMs: number };
  /** The next rung starts beside the first when that has not answered by then. */
  readonly hedge?: { readonly afterMs: number };
}

export interface PlanRung {
  readonly kind: "run" | "last-good" | "template";
  readonly name: string;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly breaker?: PlanBreaker;
  readonly limit?: PlanLimit;
  readonly maxAgeMs?: number;
}

/** How much of a resource all runs together may use, by name. */
export interface PlanLimit {
  readonly name: string;
  /** Attempts at the same time. */
  readonly concurrency?: number;
  /** Attempts that may begin within any window of this length. */
  readonly rate?: { readonly count: number; readonly perMs: number };
  /** More attempts than this in line, and `start` refuses new runs of the flows that use it. */
  readonly maxQueued: number;
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

/** One of several scopes is entered; which one is asked when the needs are there. */
export interface PlanBranch extends PlanNodeBase {
  readonly kind: "branch";
  /** The scope of each case, by name. */
  readonly cases: Readonly<Record<string, number>>;
}

/** Several members answer the same question side by side; so many of them make an answer (rule 14). */
export interface PlanEnsemble extends PlanNodeBase {
  readonly kind: "ensemble";
  /** Its nodes are the members. */
  readonly scope: number;
  readonly quorum: number;
  /** Whether the answer waits for members that the quorum does not need. */
  readonly settle: "quorum" | "all";
  /** What happens below the quorum: a failure, or a declared answer, sealed here or given by a function. */
  readonly below: { readonly kind: "fails" | "function" } | { readonly kind: "value"; readonly value: Sealed };
}

/** A scope for each item of an array; its needs have one field, `over`. */
export interface PlanMap extends PlanNodeBase {
  readonly kind: "map";
  readonly scope: number;
  /** Items under way at the same time. */
  readonly concurrency: number;
  readonly onFailure: "fail" | "drop" | "collect";
  /**
   * For arrays that are too long for one journal: `spread` is a scope with one call for each part of the array, `part` the
   * scope that such a called run begins with: this very map, over its part. Absent in `part` itself.
   */
  readonly parts?: { readonly spread: number; readonly part: number };
}

/** A scope again and again until it is enough; its needs have the field `start`, or none. */
export interface PlanLoop extends PlanNodeBase {
  readonly kind: "loop";
  readonly scope: number;
  readonly maxTurns: number;
  /** No new turn begins when those before have cost so much. */
  readonly maxCost?: { readonly usd?: number; readonly tokens?: number };
  readonly atLimit: "fail" | "last" | "function";
  readonly checks: readonly string[];
}

/** A run of another flow; its needs have one field, `input`. */
export interface PlanCall extends PlanNodeBase {
  readonly kind: "call";
  readonly flow: string;
  /** The called run is a part of this run: it runs this scope of the same plan. */
  readonly part?: number;
}

/** Waits for the clock. */
export interface PlanSleep extends PlanNodeBase {
  readonly kind: "sleep";
  /** Absent when a function of the needs says until when. */
  readonly forMs?: number;
}

/** Waits for something that the outside says to the run (rule 20). */
export interface PlanSignal extends PlanNodeBase {
  readonly kind: "signal";
  readonly timeoutMs: number;
  /** What is taken when nothing comes; `undefined` when a function of the needs gives it. */
  readonly onTimeout?: Sealed;
}

export type PlanNode =
  | PlanStep
  | PlanApproval
  | PlanBranch
  | PlanEnsemble
  | PlanMap
  | PlanLoop
  | PlanCall
  | PlanSleep
  | PlanSignal;

/** A node that opens scopes of its own. */
export type PlanOwner = PlanBranch | PlanEnsemble | PlanMap | PlanLoop;

export function isOwner(node: PlanNode): node is PlanOwner {
  return node.kind === "branch" || node.kind === "ensemble" || node.kind === "map" || node.kind === "loop";
}

/** The scopes that a node opens, as its user wrote them. */
export function scopesOf(node: PlanNode): readonly number[] {
  if (!isOwner(node)) return [];
  return node.kind === "branch" ? Object.values(node.cases) : [node.scope];
}

/** The scope that a map opens: for each item, or for each part where the array is spread over runs of its own. */
export function scopeOfItems({ scope, parts }: PlanMap, isSpread: boolean): number {
  return isSpread && parts ? parts.spread : scope;
}

/** The node calls a part of its own run. */
export function isPart(node: PlanNode): boolean {
  return node.kind === "call" && node.part !== undefined;
}

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
