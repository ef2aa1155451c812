/**
 * A finished run as its judges are given it.
 *
 * Boundary: what it consists of; who judges what is journal-checks.ts. Invariant: the state is the one that a reader rebuilds
 * from the journal, and the tree is built from the same entries without the core.
 */
import type { Entry, EntryKind, EntryOf, RunState } from "@plumbline/core";
import type { FlowDescription } from "./flow-description.ts";
import type { RunTree } from "./run-tree.ts";
import type { World } from "./world.ts";

export interface Finished {
  readonly entries: readonly Entry[];
  readonly description: FlowDescription;
  readonly input: unknown;
  readonly world: World;
  readonly state: RunState;
  readonly tree: RunTree;
}

/** The entries of some kinds, in order. */
export function of<K extends EntryKind>(entries: readonly Entry[], ...kinds: K[]): EntryOf<K>[] {
  return entries.filter((entry): entry is EntryOf<K> => (kinds as string[]).includes(entry.kind));
}
