/**
 * The outside of a simulated run: what attempts, functions, people and breakers do, and what is true of it afterwards.
 *
 * Boundary: answers what it is asked and remembers what it did, across crashes of the engine; what an engine makes of the
 * answers is toy-engine.ts. Invariant: the truth about effects is kept here and nowhere else, by path, so that a journal
 * can be held to it.
 */
import {
  type BreakerState,
  type Command,
  evolveBreaker,
  type Failure,
  newBreaker,
  type PlanBreaker,
  seal,
  vote,
} from "@plumbline/core";
import { type FlowDescription, type NodeDescription, nodesByPath, type StepDescription } from "./flow-description.ts";
import type { Seeded } from "./seeded.ts";

export interface Faults {
  readonly errors: boolean;
  readonly crashes: boolean;
  readonly poison: boolean;
  readonly cancels: boolean;
  readonly clockSteps: boolean;
  readonly slowPeople: boolean;
}

/** What an attempt will do: when it ends, and how. */
export interface AttemptPlan {
  readonly kind: "value" | "error" | "contract" | "not-applied" | "timeout";
  readonly afterMs: number;
  /** For timeouts: what comes after all, and when. */
  readonly late?: { readonly afterMs: number; readonly result: "value" | "failure" };
}

/** A run that was called: what it will come to, unless it is stopped before. */
export interface CalledRun {
  endsAt: number;
  outcome: "succeeded" | "degraded" | "failed" | "cancelled";
}

/** Thrown out of the world when user code takes the process down with it. */
export class ProcessDied extends Error {}

/** How often one piece of user code may take the process down before it is given up (rule 5). */
const maxDeathsOfOne = 5;

export class World {
  /** By `path/rung`: the effect may stand in the world. A called run stands as rung 0. */
  readonly standing: Set<string> = new Set();
  readonly breakers: Map<string, BreakerState> = new Map();
  readonly calledRuns: Map<string, CalledRun> = new Map();
  deaths = 0;
  private readonly poison = new Map<string, { readonly most: number; deaths: number } | undefined>();
  private readonly nodes: Map<string, NodeDescription>;
  private readonly seeded: Seeded;
  private readonly faults: Faults;

  constructor(description: FlowDescription, seeded: Seeded, faults: Faults) {
    this.nodes = nodesByPath(description);
    this.seeded = seeded;
    this.faults = faults;
  }

  node(path: string): NodeDescription {
    return this.nodes.get(path.replaceAll(/\[\d+\]/g, "")) as NodeDescription;
  }

  /** Names that signals of this flow have. */
  get signalNames(): string[] {
    return [...new Set([...this.nodes.values()].flatMap(({ kind, name }) => (kind === "signal" ? [name] : [])))];
  }

  /** An attempt begins. From here on an effect may stand in the world, whatever comes of the attempt. */
  attempt(path: string, { rung, attempt }: Extract<Command, { kind: "attempt" }>): AttemptPlan & { value: string } {
    const node = this.node(path) as StepDescription;
    const isEffect = node.stepKind === "effect";
    if (isEffect) this.standing.add(`${path}/${rung}`);
    this.dieIfPoisoned(`${path}/${rung}`);
    const { timeoutMs } = node.rungs[rung] as { timeoutMs: number };
    const kind = this.kindOf(isEffect);
    const list = Array.from({ length: this.seeded.integer(0, 3) }, (_, index) => ({ v: `item ${index}` }));
    const value = sealed({ v: `${path} rung ${rung} attempt ${attempt}`, at: new Date(attempt), list });
    if (kind !== "timeout") return { kind, afterMs: this.seeded.integer(0, timeoutMs - 1), value };
    const late = {
      afterMs: timeoutMs + this.seeded.integer(0, 10_000),
      result: this.seeded.pick(["value", "failure"] as const),
    };
    return { kind, afterMs: timeoutMs, value, ...(this.seeded.chance(0.5) ? { late } : {}) };
  }

  private kindOf(isEffect: boolean): AttemptPlan["kind"] {
    if (!this.faults.errors || this.seeded.chance(0.7)) return "value";
    return this.seeded.pick(["error", "contract", "timeout", isEffect ? "not-applied" : "error"] as const);
  }

