/**
 * The parts of a run: called runs that a map over a long array is spread over, seen from the run that people know.
 *
 * Boundary: readings of a folded state; what happens between the two runs is the engine's. Invariant: which part an item lies
 * in follows from its place.
 */
import { isPart } from "./plan.ts";
import { isLive, pathOf, type RunState, slotAt } from "./state.ts";

/** The runs that are parts of this one and under way, in the order in which they began. */
export function openPartsOf(state: RunState): string[] {
  return state.effects.flatMap((id) => {
    const { status, node, call, frame } = slotAt(state, id);
    return status === "called" && isPart(node) && isLive(state, frame) ? [call as string] : [];
  });
}

/** The part in which a path lies that people know it by; undefined where it lies in none that was called. */
export function partWith(state: RunState, path: string): string | undefined {
  for (const slot of state.slots) {
    const { inside } = slot;
    if (inside?.partLength === undefined) continue;
    const before = `${pathOf(slot)}[`;
    const [, item] = path.startsWith(before) ? (/^(\d+)\]/.exec(path.slice(before.length)) ?? []) : [];
    const part = item === undefined ? undefined : inside.frames[Math.floor(Number(item) / inside.partLength)];
    if (part) return state.slots[part.base]?.call;
  }
  return undefined;
}
