/**
 * Judges the journal of a finished run, rule by rule.
 *
 * Boundary: entries, description and the world's truth in, complaints out; folds nothing, so that `evolve` cannot hide
 * its own mistakes. Only the last check asks the core what it makes of the same entries.
 */
import { type Entry, type EntryKind, type EntryOf, open, type RunState, standingOf } from "@plumbline/core";
import type { FlowDescription, NodeDescription } from "./flow-generator.ts";
import { answerOf, fatesOf, isAbsorbed, isFatal, type Own, readersOf } from "./reference-model.ts";
import { sealed, type World } from "./world.ts";

interface Finished {
  readonly entries: readonly Entry[];
  readonly description: FlowDescription;
  readonly input: unknown;
  readonly world: World;
  /** The state as a reader rebuilds it. */
  readonly state: RunState;
}

/** What each node did by itself. */
export function factsOf(entries: readonly Entry[]): Map<number, Own> {
  const own = new Map<number, Own>();
  for (const entry of entries) {
    if (entry.kind === "step.completed" || entry.kind === "approval.decided") {
      own.set(entry.slot, { kind: "gave", value: open(entry.value) });
    } else if (entry.kind === "step.skipped" && entry.because === "when") own.set(entry.slot, { kind: "declined" });
    else if (entry.kind === "step.failed" && entry.failure.kind !== "need") own.set(entry.slot, { kind: "failed" });
  }
  return own;
}

/** All that is wrong with a finished run. */
export function complaintsOf(run: Finished): string[] {
  return [
    ...aboutTheEnd(run),
    ...aboutSettling(run),
    ...aboutAttempts(run),
    ...aboutTimers(run),
    ...aboutStopping(run),
    ...aboutUndoing(run),
    ...aboutTheCause(run),
    ...aboutFates(run),
    ...aboutTheOutcome(run),
    ...aboutTheWorld(run),
  ];
}

function of<K extends EntryKind>(entries: readonly Entry[], ...kinds: K[]): EntryOf<K>[] {
  return entries.filter((entry): entry is EntryOf<K> => (kinds as string[]).includes(entry.kind));
}

function stopIndex(entries: readonly Entry[]): number {
  return entries.findIndex((entry) => entry.kind === "run.stopped");
}

function aboutTheEnd({ entries }: Finished): string[] {
  const ends = of(entries, "run.ended");
  if (ends.length !== 1) return [`the run ended ${ends.length} times`];
  const after = entries.slice(entries.indexOf(ends[0] as Entry) + 1);
  const late = new Set(["attempt.late", "decision.refused"]);
  return after.filter(({ kind }) => !late.has(kind)).map(({ kind }) => `${kind} after run.ended`);
}

function aboutSettling({ entries, description }: Finished): string[] {
  return description.nodes.flatMap((node, slot) => {
    const settlings = of(entries, "step.completed", "step.skipped", "step.failed", "approval.decided");
    const own = settlings.filter((entry) => entry.slot === slot);
    return own.length > 1
      ? [`${node.name} settled ${own.length} times: ${own.map(({ kind }) => kind).join(", ")}`]
      : [];
  });
}

function aboutAttempts({ entries, description }: Finished): string[] {
  return description.nodes.flatMap((node, slot) =>
    node.kind === "approval"
      ? []
      : attemptsOf(
          node,
          entries.filter((entry) => "slot" in entry && entry.slot === slot),
        ),
  );
}

