/**
 * The entries of nodes that open scopes, sleep, wait for a signal or call another flow, in words.
 *
 * Boundary: one entry to a sentence and its tone; the others are step-words.ts's. Invariants: items are named by their
 * place in the whole array; what was done without is said with its tone.
 */
import { type EntryKind, type EntryOf, formatMs, type Slot } from "@plumbline/core";
import { missingVoices, scopeStoryOf } from "./scope-story.ts";
import { outcomeTones } from "./step-words.ts";
import type { Context, Told, Words } from "./words.ts";

type ScopeKind = Extract<EntryKind, `${"scope" | "items" | "turn" | "sleep" | "signal" | "call"}.${string}`>;

export const scopeWords: Words<ScopeKind> = {
  "scope.entered": (entry, { slot }) => entered(entry, slot),
  "items.listed": ({ items, partLength }, { slot }) => {
    const { node } = slot;
    const most = node.kind === "map" && node.concurrency < items.length ? `, at most ${node.concurrency} at once` : "";
    if (partLength === undefined) return [`${count(items.length, "item")}${most}`, "plain"];
    return [`${count(items.length, "part")} of ${partLength} items, one after the other${most}`, "plain"];
  },
  "turn.completed": ({ turn, done }, { slot }) => {
    const isLast = slot.node.kind === "loop" && turn >= slot.node.maxTurns;
    return done ? [`turn ${turn} is enough`, "good"] : [`turn ${turn} is not enough`, isLast ? "warning" : "plain"];
  },
  "scope.closed": (_entry, { state, slot }) => {
    const story = scopeStoryOf(state, slot);
    if (story?.kind !== "ensemble") return ["takes no more answers", "plain"];
    const { given, quorum, votes } = story;
    if (given < quorum) return [`takes no more answers: ${quorum} of ${votes.length} cannot be reached`, "warning"];
    return [`takes no more answers: ${given} of ${votes.length} members have given one`, "plain"];
  },
  "scope.stopped": ({ key, failure }, { slot }) => [
    `${key === undefined ? "" : `${itemName(slot, key)} `}is undone, because ${failure.message}`,
    "warning",
  ],
  "scope.failed": ({ key, failure }, { slot }) => [
    `${itemName(slot, key)} failed and is done without: ${failure.message}`,
    "warning",
  ],
  "scope.completed": (entry, context) => completed(entry, context),
  "sleep.started": ({ at, dueAt }) => [`sleeps for ${formatMs(Math.max(0, dueAt - at))}`, "plain"],
  "signal.received": ({ name, by }) => [`signal ${name} came${by === undefined ? "" : ` from ${by}`}`, "good"],
  "signal.handed": ({ signals }) => [
    `hands on ${listed(signals.map(({ name, run }) => `signal ${name} to run ${run}`))}`,
    "quiet",
  ],
  "signal.settled": ({ back }) =>
    back.length === 0
      ? ["what was handed on was taken", "quiet"]
      : [`${listed(back.map(({ name }) => `signal ${name}`))} came back: the wait was over`, "warning"],
  "signal.awaited": ({ at, dueAt }, { slot }) => [
    `waits for signal ${slot.node.name}, at most ${formatMs(Math.max(0, dueAt - at))}`,
    "plain",
  ],
  "signal.answered": ({ via }, { slot }) =>
    via === "timeout"
      ? ["no signal came in time: the declared value is taken", "warning"]
      : [`takes signal ${slot.node.name}`, "good"],
  "call.requested": ({ run }, { slot }) => [
    slot.node.kind === "call" ? `calls ${slot.node.flow}: run ${run}` : `calls run ${run}`,
    "plain",
  ],
  "call.answered": ({ outcome, failure, ms }, { slot }) => {
    const why = failure === undefined ? "" : `: ${failure.message}`;
    return [`run ${slot.call} ended ${outcome} in ${formatMs(ms)}${why}`, outcomeTones[outcome]];
  },
};

function entered({ key }: EntryOf<"scope.entered">, slot: Slot): Told {
  switch (slot.node.kind) {
    case "branch":
      return [`goes into case ${key}`, "plain"];
    case "map":
      return [`${itemName(slot, key as number)} begins`, "quiet"];
    case "loop":
      return [`turn ${key} of ${slot.node.maxTurns} begins`, "quiet"];
    case "ensemble": {
      const members = count(slot.inside?.frames[0]?.scope.nodes.length ?? 0, "member");
      return [`asks ${members}, ${slot.node.quorum} must answer`, "plain"];
    }
    default:
      return ["goes into a scope", "plain"];
  }
}

function completed({ degraded }: EntryOf<"scope.completed">, { state, slot }: Context): Told {
  const story = scopeStoryOf(state, slot);
  switch (story?.kind) {
    case "branch":
      return [`answered by case ${story.case}`, "good"];
    case "map": {
      const { items, failed, partLength, onFailure } = story;
      const how = onFailure === "collect" ? "failed" : "left out";
      const lost = failed === 0 ? "" : `, ${failed} ${how}`;
      return [`answered: ${count(items, partLength === undefined ? "item" : "part")}${lost}`, tone(failed === 0)];
    }
    case "loop":
      return [
        degraded === undefined ? `answered in turn ${story.turn}` : `answered at its limit: ${degraded}`,
        tone(degraded === undefined),
      ];
    case "ensemble": {
      if (degraded !== undefined) return [`the declared answer is taken: ${degraded}`, "warning"];
      const missing = missingVoices(story.votes).length;
      const lost = missing === 0 ? "" : `, ${missing} missing`;
      return [`answered: ${story.given} of ${count(story.votes.length, "vote")}${lost}`, tone(missing === 0)];
    }
    default:
      return ["answered", "good"];
  }
}

function tone(isGood: boolean): Told[1] {
  return isGood ? "good" : "warning";
}

function itemName({ inside }: Slot, key: number): string {
  if (inside?.partLength !== undefined) return `part ${key + 1}`;
  return `item ${key + (inside?.from ?? 0)}`;
}

function listed(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
