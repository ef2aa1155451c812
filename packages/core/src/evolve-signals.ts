/**
 * What entries mean for the line of signals: what comes in, and what goes on to parts of the run.
 *
 * Boundary: evolve.ts's part for signals that no slot speaks of; taking one out is its slot's (evolve-scopes.ts). Invariants
 * as there; a signal is in line once or on its way once, and what comes back stands in front of what came after it.
 */
import type { EntryOf } from "./entries.ts";
import { noSignals } from "./new-state.ts";
import { touch } from "./settle.ts";
import type { RunState, Slot } from "./state.ts";

/** Kept in order and once, until a wait for it takes it: also one that comes before the wait begins (rule 20). */
export function keepSignal(state: RunState, entry: EntryOf<"signal.received">): void {
  const known = `${entry.name} ${entry.id}`;
  if (state.phase !== "running" || state.signalIds.has(known)) return;
  if (state.signals === noSignals) {
    state.signals = new Map();
    state.signalIds = new Set();
  }
  (state.signalIds as Set<string>).add(known);
  const line = state.signals.get(entry.name);
  if (line) line.push(entry);
  else (state.signals as Map<string, EntryOf<"signal.received">[]>).set(entry.name, [entry]);
  touchWaits(state, entry.name);
}

export function handSignals(state: RunState, { signals }: EntryOf<"signal.handed">): void {
  state.handed = signals.flatMap(({ name, id, run }) => {
    const line = state.signals.get(name) ?? [];
    const at = line.findIndex((signal) => signal.id === id);
    return line.splice(at, at === -1 ? 0 : 1).map((signal) => ({ signal, run }));
  });
}

export function settleHanded(state: RunState, { back }: EntryOf<"signal.settled">): void {
  const isBack = (name: string, id: string) => back.some((one) => one.name === name && one.id === id);
  for (const { signal } of state.handed.toReversed()) {
    if (!isBack(signal.name, signal.id)) continue;
    state.signals.get(signal.name)?.unshift(signal);
    touchWaits(state, signal.name);
  }
  state.handed = [];
}

function touchWaits(state: RunState, name: string): void {
  for (const id of state.timers) {
    const slot = state.slots[id] as Slot;
    if (slot.status === "awaiting" && slot.node.name === name) touch(state, slot);
  }
}
