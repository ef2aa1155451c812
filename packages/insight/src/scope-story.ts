/**
 * What became of the scopes that a node opened: the case, the items, the turns, the votes; and how far they are.
 *
 * Boundary: the folded state to a story, for `why` and for live views; whether any of it is suspicious is suspects.ts's to
 * say. Invariant: its size is bounded by the plan and by what failed, never by the number of items that went well.
 */
import { type Inside, type RunState, type Slot, type Vote, voteOf } from "@plumbline/core";

/** One member of an ensemble. `pending`: it has not spoken, and may still. */
export interface VoteStory {
  readonly member: string;
  readonly status: Vote["status"] | "pending";
  readonly message?: string;
}

/** An item of a map that failed and was done without. */
export interface LostItem {
  readonly item: number;
  readonly message: string;
}

export type ScopeStory =
  | { readonly kind: "branch"; readonly case: string }
  | {
      readonly kind: "map";
      readonly items: number;
      /** What is counted here are parts of so many items, each a called run. */
      readonly partLength?: number;
      /** Items that have their answer, or failed and were done without. */
      readonly done: number;
      readonly open: number;
      readonly concurrency: number;
      readonly onFailure: "fail" | "drop" | "collect";
      /** How many failed. */
      readonly failed: number;
      /** The first of them. */
      readonly lost: readonly LostItem[];
    }
  | {
      readonly kind: "loop";
      /** The turn that answered, or that is under way. */
      readonly turn: number;
      readonly maxTurns: number;
      /** A turn was enough. */
      readonly isEnough: boolean;
    }
  | {
      readonly kind: "ensemble";
      readonly quorum: number;
      readonly given: number;
      readonly votes: readonly VoteStory[];
    };

const maxLost = 20;

/** Undefined for a node that has opened no scope. */
export function scopeStoryOf(state: RunState, slot: Slot): ScopeStory | undefined {
  const { node, inside } = slot;
  if (!inside) return undefined;
  switch (node.kind) {
    case "branch":
      return { kind: "branch", case: String(inside.frames[0]?.key) };
    case "map": {
      const { concurrency, onFailure } = node;
      const done = inside.frames.length - inside.open;
      const items = inside.items.length;
      const failed = inside.failures.size;
      const { open, partLength } = inside;
      const parts = partLength === undefined ? {} : { partLength };
      return { kind: "map", items, ...parts, done, open, concurrency, onFailure, failed, lost: lostOf(inside) };
    }
    case "loop":
      return { kind: "loop", turn: inside.frames.length, maxTurns: node.maxTurns, isEnough: inside.done };
    case "ensemble":
      return { kind: "ensemble", quorum: node.quorum, ...votesIn(state, slot) };
    default:
      return undefined;
  }
}

function lostOf({ failures, from }: Inside): LostItem[] {
  return [...failures].slice(0, maxLost).map(([key, { message }]) => ({ item: from + key, message }));
}

function votesIn(
  state: RunState,
  { inside, status }: Slot,
): { readonly given: number; readonly votes: readonly VoteStory[] } {
  const frame = inside?.frames[0];
  if (!frame) return { given: 0, votes: [] };
  const isOpen = status === "open" && !inside.done;
  const votes = frame.scope.nodes.map(({ name }, index): VoteStory => {
    const vote = voteOf(state.slots[frame.base + index] as Slot, () => undefined);
    if (isOpen && vote.status === "superseded") return { member: name, status: "pending" };
    return { member: name, status: vote.status, ...(vote.message === undefined ? {} : { message: vote.message }) };
  });
  return { given: votes.filter((vote) => vote.status === "success").length, votes };
}

/** Members that were missed: they should have given an answer and did not. */
export function missingVoices(votes: readonly VoteStory[]): VoteStory[] {
  return votes.filter(({ status }) => status === "timeout" || status === "contract" || status === "error");
}
