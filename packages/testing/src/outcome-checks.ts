/**
 * Judges what a finished run came to: its cause, what became of each node, its answer, and what it left in the world.
 *
 * Boundary: as journal-checks.ts; what should have become of it is reference-model.ts's. Only here the core is asked what
 * it makes of the same entries.
 */
import { type EntryOf, standingOf } from "@plumbline/core";
import { type Finished, of } from "./finished-run.ts";
import { endsTheRun, Fates, isAbsorbed } from "./reference-model.ts";
import type { TreeNode, TreeScope } from "./run-tree.ts";
import { sealed } from "./world.ts";

/** Failures of the flow's own answer, which are no node's. */
const answerFailures = /^(the answer breaks|the process died \d times while the flow's answer)/;

/** Rule 9: the first in the journal of what led to the end is the cause. */
export function aboutTheCause(run: Finished): string[] {
  const { entries, tree } = run;
  const [stopped] = of(entries, "run.stopped");
  if (!stopped || answerFailures.test(stopped.failure?.message ?? "")) return [];
  const before = entries.slice(0, entries.indexOf(stopped));
  const first = before.find((entry) => {
    if (entry.kind === "cancel.requested" || (entry.kind === "timer.fired" && entry.timer === "deadline")) return true;
    return entry.kind === "step.failed" && entry.need === undefined && ledToTheEnd(run, entry);
  });
  const cause = first?.kind === "cancel.requested" ? "cancel" : first?.kind === "timer.fired" ? "deadline" : "failure";
  const slot = first?.kind === "step.failed" ? first.slot : undefined;
  const said = originOf(run, stopped.slot);
  if (stopped.cause === cause && said === slot) return [];
  const path = (one: number | undefined) => (one === undefined ? "nothing" : tree.nodes[one]?.path);
  return [`rule 9: the cause is ${stopped.cause} of ${path(said)}, not ${cause} of ${path(slot)}`];
}

function originOf({ entries }: Finished, slot: number | undefined): number | undefined {
  let at = slot;
  for (;;) {
    const failed = of(entries, "step.failed").find((entry) => entry.slot === at);
    if (failed?.need === undefined) return at;
    at = failed.need;
  }
}

/** The failure went on, from one that failed with it to the next, to the end of the run. */
function ledToTheEnd({ tree }: Finished, { slot }: EntryOf<"step.failed">): boolean {
  return endsTheRun(tree.nodes[slot] as TreeNode);
}

const words = { gave: "completed", skipped: "skipped", failed: "failed", open: "open" } as const;

export function aboutWhatBecame({ input, tree, state }: Finished): string[] {
  const fates = new Fates(input);
  return tree.nodes.flatMap((node) => {
    const status = state.slots[node.slot]?.status ?? "nowhere";
    const settled = status === "completed" || status === "skipped" || status === "failed";
    if (!settled && tree.stoppedAt !== undefined) return [];
    if (!settled && isLeft(node)) return [];
    if (!settled) return [`${node.path} is ${status} and never settled though the run went to its end`];
    const fate = words[fates.of(node).kind];
    return fate === status ? [] : [`rule 15: ${node.path} is ${status} and should be ${fate}`];
  });
}

/** It lies in a scope that was closed before it had settled. */
function isLeft({ home }: TreeNode): boolean {
  for (let at: TreeScope | undefined = home; at?.owner; at = at.owner.home) {
    if (at.failedAt !== undefined || at.owner.closedAt !== undefined || at.owner.settledAs === "failed") return true;
  }
  return false;
}

export function aboutTheOutcome(run: Finished): string[] {
  const { entries, input, tree, state, description } = run;
  const [stopped] = of(entries, "run.stopped");
  const [ended] = of(entries, "run.ended");
  if (!ended || !tree.root) return [];
  const expected = degradationsOf(run).sort().join("; ");
  const found = state.degradations.map(({ path, kind }) => `${path} ${kind}`).sort();
  const degradations = found.join("; ") === expected ? [] : [`rule 14: degraded by ${found}, not by ${expected}`];
  if (stopped) {
    const crashed = stopped.failure?.message.startsWith("the process died 5 times while the flow's answer");
    const lost = of(entries, "answer.lost").length >= 5;
    const answered = stopped.cause === "deadline" && description.deadline === "answers" && !lost;
    const right = answered ? "degraded" : stopped.cause === "cancel" ? "cancelled" : "failed";
    const wrong = ended.outcome === right || crashed ? [] : [`rule 9: ended ${ended.outcome} instead of ${right}`];
    return [...degradations, ...wrong];
  }
  const fate = new Fates(input).ofScope(tree.root);
  const answer = fate.kind === "gave" ? sealed(fate.value) : `nothing: it ${fate.kind}`;
  const outcome = expected === "" ? "succeeded" : "degraded";
  return [
    ...degradations,
    ...(ended.outcome === outcome ? [] : [`rule 14: ended ${ended.outcome} instead of ${outcome}`]),
    ...(ended.output === answer ? [] : [`rule 15: answered ${ended.output} instead of ${answer}`]),
  ];
}

/** Rule 14: whatever was not as it should be, by path and kind. */
function degradationsOf({ entries, tree, input }: Finished): string[] {
  return entries.flatMap((entry) => {
    if (entry.kind === "run.stopped") return entry.cause === "deadline" ? [" deadline"] : [];
    const node = "slot" in entry && entry.slot !== undefined ? tree.nodes[entry.slot] : undefined;
    if (!node) return [];
    const { path } = node;
    switch (entry.kind) {
      case "step.completed":
        return entry.rung > 0 ? [`${path} fallback`] : [];
      case "approval.decided":
        return entry.via === "person" ? [] : [`${path} automatic-decision`];
      case "signal.answered":
        return entry.via === "signal" ? [] : [`${path} automatic-decision`];
      case "call.answered":
        return entry.outcome === "degraded" ? [`${path} called-run`] : [];
      case "scope.failed":
        return [`${path}[${entry.key}] absorbed-failure`];
      case "step.failed": {
        if (!isAbsorbed(node)) return [];
        const isMember = node.home.owner?.description.kind === "ensemble";
        return [`${path} ${isMember ? "missing-voice" : "absorbed-failure"}`];
      }
      case "scope.completed":
        return lessThanAsked(node, input);
      default:
        return [];
    }
  });
}

/** A loop that came to its limit, an ensemble below its quorum. */
function lessThanAsked(node: TreeNode, input: unknown): string[] {
  if (node.description.kind === "loop") return node.turns.at(-1)?.done ? [] : [`${node.path} at-limit`];
  if (node.description.kind !== "ensemble") return [];
  const survivors = new Fates(input).survivorsOf(node).length;
  return survivors < node.description.quorum ? [`${node.path} below-quorum`] : [];
}

export function aboutTheWorld({ entries, tree, world, state }: Finished): string[] {
  const listed = new Set(standingOf(state).map(({ path }) => path));
  const byPath = new Map(tree.nodes.map((node) => [node.path, node]));
  return [...world.standing].flatMap((key) => {
    const [path = "", rung = ""] = key.split("/");
    const node = byPath.get(path);
    if (!node) return [`rule 3: ${path} stands in the world, and the journal does not know it`];
    const own = of(entries, "step.completed", "call.answered", "compensation.abandoned").filter(
      ({ slot }) => slot === node.slot,
    );
    const completed = own.some((one) => one.kind === "call.answered" || ("rung" in one && String(one.rung) === rung));
    const isUndone = tree.stoppedAt !== undefined || isInFailed(node);
    if (!isUndone && completed) return [];
    if (!listed.has(path)) return [`rule 8: ${path} stands in the world, and the run does not say so`];
    const abandoned = own.some(({ kind }) => kind === "compensation.abandoned");
    const { description } = node;
    const undoable = description.kind === "call" || (description.kind === "step" && description.undoable);
    return undoable && isUndone && !abandoned ? [`rule 8: ${path} could have been undone and was not`] : [];
  });
}

/** It lies in a scope that failed and was done without. */
function isInFailed({ home }: TreeNode): boolean {
  for (let at: TreeScope | undefined = home; at?.owner; at = at.owner.home) {
    if (at.failedAt !== undefined || at.owner.settledAs === "failed") return true;
  }
  return false;
}
