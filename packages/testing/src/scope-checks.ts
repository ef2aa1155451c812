/**
 * Judges what a journal says of scopes: what may happen in one that is closed, how many may be open, what is undone when,
 * and who took which signal.
 *
 * Boundary: as journal-checks.ts. Invariants: a part is closed from the entry on that says so, whatever the core makes of
 * it; the tree is built again entry by entry, so that each is judged by what was known then.
 */
import type { Entry, EntryOf } from "@plumbline/core";
import { type Finished, of } from "./finished-run.ts";
import type { LoopDescription, MapDescription } from "./flow-description.ts";
import { Fates, isAtLimit } from "./reference-model.ts";
import { isEffect, isLiveIn, liesIn, RunTree, type TreeNode, type TreeScope } from "./run-tree.ts";
import { sealed } from "./world.ts";

/** Entries that begin or decide something, and so have no place in a part that is closed. */
const beginnings: ReadonlySet<string> = new Set([
  "attempt.started",
  "rung.entered",
  "approval.requested",
  "approval.decided",
  "admission.answered",
  "condition.answered",
  "step.skipped",
  "step.failed",
  "scope.entered",
  "items.listed",
  "turn.completed",
  "scope.closed",
  "scope.stopped",
  "scope.failed",
  "scope.completed",
  "sleep.started",
  "signal.awaited",
  "signal.answered",
  "call.requested",
]);

export function aboutClosedParts({ entries, description }: Finished): string[] {
  const tree = new RunTree(description);
  return entries.flatMap((entry, index) => {
    const found = "slot" in entry && entry.slot !== undefined && entry.kind !== "run.stopped";
    const node = found ? tree.nodes[entry.slot as number] : undefined;
    if (found && !node) return [`${entry.kind} of slot ${entry.slot}, which is not there at ${index}`];
    const wrong = node && !isLiveIn(tree, node.home) && hasNoPlace(node, entry);
    tree.add(entry);
    return wrong ? [`rule 9: ${entry.kind} of ${node.path} in a part that was closed, at ${index}`] : [];
  });
}

function hasNoPlace(node: TreeNode, entry: Entry): boolean {
  if (beginnings.has(entry.kind)) return true;
  if (entry.kind === "timer.fired") return entry.timer !== "retry"; // an undo may wait for its next try
  return entry.kind === "step.completed" && !isEffect(node);
}

/** Items and turns are bounded, in order, and hold what they should; what fails is known by what is inside. */
export function aboutScopes({ entries, description, input }: Finished): string[] {
  const tree = new RunTree(description);
  const found: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const node = "slot" in entry && entry.slot !== undefined ? tree.nodes[entry.slot] : undefined;
    if (node && entry.kind === "scope.entered") found.push(...aboutEntering(node, entry, input));
    tree.add(entry);
    if (!node) continue;
    const fates = new Fates(input);
    if (entry.kind === "items.listed") {
      const { over } = fates.needsOf(node) as { over: unknown };
      if (sealed(over) !== sealed(node.items)) found.push(`rule 13: the items of ${node.path} are not what it reads`);
    }
    if (entry.kind === "turn.completed") {
      const fate = fates.ofScope(node.scopes[entry.turn - 1] as TreeScope);
      const same = fate.kind === "gave" && sealed(fate.value) === entry.value;
      if (!same) found.push(`rule 15: turn ${entry.turn} of ${node.path} is not what its body answers`);
    }
    if (entry.kind === "scope.failed") {
      const { kind } = fates.ofScope(node.scopes[entry.key] as TreeScope);
      if (kind !== "failed") found.push(`${node.path}[${entry.key}] is said to have failed and is ${kind}`);
      found.push(...aboutOrigin(tree, node, entry, index));
    }
    if (entry.kind === "scope.closed") found.push(...aboutClosing(node, fates));
    if (entry.kind === "step.failed" && entry.failure.kind === "scope") {
      found.push(...aboutOrigin(tree, node, entry, index));
    }
  }
  return found;
}

function aboutEntering(node: TreeNode, { key }: EntryOf<"scope.entered">, input: unknown): string[] {
  const { path, description, scopes, turns } = node;
  if (description.kind === "map") {
    const { concurrency } = description satisfies MapDescription;
    const isOpen = (scope: TreeScope) =>
      scope.failedAt === undefined && new Fates(input).ofScope(scope).kind !== "gave";
    const open = scopes.filter(isOpen).length;
    return [
      ...(key === scopes.length ? [] : [`item ${key} of ${path} was entered after ${scopes.length}`]),
      ...(scopes.length < (node.items?.length ?? 0) ? [] : [`rule 32: ${path} has no item ${key}`]),
      ...(open < concurrency ? [] : [`rule 32: ${path} has ${open + 1} items open, ${concurrency} may be`]),
    ];
  }
  if (description.kind !== "loop") return scopes.length === 0 ? [] : [`${path} was entered twice`];
  const { maxTurns } = description satisfies LoopDescription;
  const ended = turns.length === scopes.length && !turns.at(-1)?.done;
  return [
    ...(key === scopes.length + 1 && ended ? [] : [`turn ${key} of ${path} began before the one before was judged`]),
    ...(scopes.length < maxTurns ? [] : [`rule 32: ${path} has more than ${maxTurns} turns`]),
    ...(scopes.length === 0 || !isAtLimit(node) ? [] : [`rule 32: ${path} goes on though it is at its limit`]),
  ];
}