function attemptsOf(node: NodeDescription, entries: readonly Entry[]): string[] {
  const found: string[] = [];
  let rung = 0;
  let attempt = 0;
  let failures = 0;
  let losses = 0;
  let started = 0;
  for (const entry of entries) {
    if (entry.kind === "attempt.started") started = entry.attempt;
    if (entry.kind === "rung.entered") {
      if (entry.rung !== rung + 1) found.push(`rule 7: ${node.name} went from rung ${rung} to ${entry.rung}`);
      if (failures === 0 && losses < 5 && !node.rungs[rung]?.breaker)
        found.push(`${node.name} left rung ${rung} untried`);
      rung = entry.rung;
      failures = 0;
      losses = 0;
    }
    if (entry.kind !== "attempt.failed" && entry.kind !== "attempt.lost" && entry.kind !== "step.completed") continue;
    if (entry.rung !== rung) found.push(`${node.name} answered for rung ${entry.rung} on rung ${rung}`);
    if (entry.attempt !== attempt + 1) found.push(`${node.name} counts attempt ${entry.attempt} after ${attempt}`);
    const marked = node.stepKind !== "effect" || started === entry.attempt || entry.kind === "attempt.lost";
    if (!marked) found.push(`rule 3: ${node.name} answered without a start mark`);
    attempt = entry.attempt;
    if (entry.kind === "attempt.failed") failures++;
    if (entry.kind === "attempt.lost") losses++;
    if (failures > (node.rungs[rung]?.maxAttempts ?? 0)) found.push(`rule 32: ${node.name} failed ${failures} times`);
    if (losses > 5) found.push(`rule 5: ${node.name} was lost ${losses} times on rung ${rung}`);
  }
  return found;
}

function aboutTimers({ entries }: Finished): string[] {
  const dueAt = new Map<number, number>();
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.kind === "run.started" && entry.deadlineAt !== undefined) dueAt.set(-1, entry.deadlineAt);
    if (entry.kind === "retry.scheduled" || entry.kind === "approval.requested") dueAt.set(entry.slot, entry.dueAt);
    if (entry.kind !== "timer.fired") continue;
    const due = dueAt.get(entry.slot ?? -1);
    if (due === undefined) found.push(`a timer fired that was not set: ${JSON.stringify(entry)}`);
    else if (entry.at < due) found.push(`rule 17: a timer fired ${due - entry.at} ms early: ${JSON.stringify(entry)}`);
  }
  return found;
}

const beginnings: ReadonlySet<string> = new Set([
  "attempt.started",
  "rung.entered",
  "approval.requested",
  "approval.decided",
  "admission.answered",
  "condition.answered",
  "step.skipped",
  "step.failed",
]);

function aboutStopping({ entries, world }: Finished): string[] {
  const stop = stopIndex(entries);
  if (stop === -1) return [];
  return entries.slice(stop).flatMap((entry) => {
    if (beginnings.has(entry.kind)) return [`rule 9: ${entry.kind} after the run was stopped`];
    const reads = entry.kind === "step.completed" && world.node(entry.slot).stepKind !== "effect";
    return reads ? ["rule 9: a read answered after the run was stopped"] : [];
  });
}

function aboutUndoing({ entries, world }: Finished): string[] {
  const stop = stopIndex(entries);
  if (stop === -1) return of(entries, "compensation.started").flatMap(({ slot }) => notInLadder(slot, world));
  const begun = [...new Set(of(entries, "attempt.started").map(({ slot }) => slot))];
  const before = new Set(of(entries.slice(0, stop), "compensation.started").map(({ slot }) => slot));
  const undone = [...new Set(of(entries.slice(stop), "compensation.started").map(({ slot }) => slot))];
  const inOrder = undone.filter((slot) => !before.has(slot));
  const expected = [...begun].reverse().filter((slot) => inOrder.includes(slot));
  const found = inOrder.join() === expected.join() ? [] : [`rule 8: undone in the order ${inOrder}, not ${expected}`];
  const underWay = new Set<number>();
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === "attempt.started") underWay.add(entry.slot);
    if (entry.kind === "attempt.failed" || entry.kind === "attempt.lost" || entry.kind === "step.completed") {
      underWay.delete(entry.slot);
    }
    const undoes = index > stop && entry.kind === "compensation.started";
    if (undoes && underWay.size > 0) found.push("rule 8: undone while effects were in flight");
  }
  return found;
}

function notInLadder(slot: number, world: World): string[] {
  return world.node(slot).rungs.length > 1 ? [] : ["rule 8: something was undone though the run was never stopped"];
}

