/**
 * What words for entries are: one function for each kind, given the entry and where the run stands after it.
 *
 * Boundary: shapes only; timeline.ts puts them together. Invariant: a kind of entry that is about a node is told with its
 * slot; where the plan does not know that, timeline.ts tells the entry as it stands.
 */
import type { EntryKind, EntryOf, RunState, Slot } from "@plumbline/core";

export type Tone = "plain" | "good" | "quiet" | "warning" | "bad";
export type Told = readonly [words: string, tone: Tone];

/** Where the run stands right after the entry. */
export interface Context<OfSlot = Slot> {
  readonly state: RunState;
  readonly slot: OfSlot;
}

/** True for entries that always name a slot. */
type HasSlot<K extends EntryKind> = EntryOf<K> extends { readonly slot: number } ? true : false;

export type Words<Kinds extends EntryKind> = {
  readonly [K in Kinds]: (
    entry: EntryOf<K>,
    context: Context<HasSlot<K> extends true ? Slot : Slot | undefined>,
  ) => Told;
};
