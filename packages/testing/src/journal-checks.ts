/**
 * Judges the journal of a finished run, rule by rule: what settled, what was tried, what fired, when it stopped.
 *
 * Boundary: entries, description and the world's truth in, complaints out; folds nothing, so that `evolve` cannot hide
 * its own mistakes. Scopes, undoing and signals are scope-checks.ts's, causes and outcomes outcome-checks.ts's.
 */
import type { Entry, EntryKind } from "@plumbline/core";
import { type Finished, of } from "./finished-run.ts";
import type { StepDescription } from "./flow-description.ts";
import { aboutTheCause, aboutTheOutcome, aboutTheWorld, aboutWhatBecame } from "./outcome-checks.ts";
import { RunTree, type TreeNode } from "./run-tree.ts";
import { aboutClosedParts, aboutScopes, aboutSignals, aboutUndoing } from "./scope-checks.ts";

/** All that is wrong with a finished run. */
export function complaintsOf(finished: Omit<Finished, "tree">): string[] {
  const run = { ...finished, tree: new RunTree(finished.description, finished.entries) };
  return [
    ...aboutTheEnd(run),
    ...aboutSettling(run),
    ...aboutAttempts(run),
    ...aboutTimers(run),
    ...aboutClosedParts(run),
    ...aboutScopes(run),
    ...aboutSignals(run),
    ...aboutUndoing(run),
    ...aboutTheCause(run),
    ...aboutWhatBecame(run),
    ...aboutTheOutcome(run),
    ...aboutTheWorld(run),
  ];
}

function aboutTheEnd({ entries }: Finished): string[] {
  const ends = of(entries, "run.ended");
  if (ends.length !== 1) return [`the run ended ${ends.length} times`];
  const after = entries.slice(entries.indexOf(ends[0] as Entry) + 1);
  const late = new Set(["attempt.late", "attempt.superseded", "decision.refused"]);
  return after.filter(({ kind }) => !late.has(kind)).map(({ kind }) => `${kind} after run.ended`);
}

const settlings: readonly EntryKind[] = [
  "step.completed",
  "step.skipped",
  "step.failed",
  "approval.decided",
  "signal.answered",
  "scope.completed",
];

function aboutSettling({ entries, tree }: Finished): string[] {
  const found = new Map<number, string[]>();
  for (const entry of entries) {
    if (!settlings.includes(entry.kind) || !("slot" in entry)) continue;
    found.set(entry.slot as number, [...(found.get(entry.slot as number) ?? []), entry.kind]);
  }
  return [...found].flatMap(([slot, kinds]) =>
    kinds.length > 1 ? [`${tree.nodes[slot]?.path} settled ${kinds.length} times: ${kinds.join(", ")}`] : [],
  );
}

function aboutAttempts({ entries, tree }: Finished): string[] {
  const bySlot = new Map<number, Entry[]>();
  for (const entry of entries) {
    if (!("slot" in entry) || entry.slot === undefined) continue;
    const known = bySlot.get(entry.slot);
    if (known) known.push(entry);
    else bySlot.set(entry.slot, [entry]);
  }
  return [...bySlot].flatMap(([slot, own]) => {
    const node = tree.nodes[slot] as TreeNode;
    return node.description.kind === "step" ? attemptsOf(node.path, node.description, own) : lossesOf(node, own);
  });
}

function lossesOf({ path }: TreeNode, entries: readonly Entry[]): string[] {
  const losses = of(entries, "attempt.lost").length;
  return losses > 5 ? [`rule 5: ${path} was lost ${losses} times`] : [];
}

function attemptsOf(path: string, node: StepDescription, entries: readonly Entry[]): string[] {
  const found: string[] = [];
  let rung = 0;
  let attempt = 0;
  let failures = 0;
  let losses = 0;
  let started = 0;
  for (const entry of entries) {
    if (entry.kind === "attempt.started") started = entry.attempt;
    if (entry.kind === "rung.entered") {
      if (entry.rung !== rung + 1) found.push(`rule 7: ${path} went from rung ${rung} to ${entry.rung}`);
      if (failures === 0 && losses < 5 && !node.rungs[rung]?.breaker) found.push(`${path} left rung ${rung} untried`);
      rung = entry.rung;
      failures = 0;
      losses = 0;
    }
    if (entry.kind !== "attempt.failed" && entry.kind !== "attempt.lost" && entry.kind !== "step.completed") continue;
    if (entry.rung !== rung) found.push(`${path} answered for rung ${entry.rung} on rung ${rung}`);
    if (entry.attempt !== attempt + 1) found.push(`${path} counts attempt ${entry.attempt} after ${attempt}`);
    const marked = node.stepKind !== "effect" || started === entry.attempt || entry.kind === "attempt.lost";
    if (!marked) found.push(`rule 3: ${path} answered without a start mark`);
    attempt = entry.attempt;
    if (entry.kind === "attempt.failed") failures++;
    if (entry.kind === "attempt.lost") losses++;
    if (failures > (node.rungs[rung]?.maxAttempts ?? 0)) found.push(`rule 32: ${path} failed ${failures} times`);
    if (losses > 5) found.push(`rule 5: ${path} was lost ${losses} times on rung ${rung}`);
  }
  return found;
}

function aboutTimers({ entries }: Finished): string[] {
  const dueAt = new Map<number, number>();
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.kind === "run.started" && entry.deadlineAt !== undefined) dueAt.set(-1, entry.deadlineAt);
    if ("dueAt" in entry && "slot" in entry) dueAt.set(entry.slot, entry.dueAt);
    if (entry.kind !== "timer.fired") continue;
    const due = dueAt.get(entry.slot ?? -1);
    if (due === undefined) found.push(`a timer fired that was not set: ${JSON.stringify(entry)}`);
    else if (entry.at < due) found.push(`rule 17: a timer fired ${due - entry.at} ms early: ${JSON.stringify(entry)}`);
    dueAt.delete(entry.slot ?? -1);
  }
  return found;
}
