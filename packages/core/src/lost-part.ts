/**
 * A part that failed as a whole, where its map does without items that fail: what becomes of each of its items (rule 14).
 *
 * Boundary: reads the folded state of the part for the run that it is a part of; how that run is told is the engine's.
 * Invariants: an item that had its answer keeps it, unless it did something, which was undone with the part; the values
 * are those of the map: in order, and where failures are collected one for each item.
 */
import { scopeFailure } from "./decide-scopes.ts";
import type { Failure } from "./errors.ts";
import type { PlanMap } from "./plan.ts";
import { lostWithPart, type Read, resolve } from "./resolve.ts";
import { type Frame, type Inside, pathOf, type RunState, type Slot } from "./state.ts";
import type { Sealed } from "./values.ts";

export interface LostPart {
  /** What the map has of these items. */
  readonly values: readonly unknown[];
  /** The items that failed, by their place in the whole array. */
  readonly lost: readonly number[];
}

/** `why` is what the part failed with. */
export function lostPart(state: RunState, why: Failure, read: Read): LostPart {
  const [map] = state.slots as [Slot];
  const { items, from } = given(map, state.frames[0] as Frame, read);
  const isCollected = (map.node as PlanMap).onFailure === "collect";
  const values: unknown[] = [];
  const lost: number[] = [];
  for (let item = 0; item < items; item++) {
    const frame = map.inside?.frames[item];
    if (frame && isAnswered(map, frame) && frame.effects.length === 0) {
      const value = resolve(state, frame, frame.scope.answer, read);
      values.push(isCollected ? { status: "success", value } : value);
    } else {
      lost.push(from + item);
      const path = `${pathOf(map)}[${from + item}]`;
      const failure = frame?.failed === undefined ? lostWithPart(path, why) : scopeFailure(state, frame);
      if (isCollected) values.push({ status: "failure", failure });
    }
  }
  return { values, lost };
}

/** How many items there are, also of a part that did not come to list them. */
function given({ inside }: Slot, { input }: Frame, read: Read): { readonly items: number; readonly from: number } {
  if (inside && inside.items.length > 0) return { items: inside.items.length, from: inside.from };
  const { items = [], from = 0 } = (read(input as Sealed) ?? {}) as { items?: unknown[]; from?: number };
  return { items: items.length, from };
}

function isAnswered({ inside }: Slot, { phase, key, failed }: Frame): boolean {
  return phase === "ended" && failed === undefined && !(inside as Inside).failures.has(key as number);
}

const maxRanges = 10;

/** `3, 7 to 9`: the first of them, so that a sentence can hold them. */
export function inRanges(places: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const place of places) {
    const last = ranges.at(-1);
    if (last && place === last[1] + 1) last[1] = place;
    else ranges.push([place, place]);
  }
  const told = ranges.slice(0, maxRanges).map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`));
  const more = ranges.slice(maxRanges).reduce((count, [from, to]) => count + to - from + 1, 0);
  return more === 0 ? told.join(", ") : `${told.join(", ")} and ${more} more`;
}
