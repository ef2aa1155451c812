/**
 * The outside of a simulated run: what attempts, conditions, people and breakers do, and what is true of it afterwards.
 *
 * Boundary: answers commands and remembers what it did, across crashes of the engine; what an engine makes of the answers
 * is toy-engine.ts. Invariant: the truth about effects is kept here and nowhere else, so that a journal can be held to it.
 */
import {
  type BreakerState,
  type Command,
  type Entry,
  evolveBreaker,
  type Failure,
  newBreaker,
  type PlanBreaker,
  seal,
  vote,
} from "@plumbline/core";
import type { FlowDescription, NodeDescription } from "./flow-generator.ts";
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

/** Thrown out of the world when user code takes the process down with it. */
export class ProcessDied extends Error {}

export class World {
  /** By `slot/rung`: the effect may stand in the world. */
  readonly standing: Set<string> = new Set();
  readonly breakers: Map<string, BreakerState> = new Map();
  readonly poisonedRungs: Set<string> = new Set();
  readonly poisonedConditions: Set<number> = new Set();
  readonly poisonedUndos: Set<number> = new Set();
  deaths = 0;
  private readonly description: FlowDescription;
  private readonly seeded: Seeded;
  private readonly faults: Faults;

  constructor(description: FlowDescription, seeded: Seeded, faults: Faults) {
    this.description = description;
    this.seeded = seeded;
    this.faults = faults;
    if (!faults.poison) return;
    for (const [slot, node] of description.nodes.entries()) {
      for (const rung of node.rungs.keys()) if (seeded.chance(0.06)) this.poisonedRungs.add(`${slot}/${rung}`);
      if (node.when && seeded.chance(0.06)) this.poisonedConditions.add(slot);
      if (node.undoable && seeded.chance(0.06)) this.poisonedUndos.add(slot);
    }
  }

  node(slot: number): NodeDescription {
    return this.description.nodes[slot] as NodeDescription;
  }

  /** An attempt begins. From here on an effect may stand in the world, whatever comes of the attempt. */
  attempt({ slot, rung, attempt }: Extract<Command, { kind: "attempt" }>): AttemptPlan & { value: string } {
    const node = this.node(slot);
    const isEffect = node.kind === "step" && node.stepKind === "effect";
    if (isEffect) this.standing.add(`${slot}/${rung}`);
    this.dieIf(this.poisonedRungs.has(`${slot}/${rung}`));
    const { timeoutMs } = node.rungs[rung] as { timeoutMs: number };
    const kind = this.kindOf(isEffect);
    const value = sealed({ v: `${node.name} rung ${rung} attempt ${attempt}`, at: new Date(attempt) });
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
  wasNotApplied(slot: number, rung: number, stoodBefore: boolean): void {
    if (!stoodBefore) this.standing.delete(`${slot}/${rung}`);
  }

  condition(slot: number): boolean | "throws" {
    this.dieIf(this.poisonedConditions.has(slot));
    if (this.faults.errors && this.seeded.chance(0.02)) return "throws";
    return this.seeded.chance(0.6);
  }

  /** An undo begins; `undefined` when it worked. */
  undo(slot: number, rung: number): Failure | undefined {
    this.dieIf(this.poisonedUndos.has(slot));
    if (this.faults.errors && this.seeded.chance(0.3)) return { kind: "error", message: "the undo failed" };
    this.standing.delete(`${slot}/${rung}`);
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

  /** Five losses for each poison, on each rung where it is met; undos die as often as they are tried (rule 5). */
  get maxDeaths(): number {
    const conditions = [...this.poisonedConditions].reduce((sum, slot) => sum + 5 * this.node(slot).rungs.length, 0);
    const early = 1; // in the process that began the run, before anything of it was durable
    return early + 5 * this.poisonedRungs.size + conditions + 3 * 3 * this.poisonedUndos.size;
  }

  private dieIf(dies: boolean): void {
    if (!dies) return;
    this.deaths++;
    throw new ProcessDied("user code took the process down");
  }
}

export function sealed(value: unknown): string {
  const result = seal(value);
  if ("refusal" in result) throw new Error(`the simulation made a value that is refused: ${result.refusal.reason}`);
  return result.sealed;
}

/** The entry of an attempt's end. */
export function attemptEntry(
  { slot, rung, attempt }: Extract<Command, { kind: "attempt" }>,
  { kind, value }: { kind: AttemptPlan["kind"] | "aborted"; value: string },
  at: number,
): Entry {
  const record = { at, slot, rung, attempt, ms: 1, cost: { usd: 0.5, tokens: 3 } };
  if (kind === "value") return { kind: "step.completed", ...record, value };
  const failure: Failure = { kind, message: `simulated ${kind}` };
  return { kind: "attempt.failed", ...record, failure, retryable: true, ...(kind === "contract" ? { value } : {}) };
}
