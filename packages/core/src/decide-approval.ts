/**
 * What is due for an approval: asking the desk's breaker, asking the person, deciding when nobody does.
 *
 * Boundary: decide.ts's part for approvals; the breaker itself is breaker.ts. Invariants as there.
 */
import type { Draft, Environment } from "./command.ts";
import { failStep, maxLosses, rungFailure } from "./decide-step.ts";
import type { PlanApproval, PlanBreaker } from "./plan.ts";
import type { Slot } from "./state.ts";
import type { Sealed } from "./values.ts";

/** The register of a desk's breaker. */
export function deskBreakerName(desk: string): string {
  return `desk/${desk}`;
}

export function decideRequest(slot: Slot, node: PlanApproval, env: Environment, out: Draft): void {
  if (node.breaker && slot.admission === undefined) {
    out.commands.push({ kind: "ask-breaker", slot: slot.id, breaker: breakerOf(node), desk: true });
    return;
  }
  const dueAt = env.now + node.timeoutMs;
  if (slot.admission?.kind !== "refused") {
    out.entries.push({ kind: "approval.requested", at: env.now, slot: slot.id, desk: node.desk, dueAt });
  } else {
    decideAutomatically(slot, node.breaker?.decide, "breaker", env, out);
  }
}

/** The desk's breaker as the plan declares it. */
export function breakerOf(node: PlanApproval): PlanBreaker {
  const { after, openForMs } = node.breaker as NonNullable<PlanApproval["breaker"]>;
  return { name: deskBreakerName(node.desk), after, openForMs, countContract: false };
}

/** Nobody answered. Where the desk has a breaker, the timeout is counted with the decision, by the engine. */
export function decideExpired(slot: Slot, node: PlanApproval, env: Environment, out: Draft): void {
  if (slot.losses >= maxLosses) failStep(slot, rungFailure(slot), env, out);
  else if (node.breaker) out.commands.push({ kind: "declare-decision", slot: slot.id, via: "timeout" });
  else decideAutomatically(slot, node.onTimeout, "timeout", env, out);
}

function decideAutomatically(
  slot: Slot,
  declared: Sealed | undefined,
  via: "timeout" | "breaker",
  env: Environment,
  out: Draft,
): void {
  if (declared === undefined) {
    out.commands.push({ kind: "declare-decision", slot: slot.id, via });
  } else {
    out.entries.push({ kind: "approval.decided", at: env.now, slot: slot.id, via, value: withVia(declared, via) });
  }
}

/** The decision as steps read it: with how it came about. `declared` is a sealed object. */
export function withVia(declared: Sealed, via: "person" | "timeout" | "breaker", by?: string): Sealed {
  const added = `"via":"${via}"${by === undefined ? "" : `,"by":${JSON.stringify(by)}`}}`;
  return declared === "{}" ? `{${added}` : `${declared.slice(0, -1)},${added}`;
}
