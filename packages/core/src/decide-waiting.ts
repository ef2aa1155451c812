/**
 * What is due for a node that waits for the outside: the clock, a signal, another run.
 *
 * Boundary: decide.ts's part for sleep, signal and call. Invariants as there; a wait has a timer or a run that will end.
 */
import type { Draft, Environment } from "./command.ts";
import { failStep, maxLosses, rungFailure } from "./decide-step.ts";
import type { Failure } from "./errors.ts";
import type { PlanSignal, PlanSleep } from "./plan.ts";
import { type RunState, type Slot, slotAt } from "./state.ts";

export function decideSleep(slot: Slot, node: PlanSleep, env: Environment, out: Draft): void {
  if (node.forMs === undefined) out.commands.push({ kind: "ask-instant", slot: slot.id });
  else out.entries.push({ kind: "sleep.started", at: env.now, slot: slot.id, dueAt: env.now + node.forMs });
}

/** Takes the first in line; where there is none, waits for one (rule 20). */
export function decideSignal(state: RunState, slot: Slot, env: Environment, out: Draft): void {
  const entry = { at: env.now, slot: slot.id };
  const first = state.signals.get(slot.node.name)?.find((signal) => !isTaken(state, out, signal.id, slot));
  if (first) {
    out.entries.push({ kind: "signal.answered", ...entry, value: first.value, via: "signal", id: first.id });
  } else if (slot.status === "ready") {
    const dueAt = env.now + (slot.node as PlanSignal).timeoutMs;
    out.entries.push({ kind: "signal.awaited", ...entry, dueAt });
  }
}

/** Another wait for the same name has just been given it, in this very decision. Ids are apart by name. */
function isTaken(state: RunState, out: Draft, id: string, { node }: Slot): boolean {
  return out.entries.some((entry) => {
    return entry.kind === "signal.answered" && entry.id === id && slotAt(state, entry.slot).node.name === node.name;
  });
}

export function decideSignalTimeout(slot: Slot, env: Environment, out: Draft): void {
  const { onTimeout } = slot.node as PlanSignal;
  if (slot.losses >= maxLosses) failStep(slot, rungFailure(slot), env, out);
  else if (onTimeout === undefined) out.commands.push({ kind: "declare-decision", slot: slot.id, via: "timeout" });
  else {
    out.entries.push({ kind: "signal.answered", at: env.now, slot: slot.id, value: onTimeout, via: "timeout" });
  }
}

/** The called run's id follows from this run and its slot, so that asking twice finds the same run. */
export function decideCall(state: RunState, slot: Slot, env: Environment, out: Draft): void {
  if (slot.call === undefined) {
    out.entries.push({ kind: "call.requested", at: env.now, slot: slot.id, run: `${state.run}.${slot.id}` });
  } else {
    failStep(slot, slot.failure as Failure, env, out);
  }
}
