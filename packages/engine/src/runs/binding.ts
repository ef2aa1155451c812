/**
 * Finds the code for the plan that a run began with: a run finishes on its own plan, and the code is found by name.
 *
 * Boundary: compares a stored plan with a flow as it is now; runs nothing. Invariant: a run goes on only if every step
 * that it may still need is there, of the same kind, with the same needs and ladder; otherwise the step that holds it is
 * named (rule 28). Functions may change freely: the fingerprint covers structure and declared versions, not code.
 */
import {
  type Expression,
  type Flow,
  isSettled,
  type NodeCode,
  type PlanNode,
  type PlanScope,
  type RunState,
} from "@plumbline/core";
import type { BoundCode } from "./host.ts";

/** Why a run cannot go on with the code at hand. */
export interface Hold {
  readonly path: string;
  readonly reason: string;
}

/** The code for a run, or what holds it. */
export function bind(state: RunState, flow: Flow): BoundCode | Hold {
  if (state.plan.fingerprint === flow.plan.fingerprint)
    return { flow, nodes: flow.code.scopes[0] as readonly NodeCode[] };
  const oldScope = state.plan.scopes[0] as PlanScope;
  const newScope = flow.plan.scopes[0] as PlanScope;
  const nodes: NodeCode[] = [];
  for (const [index, node] of oldScope.nodes.entries()) {
    const found = newScope.nodes.findIndex((candidate) => candidate.name === node.name);
    const slot = state.slots[index];
    const needed = slot === undefined || !isSettled(slot) || slot.begun;
    const hold = needed ? differenceOf(node, newScope.nodes[found], oldScope, newScope) : undefined;
    if (hold !== undefined) return { path: node.name, reason: hold };
    nodes.push(flow.code.scopes[0]?.[found] as NodeCode);
  }
  if (state.plan.deadline?.answers && !flow.code.deadlineAnswer) {
    return { path: "deadline", reason: "the answer for a missed deadline is gone" };
  }
  return { flow, nodes };
}

export function isHold(bound: BoundCode | Hold): bound is Hold {
  return "reason" in bound;
}

function differenceOf(
  old: PlanNode,
  now: PlanNode | undefined,
  oldScope: PlanScope,
  newScope: PlanScope,
): string | undefined {
  if (!now) return "the step is gone from the flow";
  if (now.kind !== old.kind) return `was ${old.kind} and is ${now.kind}`;
  if (named(old.needs, oldScope) !== named(now.needs, newScope)) return "its needs have changed";
  if (old.when && !now.when) return "its condition is gone";
  if (old.kind !== "step" || now.kind !== "step") return undefined;
  if (old.stepKind !== now.stepKind) return `was kind ${old.stepKind} and is ${now.stepKind}`;
  if (old.compensation && !now.compensation) return "its compensate is gone";
  const ladder = (step: typeof old) => step.rungs.map((rung) => rung.kind).join(", ");
  return now.rungs.length >= old.rungs.length && ladder(now).startsWith(ladder(old))
    ? undefined
    : "its ladder has changed";
}

/** An expression with names instead of indices, so that a step that moved is still the same step. */
function named(expression: Expression, scope: PlanScope): string {
  return JSON.stringify(expression, (_key, part) =>
    part?.kind === "ref" ? { ...part, node: scope.nodes[part.node]?.name ?? "input" } : part,
  );
}
