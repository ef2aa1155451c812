/**
 * What stands behind a field of a node: of a step its needs, of one that opens scopes what those scopes answered.
 *
 * Boundary: the folded state to sources, one step back; the walk is why.ts. Invariants: a field of item 3 leads into item 3
 * alone, a loop's value into the turn that answered, an ensemble's into the members that counted; what chose the case and
 * what was left out is led to as well, because it made the answer what it is; what is read whole of a long map is bounded,
 * and whatever is worth a look in it comes first.
 */
import { type Frame, type Inside, isSettled, type PlanMap, pathOf, type RunState, type Slot } from "@plumbline/core";
import { answerSources, fieldPath, type Source, sourcesOf } from "./origin.ts";

/** Items of one map that are followed when all of it was read. */
const maxItemsFollowed = 100;

/** The sources of a field of a node; of the whole when the field is empty. */
export function madeOf(state: RunState, slot: Slot, field: string): Source[] {
  const { node, inside } = slot;
  const path = fieldPath(field);
  const frame = inside?.frames[0];
  if (!inside || !frame) return needsOf(state, slot);
  switch (node.kind) {
    case "branch":
      return [...answerSources(state, frame, path), ...choiceOf(state, slot)];
    case "map":
      return madeOfItems(state, slot, node, inside, path);
    case "loop":
      return madeOfTurns(state, slot, inside, path);
    default:
      return madeOfMembers(state, frame, path);
  }
}

function needsOf(state: RunState, { frame, node }: Slot): Source[] {
  return sourcesOf(state, frame, node.needs);
}

/** What a branch was told to choose by. */
export function choiceOf(state: RunState, { frame, node }: Slot): Source[] {
  return sourcesOf(state, frame, node.needs, "", { role: "choice" });
}

function madeOfItems(
  state: RunState,
  slot: Slot,
  node: PlanMap,
  inside: Inside,
  [place, ...rest]: readonly string[],
): Source[] {
  if (inside.partLength !== undefined) return madeOfParts(state, slot, node, inside, [place, ...rest]);
  const isCollected = node.onFailure === "collect";
  const given = inside.frames.filter(({ key }) => isCollected || !inside.failures.has(key as number));
  const one = place === undefined ? undefined : given[Number(place)];
  if (one) return madeOfItem(state, inside, one, isCollected ? rest.slice(1) : rest, "");
  const over = sourcesOf(state, slot.frame, node.needs, "", { role: "items" });
  const followed = itemsWorthFollowing(state, inside);
  return [
    ...followed.flatMap((frame) => madeOfItem(state, inside, frame, [], String(itemNumber(inside, frame)))),
    ...over,
  ];
}

/** The place of an item in the whole array. */
function itemNumber({ from }: Inside, { key }: Frame): number {
  return from + (key as number);
}

/** Of an array in parts: the called run that had this item; where failed items were left out, any may be it. */
function madeOfParts(
  state: RunState,
  slot: Slot,
  node: PlanMap,
  inside: Inside,
  [place, ...rest]: readonly (string | undefined)[],
): Source[] {
  const number = Number(place);
  const length = inside.partLength as number;
  const one = node.onFailure === "drop" ? undefined : inside.frames[Math.floor(number / length)];
  if (one) return answerSources(state, one, [String(number % length), ...(rest as string[])]);
  const over = sourcesOf(state, slot.frame, node.needs, "", { role: "items" });
  const parts = inside.frames.slice(0, maxItemsFollowed);
  return [...parts.flatMap((part) => answerSources(state, part, [], String((part.key as number) * length))), ...over];
}

function madeOfItem(state: RunState, inside: Inside, frame: Frame, path: readonly string[], as: string): Source[] {
  if (!inside.failures.has(frame.key as number)) return answerSources(state, frame, path, as);
  const failed = frame.failed === undefined ? undefined : state.slots[frame.failed];
  if (!failed) return answerSources(state, frame, path, as);
  return [{ as, from: "step", path: pathOf(failed), field: "", slot: failed.id, absorbs: "failure" }];
}

/** All of a short map; of a long one what did not go well, then the first ones, in the order of the items. */
function itemsWorthFollowing(state: RunState, inside: Inside): readonly Frame[] {
  if (inside.frames.length <= maxItemsFollowed) return inside.frames;
  const degraded = new Set(state.degradations.map(({ path }) => path));
  const isPlain = (frame: Frame) =>
    frame.scope.nodes.every((_, node) => isPlainSlot(state.slots[frame.base + node] as Slot, degraded));
  const odd = inside.frames.filter((frame) => !isPlain(frame)).slice(0, maxItemsFollowed);
  const chosen = new Set(odd);
  for (const frame of inside.frames) {
    if (chosen.size >= maxItemsFollowed) break;
    chosen.add(frame);
  }
  return inside.frames.filter((frame) => chosen.has(frame));
}

function isPlainSlot(slot: Slot, degraded: ReadonlySet<string>): boolean {
  if (slot.status === "skipped") return true;
  if (slot.status !== "completed" || degraded.has(pathOf(slot))) return false;
  return slot.attempts <= 1 && slot.from === undefined && slot.dropped.length === 0 && slot.inside === undefined;
}

/** The turn that answered; of an answer that was made at the limit, all turns. */
function madeOfTurns(state: RunState, slot: Slot, inside: Inside, path: readonly string[]): Source[] {
  const { node } = slot;
  const isMadeOfAll =
    node.kind === "loop" && node.atLimit === "function" && slot.status === "completed" && !inside.done;
  if (isMadeOfAll) return inside.frames.flatMap((frame) => answerSources(state, frame, [], `turn ${frame.key}`));
  const turn = inside.frames[Math.max(0, inside.values.length - 1)];
  return turn ? answerSources(state, turn, path) : needsOf(state, slot);
}

/** The members that counted, and those that were missed; not those that the answer did not wait for. */
function madeOfMembers(state: RunState, frame: Frame, [first, named]: readonly string[]): Source[] {
  return frame.scope.nodes.flatMap((node, index): Source[] => {
    if (first === "votes" && named !== undefined && node.name !== named) return [];
    const member = state.slots[frame.base + index] as Slot;
    const source = { as: node.name, from: "step" as const, path: pathOf(member), field: "", slot: member.id };
    if (member.status === "completed") return [{ ...source, taken: true }];
    return [isSettled(member) && member.failure ? { ...source, absorbs: "failure" } : { ...source, taken: false }];
  });
}
