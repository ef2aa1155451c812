/**
 * Finds the code for the plan that a run began with: a run finishes on its own plan, and the code is found by name.
 *
 * Boundary: compares a stored plan with a flow as it is now; runs nothing. Invariant: a run goes on only if every node
 * that it may still need is there, of the same kind, with the same needs and ladder; otherwise the node that holds it is
 * named (rule 28). Functions may change freely: the fingerprint covers structure and declared versions, not code.
 */
import {
  type Expression,
  type Flow,
  isSettled,
  type NodeCode,
  type Plan,
  type PlanNode,
  type PlanScope,
  type PlanStep,
  type RunState,
  type Slot,
  scopesOf,
} from "@plumbline/core";
import type { BoundCode } from "./host.ts";

/** Why a run cannot go on with the code at hand. */
export interface Hold {
  readonly path: string;
  readonly reason: string;
}

/** The code for a run, or what holds it. */
export function bind(state: RunState, flow: Flow): BoundCode | Hold {
  if (state.plan.fingerprint === flow.plan.fingerprint) return { flow, scopes: flow.code.scopes };
  const binding = new Binding(state, flow);
  const hold = binding.bindScope(0, 0, "over");
  if (hold) return hold;
  if (state.plan.deadline?.answers && !flow.code.deadlineAnswer) {
    return { path: "deadline", reason: "the answer for a missed deadline is gone" };
  }
  return { flow, scopes: binding.scopes };
}

export function isHold(bound: BoundCode | Hold): bound is Hold {
  return "reason" in bound;
}

/**
 * What may still happen in a scope. `open`: it may be entered, or entered again, so that each of its nodes may run. `entered`:
 * what was entered goes on and nothing is added. `over`: nothing but undoing.
 */
type Reach = "open" | "entered" | "over";

class Binding {
  readonly scopes: NodeCode[][] = [];
  private readonly state: RunState;
  private readonly old: Plan;
  private readonly now: Plan;
  private readonly flow: Flow;
  private readonly instances = new Map<PlanNode, Slot[]>();

  constructor(state: RunState, flow: Flow) {
    this.state = state;
    this.old = state.plan;
    this.now = flow.plan;
    this.flow = flow;
    for (const slot of state.slots) {
      const known = this.instances.get(slot.node);
      if (known) known.push(slot);
      else this.instances.set(slot.node, [slot]);
    }
  }

  /** Finds the code of a scope's nodes, and of the scopes that they open. */
  bindScope(oldId: number, newId: number, around: Reach): Hold | undefined {
    const oldScope = this.old.scopes[oldId] as PlanScope;
    const newScope = this.now.scopes[newId] as PlanScope;
    const reach = this.reachOf(oldId, around);
    this.scopes[oldId] = [];
    for (const node of oldScope.nodes) {
      const found = newScope.nodes.findIndex((candidate) => candidate.name === node.name);
      const now = newScope.nodes[found];
      const isNeeded = this.mayRun(node, reach) || this.slotsOf(node).some((slot) => slot.begun);
      const reason = isNeeded ? this.differenceOf(node, now) : undefined;
      const path = scopeName(this.old, oldId) + node.name;
      if (reason !== undefined) return { path, reason };
      this.scopes[oldId].push(this.flow.code.scopes[newId]?.[found] as NodeCode);
      const hold = this.bindInside(node, now, path, reach);
      if (hold) return hold;
    }
    return undefined;
  }

  private slotsOf(node: PlanNode): readonly Slot[] {
    return this.instances.get(node) ?? [];
  }

  /** A part of a long array begins with a scope of its own, and nothing around that is its affair. */
  private reachOf(scope: number, around: Reach): Reach {
    if (scope !== this.state.frames[0]?.scope.id) return around;
    return this.state.phase === "running" ? "entered" : "over";
  }

  private mayRun(node: PlanNode, reach: Reach): boolean {
    if (reach !== "entered") return reach === "open";
    const slots = this.slotsOf(node);
    return slots.length === 0 || slots.some((slot) => !isSettled(slot));
  }

  private bindInside(old: PlanNode, now: PlanNode | undefined, path: string, around: Reach): Hold | undefined {
    for (const [index, oldId] of innerScopes(old).entries()) {
      const reach = this.mayRun(old, around) ? this.reachInside(old, oldId, around) : "over";
      const newId = now?.kind === old.kind ? counterpart(old, index, now) : undefined;
      if (newId === undefined) {
        const key = old.kind === "branch" ? Object.keys(old.cases)[index] : undefined;
        const reason = key === undefined ? "the step is gone from the flow" : `its case ${key} is gone`;
        if (reach !== "over" || this.hasBegun(oldId)) return { path, reason };
      } else {
        const hold = this.bindScope(oldId, newId, reach);
        if (hold) return hold;
      }
    }
    return undefined;
  }