  /** The attempt proved that it changed nothing. Earlier attempts of the rung may have, so those are not forgotten. */
  wasNotApplied(path: string, rung: number, stoodBefore: boolean): void {
    if (!stoodBefore) this.standing.delete(`${path}/${rung}`);
  }

  condition(path: string): boolean | "throws" {
    this.dieIfPoisoned(`${path}?when`, maxDeathsOfOne * 3); // on each rung where it is met
    return this.errs(0.02) ? "throws" : this.seeded.chance(0.7);
  }

  /** A function of a node is asked: it answers, throws, or gives what it must not. */
  ask(path: string): "answers" | "throws" | "breaks its contract" {
    this.dieIfPoisoned(`${path}?`);
    if (!this.errs(0.12)) return "answers";
    return this.seeded.pick(["throws", "breaks its contract"] as const);
  }

  /** The flow's own answer is given and judged. */
  answers(): boolean {
    this.dieIfPoisoned("?answer");
    return !this.seeded.chance(0.05);
  }

  pick<T>(among: readonly T[]): T {
    return this.seeded.pick(among);
  }

  chance(share: number): boolean {
    return this.seeded.chance(share);
  }

  private errs(share: number): boolean {
    return this.faults.errors && this.seeded.chance(share);
  }

  /** Sees to it that the called run is under way. */
  call(path: string, id: string, now: number): CalledRun {
    const known = this.calledRuns.get(id);
    if (known) return known;
    const outcomes = this.faults.errors
      ? (["succeeded", "succeeded", "degraded", "failed", "cancelled"] as const)
      : (["succeeded"] as const);
    const run = { endsAt: now + this.seeded.integer(0, 4_000), outcome: this.seeded.pick(outcomes) };
    this.calledRuns.set(id, run);
    this.standing.add(`${path}/0`);
    return run;
  }

  /** The called run is cancelled: one that is under way undoes itself first. Undefined when it was never begun. */
  stopCall(id: string, now: number): CalledRun | undefined {
    const run = this.calledRuns.get(id);
    if (run && run.endsAt > now) {
      run.outcome = "cancelled";
      run.endsAt = now + this.seeded.integer(0, 500);
    }
    return run;
  }

  /** A called run that did not succeed has undone itself. */
  callEnded(path: string, { outcome }: CalledRun): void {
    if (outcome === "failed" || outcome === "cancelled") this.standing.delete(`${path}/0`);
  }

  /** An undo begins; `undefined` when it worked. */
  undo(path: string, rung: number): Failure | undefined {
    if (this.node(path).kind === "step") this.dieIfPoisoned(`${path}!undo`, 9); // three tries on each of three rungs
    if (this.errs(0.3)) return { kind: "error", message: "the undo failed" };
    this.standing.delete(`${path}/${rung}`);
    return undefined;
  }

  breaker({ name }: PlanBreaker): BreakerState {
    const known = this.breakers.get(name) ?? newBreaker(name);
    this.breakers.set(name, known);
    return known;
  }

  vote(
    policy: PlanBreaker,
    id: string,
    at: number,
    epoch: number,
    result: "failure" | "success" | "answered",
  ): boolean {
    const state = this.breaker(policy);
    const { entries, opened } = vote(state, policy, { id, at, epoch, result });
    for (const entry of entries) evolveBreaker(state, entry);
    return opened;
  }

  /** Which user code took the process down more often than it may (rule 5). */
  get killers(): string[] {
    // Once more in the process that began the run, before anything of it was durable.
    return [...this.poison].flatMap(([name, one]) => (one && one.deaths > one.most + 1 ? [name] : []));
  }

  private dieIfPoisoned(name: string, most = maxDeathsOfOne): void {
    if (!this.faults.poison) return;
    if (!this.poison.has(name)) this.poison.set(name, this.seeded.chance(0.05) ? { most, deaths: 0 } : undefined);
    const poison = this.poison.get(name);
    if (!poison) return;
    poison.deaths++;
    this.deaths++;
    throw new ProcessDied("user code took the process down");
  }
}

export function sealed(value: unknown): string {
  const result = seal(value);
  if ("refusal" in result) throw new Error(`the simulation made a value that is refused: ${result.refusal.reason}`);
  return result.sealed;
}
