/**
 * Undoing: what was started is awaited, then what was done is undone, last started first, one at a time (rules 8, 9).
 *
 * Boundary: decide.ts's part for a run that stops and for a scope that is done without; the undo of a rung on the way down a
 * ladder is the same. Invariants as there; what cannot be undone is left behind and never holds up the rest.
 */
import type { AttemptCommand, Command, Draft, Environment } from "./command.ts";
import type { Failure } from "./errors.ts";
import type { PlanNode, PlanStep } from "./plan.ts";
import { retryDelayMs } from "./retry.ts";
import { isLeftBehind, type Slot } from "./state.ts";

type Undoing = NonNullable<PlanStep["compensation"]>;

/** A called run undoes itself by its own rules; here it is only asked again when asking failed. */
const undoOfCall: Undoing = {
  timeoutMs: 0,
  retry: { maxAttempts: 10, backoff: "exponential", delayMs: 1_000, capMs: 60_000, jitter: 0.2 },
};

/** How the node's effect is undone; undefined when it cannot be. */
function undoingOf(node: PlanNode): Undoing | undefined {
  return node.kind === "call" ? undoOfCall : (node as PlanStep).compensation;
}

/**
 * Awaits what is in flight of these effects, which are in the order of their start, then undoes what they left. Gives true
 * when nothing is left to do.
 */
export function unwind(effects: readonly Slot[], env: Environment, out: Draft): boolean {
  const due = out.commands.length;
  for (const slot of effects) {
    if (slot.status === "running") out.commands.push(attemptOf(slot));
    if (slot.status === "called") out.commands.push({ kind: "stop-call", slot: slot.id, run: slot.call as string });
    if (slot.undo === "started") out.commands.push(undoOf(slot)); // also one that a ladder began
  }
  if (out.commands.length > due) return false;
  const next = effects.findLast((slot) => isToBeUndone(slot));
  if (!next) return true;
  decideUndo(next, undoingOf(next.node) as Undoing, env, out);
  return false;
}

/** True when some of these effects are in flight or left something that can be undone. */
export function needsUnwinding(effects: readonly Slot[]): boolean {
  return effects.some((slot) => {
    const inFlight = slot.status === "running" || slot.status === "called" || slot.undo === "started";
    return inFlight || isToBeUndone(slot);
  });
}

function isToBeUndone(slot: Slot): boolean {
  if (!undoingOf(slot.node) || !isLeftBehind(slot)) return false;
  return slot.undo !== "done" && slot.undo !== "abandoned";
}

/** The attempt that is due or under way. */
export function attemptOf(slot: Slot): AttemptCommand {
  return { kind: "attempt", slot: slot.id, rung: slot.rung, attempt: slot.attempts + 1 };
}

function undoOf(slot: Slot): Command {
  return { kind: "compensate", slot: slot.id, attempt: slot.undoAttempts };
}

export function decideUndo(slot: Slot, policy: Undoing, env: Environment, out: Draft): void {
  const entry = { at: env.now, slot: slot.id };
  switch (slot.undo) {
    case "none":
    case "due":
      out.entries.push({ kind: "compensation.started", ...entry, attempt: slot.undoAttempts + 1 });
      return;
    case "started":
      out.commands.push(undoOf(slot));
      return;
    case "waiting": {
      if (slot.dueAt !== undefined) return;
      if (slot.undoAttempts >= policy.retry.maxAttempts) {
        const because = (slot.undoFailure as Failure).message;
        out.entries.push({ kind: "compensation.abandoned", ...entry, because });
        return;
      }
      const dueAt = env.now + retryDelayMs(policy.retry, slot.undoAttempts, env.chance());
      out.entries.push({ kind: "retry.scheduled", ...entry, dueAt, of: "compensation" });
      return;
    }
    default: // done or abandoned: nothing more to do
  }
}
