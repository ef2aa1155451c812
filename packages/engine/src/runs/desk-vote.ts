/**
 * A person answered: the desk's breaker hears of it.
 *
 * Boundary: one vote. Invariant: any human answer closes the breaker and resets its count (rule 24), in the same commit
 * as the decision.
 */
import { breakerOf, type Slot } from "@plumbline/core";
import { idempotencyKey } from "./attempt-context.ts";
import type { Breaker } from "./breakers.ts";
import type { Host, PerformingRun } from "./host.ts";

/** The breaker of the approval's desk, where it has one. */
export async function deskBreakerOf(host: Host, slot: Slot | undefined): Promise<Breaker | undefined> {
  if (slot?.node.kind !== "approval" || !slot.node.breaker) return undefined;
  return host.breaker(breakerOf(slot.node).name);
}

export function voteAnswered(run: PerformingRun, slot: Slot, path: string, breaker: Breaker): void {
  if (slot.node.kind !== "approval") return;
  const id = idempotencyKey(run.id, path, slot.rung);
  const epoch = slot.admission?.epoch ?? 0;
  const outcome = { id, at: run.host.clock.now(), epoch, result: "answered" as const };
  breaker.vote(breakerOf(slot.node), outcome, run.keepRegister);
}