/** An ensemble is closed when it is known what it comes to. */
function aboutClosing(node: TreeNode, fates: Fates): string[] {
  if (node.description.kind !== "ensemble") return [`${node.path} was closed and is no ensemble`];
  const { quorum, settle } = node.description;
  const given = fates.survivorsOf(node).length;
  const members = (node.scopes[0] as TreeScope).nodes;
  const undecided = members.filter(({ settledAt }) => settledAt === undefined).length;
  if (settle === "quorum" && (given >= quorum || given + undecided < quorum)) return [];
  return [`${node.path} was closed with ${given} answers and ${undecided} to come`];
}

/** The failure of a scope is that of a node in it, and says where it began. */
function aboutOrigin(
  tree: RunTree,
  owner: TreeNode,
  entry: EntryOf<"scope.failed" | "step.failed">,
  index: number,
): string[] {
  const within = entry.kind === "scope.failed" ? owner.scopes[entry.key] : undefined;
  const need = entry.need === undefined ? undefined : tree.nodes[entry.need];
  if (need && liesIn(need, owner, within) && need.settledAs === "failed" && (need.settledAt as number) < index) {
    return entry.failure.cause ? [] : [`rule 9: ${owner.path} does not say why it failed`];
  }
  return [`rule 9: ${owner.path} failed by slot ${entry.need}, which is not one that failed in it`];
}

/** One signal for one wait, in the order in which they came, each once (rule 20). */
export function aboutSignals({ entries, tree }: Finished): string[] {
  const lines = new Map<string, { readonly id: string; readonly value: string; readonly at: number }[]>();
  const received = new Set<string>();
  const expiredAt = new Map<number, number>();
  const found: string[] = [];
  for (const [at, entry] of entries.entries()) {
    if (entry.kind === "signal.received") {
      const { name, id, value } = entry;
      if (received.has(`${name} ${id}`)) found.push(`rule 20: the signal ${name} ${id} was received twice`);
      received.add(`${name} ${id}`);
      lines.set(name, [...(lines.get(name) ?? []), { id, value, at }]);
    }
    if (entry.kind === "timer.fired" && entry.timer === "signal") expiredAt.set(entry.slot as number, at);
    if (entry.kind !== "signal.answered") continue;
    const { path, description } = tree.nodes[entry.slot] as TreeNode;
    const line = lines.get(description.name) ?? [];
    const [first] = line;
    if (entry.via === "signal") {
      if (first?.id !== entry.id || first?.value !== entry.value) {
        found.push(`rule 20: ${path} took the signal ${entry.id} and not the first in line, ${first?.id}`);
      }
      lines.set(description.name, line.slice(1));
    } else {
      const expired = expiredAt.get(entry.slot);
      if (expired === undefined) found.push(`rule 17: ${path} gave up a signal before its time`);
      else if (first && first.at < expired) found.push(`rule 20: ${path} gave up though ${first.id} had come`);
    }
  }
  return found;
}

/** Something was closed and is undone from here on: all of the run, what a node opened, or one item. */
interface Stop {
  readonly at: number;
  readonly covers: (node: TreeNode) => boolean;
}

function stopsOf({ entries, tree }: Finished): Stop[] {
  return entries.flatMap((entry, at): Stop[] => {
    if (entry.kind === "run.stopped") return [{ at, covers: () => true }];
    if (entry.kind !== "scope.stopped") return [];
    const owner = tree.nodes[entry.slot] as TreeNode;
    const within = entry.key === undefined ? undefined : owner.scopes[entry.key];
    return [{ at, covers: (node) => liesIn(node, owner, within) }];
  });
}

/** Rule 8: last started, first undone, when nothing of it is in flight any more. */
export function aboutUndoing(run: Finished): string[] {
  const stops = stopsOf(run);
  return [...aboutNeedlessUndoing(run, stops), ...stops.flatMap((stop) => aboutStop(run, stop))];
}

function aboutNeedlessUndoing({ entries, tree }: Finished, stops: readonly Stop[]): string[] {
  return entries.flatMap((entry, at) => {
    if (entry.kind !== "compensation.started") return [];
    const node = tree.nodes[entry.slot] as TreeNode;
    const isLadder = node.description.kind === "step" && node.description.rungs.length > 1;
    const wanted = isLadder || stops.some((stop) => stop.at < at && stop.covers(node));
    return wanted ? [] : [`rule 8: ${node.path} was undone though nothing around it was stopped`];
  });
}

function aboutStop({ entries, tree }: Finished, { at, covers }: Stop): string[] {
  const isCovered = ({ slot }: { readonly slot: number }) => covers(tree.nodes[slot] as TreeNode);
  const begun = new Set(
    of(entries, "attempt.started", "call.requested")
      .filter(isCovered)
      .map(({ slot }) => slot),
  );
  const undos = (part: readonly Entry[]) => new Set(of(part, "compensation.started").map(({ slot }) => slot));
  const before = undos(entries.slice(0, at));
  const inOrder = [...undos(entries.slice(at))].filter((slot) => begun.has(slot) && !before.has(slot));
  const expected = [...begun].reverse().filter((slot) => inOrder.includes(slot));
  const found =
    inOrder.join() === expected.join() ? [] : [`rule 8: undone in the order ${inOrder}, not ${expected}, from ${at}`];
  const underWay = new Set<number>();
  for (const [index, entry] of entries.entries()) {
    if (!("slot" in entry) || entry.slot === undefined || !begun.has(entry.slot)) continue;
    if (entry.kind === "attempt.started" || entry.kind === "call.requested") underWay.add(entry.slot);
    if (["attempt.failed", "attempt.lost", "step.completed", "call.answered"].includes(entry.kind)) {
      underWay.delete(entry.slot);
    }
    const undoes = index > at && entry.kind === "compensation.started";
    if (undoes && underWay.size > 0) found.push(`rule 8: undone at ${index} while effects were in flight`);
  }
  return found;
}
