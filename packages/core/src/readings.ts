/**
 * Who reads a slot, and where its failure would lead.
 *
 * Boundary: reads plan and state; evolve.ts and decide.ts act on it. Invariant: what is said here follows from the graph
 * alone and not from how far the run has come, so that asking before and after a crash gives the same.
 */
import { type Absorbs, type Expression, refsIn } from "./expression.ts";
import { type Plan, type PlanNode, type PlanScope, scopesOf } from "./plan.ts";
import { capturedName } from "./resolve.ts";
import { type RunState, type Slot, siblingOf } from "./state.ts";

/** How each reader of the slot in its own scope reads it. */
export function readingsOf(slot: Slot): Absorbs[] {
  const { scope, base } = slot.frame;
  const index = slot.id - base;
  const readers = slot.node.dependents.map((reader) => (scope.nodes[reader] as PlanNode).dependsOn);
  return [...readers, scope.answerDependsOn].flatMap((dependsOn) =>
    dependsOn.filter((one) => one.node === index).map((one) => one.absorbs),
  );
}

/** True when somebody reads the slot and all who do absorb its failure. */
export function readersAbsorb(slot: Slot): boolean {
  const readings = readingsOf(slot);
  return readings.length > 0 && readings.every((absorbs) => absorbs === "failure");
}

/** Of a failure that is not absorbed: it ends a line of readers, so that nobody in the scope is left to do without it. */
export function isFatal(slot: Slot): boolean {
  const { scope, base } = slot.frame;
  const inAnswer = scope.answerDependsOn.some((one) => one.node === slot.id - base && one.absorbs !== "failure");
  return inAnswer || readingsOf(slot).length === 0;
}

/** Everything that the scopes of a node read outside of them, each once: what a part of it has to be given. */
export function readOutside(plan: Plan, scope: number): Extract<Expression, { kind: "ref" }>[] {
  const inside = new Set<number>();
  const found = new Map<string, Extract<Expression, { kind: "ref" }>>();
  const collect = (id: number) => {
    inside.add(id);
    const { nodes, answer } = plan.scopes[id] as PlanScope;
    const read = nodes.flatMap((node) => [node.needs, ...(node.after ?? [])]);
    for (const node of nodes) for (const inner of scopesOf(node)) collect(inner);
    for (const ref of [...read, answer].flatMap(refsIn)) found.set(capturedName(ref), ref);
  };
  collect(scope);
  return [...found.values()].filter((ref) => !inside.has(ref.scope));
}

/** True when a failure of the slot would be the end of the run; false when somebody on the way does without it. */
export function endsTheRun(state: RunState, slot: Slot, seen: Set<Slot> = new Set()): boolean {
  if (seen.has(slot) || readersAbsorb(slot)) return false; // looked at before, and it did not
  seen.add(slot);
  if (isFatal(slot)) return endsTheRunFrom(state, slot, seen);
  const index = slot.id - slot.frame.base;
  return slot.node.dependents.some((reader) => {
    const dependent = siblingOf(state, slot.frame, reader);
    const reading = dependent.node.dependsOn.find((one) => one.node === index);
    return reading?.absorbs !== "failure" && endsTheRun(state, dependent, seen);
  });
}

/** The scope that the slot lies in fails with it: so does the node that opened it, unless that does without a scope. */
function endsTheRunFrom(state: RunState, { frame: { owner } }: Slot, seen: Set<Slot>): boolean {
  if (!owner) return true;
  if (owner.node.kind === "map" && owner.node.onFailure !== "fail") return false;
  return endsTheRun(state, owner, seen);
}
