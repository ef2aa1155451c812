/**
 * A person answered: the desk's breaker hears of it.
 *
 * Boundary: one vote. Invariant: any human answer closes the breaker and resets its count (rule 24), in the same commit
 * as the decision.
 */
import { breakerOf, slotByPath } from "@plumbline/core";
import { idempotencyKey } from "./attempt-context.ts";
import type { PerformingRun } from "./host.ts";

export async function decisionVote(run: PerformingRun, path: string): Promise<void> {
  const slot = slotByPath(run.state, path);
  if (slot?.node.kind !== "approval" || !slot.node.breaker) return;
  const id = idempotencyKey(run.id, path, slot.rung);
  const epoch = slot.admission?.epoch ?? 0;
  const outcome = { id, at: run.host.clock.now(), epoch, result: "answered" as const };
  await run.host.vote(breakerOf(slot.node), outcome, run.keepRegister);
}