function aboutTheCause(run: Finished): string[] {
  const { entries, description } = run;
  const stop = stopIndex(entries);
  if (stop === -1) return [];
  const stopped = entries[stop] as EntryOf<"run.stopped">;
  if (stopped.failure?.message === "the answer breaks the flow's contract") return [];
  const before = entries.slice(0, stop);
  const failed = new Set(of(before, "step.failed").map(({ slot }) => slot));
  const first = before.find((entry) => {
    if (entry.kind === "cancel.requested" || (entry.kind === "timer.fired" && entry.timer === "deadline")) return true;
    return entry.kind === "step.failed" && entry.failure.kind !== "need" && isDoomed(description, entry.slot, failed);
  });
  const cause = first?.kind === "cancel.requested" ? "cancel" : first?.kind === "timer.fired" ? "deadline" : "failure";
  const slot = first?.kind === "step.failed" ? first.slot : undefined;
  if (stopped.cause === cause && stopped.slot === slot) return [];
  return [`rule 9: the cause is ${stopped.cause} of slot ${stopped.slot}, not ${cause} of slot ${slot}`];
}

/** The failure went on, from reader to reader that failed with it, to one that nobody does without. */
function isDoomed(description: FlowDescription, node: number, failed: ReadonlySet<number>): boolean {
  if (isAbsorbed(description, node)) return false;
  if (isFatal(description, node)) return true;
  return readersOf(description, node).some(({ reader, absorbs }) => {
    return !absorbs && reader !== "answer" && failed.has(reader) && isDoomed(description, reader, failed);
  });
}

function aboutFates({ entries, description, input, state }: Finished): string[] {
  const fates = fatesOf(description, factsOf(entries), input);
  const stopped = stopIndex(entries) !== -1;
  const words = { gave: "completed", skipped: "skipped", failed: "failed", open: "open" } as const;
  return fates.flatMap((fate, index) => {
    const { status } = state.slots[index] as RunState["slots"][number];
    const settled = status === "completed" || status === "skipped" || status === "failed";
    if (!settled && stopped) return [];
    if (!settled) return [`${description.nodes[index]?.name} never settled though the run went to its end`];
    return words[fate.kind] === status ? [] : [`rule 15: s${index} is ${status} and should be ${words[fate.kind]}`];
  });
}

function aboutTheOutcome(run: Finished): string[] {
  const { entries, description, input, state } = run;
  const stopped = of(entries, "run.stopped")[0];
  const [ended] = of(entries, "run.ended");
  if (!ended) return [];
  if (stopped) {
    const answered = stopped.cause === "deadline" && description.deadline === "answers";
    const expected = answered ? "degraded" : stopped.cause === "cancel" ? "cancelled" : "failed";
    return ended.outcome === expected ? [] : [`rule 9: ended ${ended.outcome} instead of ${expected}`];
  }
  const degraded =
    of(entries, "step.completed").some(({ rung }) => rung > 0) ||
    of(entries, "approval.decided").some(({ via }) => via !== "person") ||
    of(entries, "step.failed").some(({ slot }) => isAbsorbed(description, slot));
  const fates = fatesOf(description, factsOf(entries), input);
  const answer = sealed(answerOf(description, fates, input));
  return [
    ...((ended.outcome === "degraded") === degraded ? [] : [`rule 14: ended ${ended.outcome}, degraded: ${degraded}`]),
    ...(state.degradations.length > 0 === degraded ? [] : ["rule 14: degradations without a degraded run, or none"]),
    ...(ended.output === answer ? [] : [`rule 15: answered ${ended.output} instead of ${answer}`]),
  ];
}

function aboutTheWorld({ entries, description, world, state }: Finished): string[] {
  const listed = new Set(standingOf(state).map(({ path }) => path));
  const stopped = stopIndex(entries) !== -1;
  return [...world.standing].flatMap((key) => {
    const [slot = 0, rung = 0] = key.split("/").map(Number);
    const completed = of(entries, "step.completed").some((entry) => entry.slot === slot && entry.rung === rung);
    if (!stopped && completed) return [];
    const name = description.nodes[slot]?.name ?? "";
    if (!listed.has(name)) return [`rule 8: ${name} stands in the world, and the run does not say so`];
    const abandoned = of(entries, "compensation.abandoned").some((entry) => entry.slot === slot);
    const undoable = description.nodes[slot]?.undoable && stopped;
    return undoable && !abandoned ? [`rule 8: ${name} could have been undone and was not`] : [];
  });
}