  /** Of a node that may run: whether this scope of it may still be entered. A choice is made once. */
  private reachInside(node: PlanNode, scope: number, around: Reach): Reach {
    if (around === "open" || node.kind === "map" || node.kind === "loop") return "open";
    const entered = this.slotsOf(node).map(({ inside }) => inside?.frames[0]?.scope.id);
    if (entered.includes(undefined)) return "open";
    return entered.includes(scope) ? "entered" : "over";
  }

  /** Something was done in the scope, or further in, that may have to be undone. */
  private hasBegun(scope: number): boolean {
    return (this.old.scopes[scope] as PlanScope).nodes.some(
      (node) => this.slotsOf(node).some((slot) => slot.begun) || innerScopes(node).some((one) => this.hasBegun(one)),
    );
  }

  private differenceOf(old: PlanNode, now: PlanNode | undefined): string | undefined {
    if (!now) return "the step is gone from the flow";
    if (now.kind !== old.kind) return `was ${old.kind} and is ${now.kind}`;
    if (named(old.needs, this.old) !== named(now.needs, this.now)) return "its needs have changed";
    if (old.when && !now.when) return "its condition is gone";
    if (old.kind === "step" && now.kind === "step") return stepDifference(old, now);
    return otherDifference(old, now);
  }
}

/** The scopes that a node opens, those of the parts of a long array included. */
function innerScopes(node: PlanNode): readonly number[] {
  const parts = node.kind === "map" ? node.parts : undefined;
  return parts ? [...scopesOf(node), parts.spread, parts.part] : scopesOf(node);
}

/** The scope of the changed node that stands for the one at `index`. */
function counterpart(old: PlanNode, index: number, now: PlanNode): number | undefined {
  if (old.kind !== "branch" || now.kind !== "branch") return innerScopes(now)[index];
  return now.cases[Object.keys(old.cases)[index] as string];
}

function stepDifference(old: PlanStep, now: PlanStep): string | undefined {
  if (old.stepKind !== now.stepKind) return `was kind ${old.stepKind} and is ${now.stepKind}`;
  if (old.compensation && !now.compensation) return "its compensate is gone";
  const ladder = (step: PlanStep) => step.rungs.map((rung) => rung.kind).join(", ");
  return now.rungs.length >= old.rungs.length && ladder(now).startsWith(ladder(old))
    ? undefined
    : "its ladder has changed";
}

function otherDifference(old: PlanNode, now: PlanNode): string | undefined {
  if (old.kind === "call" && now.kind === "call" && old.flow !== now.flow) return `called ${old.flow}, now ${now.flow}`;
  const functionGone =
    (old.kind === "sleep" && now.kind === "sleep" && old.forMs === undefined && now.forMs !== undefined) ||
    (old.kind === "signal" && now.kind === "signal" && old.onTimeout === undefined && now.onTimeout !== undefined) ||
    (old.kind === "loop" && now.kind === "loop" && old.atLimit === "function" && now.atLimit !== "function") ||
    (old.kind === "ensemble" &&
      now.kind === "ensemble" &&
      old.below.kind === "function" &&
      now.below.kind !== "function");
  return functionGone ? "a function that it may still ask is gone" : undefined;
}

/** An expression with names instead of indices, so that a step that moved is still the same step. */
function named(expression: Expression, plan: Plan): string {
  return JSON.stringify(expression, (_key, part) => {
    if (part?.kind !== "ref") return part;
    const name = plan.scopes[part.scope]?.nodes[part.node]?.name ?? "input";
    return { ...part, scope: scopeName(plan, part.scope), node: name };
  });
}

/** The names of the nodes that a scope lies in, as paths begin. */
function scopeName(plan: Plan, id: number): string {
  const owner = plan.scopes[id]?.owner;
  if (!owner) return "";
  const node = plan.scopes[owner.scope]?.nodes[owner.node];
  const cases = node?.kind === "branch" ? Object.entries(node.cases).find(([, scope]) => scope === id)?.[0] : undefined;
  return `${scopeName(plan, owner.scope)}${node?.name}.${cases === undefined ? "" : `${cases}.`}`;
}
