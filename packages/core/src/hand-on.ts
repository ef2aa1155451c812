/**
 * Which signals of a run go to which waits in parts of it.
 *
 * Boundary: readings of folded states to the entry that says it; bringing them there is the engine's. Invariants: a signal is
 * handed on to one wait that stands, the first in line to the part that began first; a run's own waits have taken theirs
 * before; nothing new is handed on while something is on its way (rule 20).
 */
import type { Entry, EntryOf } from "./entries.ts";
import { openPartsOf } from "./parts.ts";
import { type RunState, slotAt } from "./state.ts";

/** Waits for signals that stand in a run: how many for each name. */
export type SignalWaits = ReadonlyMap<string, number>;

export function signalWaitsOf(state: RunState): SignalWaits {
  const waits = new Map<string, number>();
  if (state.phase !== "running") return waits;
  for (const id of state.timers) {
    const { status, node } = slotAt(state, id);
    if (status === "awaiting") waits.set(node.name, (waits.get(node.name) ?? 0) + 1);
  }
  return waits;
}

/** True when a signal may be waited for in a part of the run. */
export function mayHandOn(state: RunState): boolean {
  if (state.phase !== "running" || state.handed.length > 0) return false;
  return [...state.signals.values()].some((line) => line.length > 0) && openPartsOf(state).length > 0;
}

/** What can be handed on just now; undefined when that is nothing. */
export function handOn(
  state: RunState,
  parts: readonly { readonly run: string; readonly waits: SignalWaits }[],
  now: number,
): Entry | undefined {
  const signals: EntryOf<"signal.handed">["signals"][number][] = [];
  for (const [name, line] of state.signals) {
    const places = parts.flatMap(({ run, waits }) => Array<string>(waits.get(name) ?? 0).fill(run));
    for (const [index, run] of places.slice(0, line.length).entries()) {
      signals.push({ name, id: line[index]?.id as string, run });
    }
  }
  return signals.length === 0 ? undefined : { kind: "signal.handed", at: now, signals };
}
