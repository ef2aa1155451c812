/**
 * The journal in words, one moment an entry: what `show`, log files and Studio print.
 *
 * Boundary: entries to sentences; what each says stands in step-words.ts and scope-words.ts, colours and layout are the
 * front's. Invariants: every kind of entry has its words, which the compiler sees to; total, like `evolve`: what this
 * version or the plan does not know is told as it stands; one line each; nothing that is not in the entry or the plan is
 * claimed.
 */
import { type Entry, evolve, newState, pathOf, type RunRecord, type RunState } from "@plumbline/core";
import { scopeWords } from "./scope-words.ts";
import { runWords, stepWords } from "./step-words.ts";
import type { Told, Tone, Words } from "./words.ts";

/** One entry, told. */
export interface Moment {
  readonly index: number;
  readonly kind: Entry["kind"];
  readonly at: number;
  /** Since the run began. */
  readonly ms: number;
  /** Empty for the run itself. */
  readonly path: string;
  readonly words: string;
  readonly tone: Tone;
}

/** The whole journal in words. */
export function timeline(record: RunRecord): Moment[] {
  const state = newState(record.plan);
  return record.entries.map((entry, index) => {
    evolve(state, entry);
    return momentOf(state, entry, index);
  });
}

/** A new kind of entry does not compile until it has its words. */
const words: Words<Entry["kind"]> = { ...runWords, ...stepWords, ...scopeWords };

/** One entry in words, told right after it was folded into `state`. */
export function momentOf(state: RunState, entry: Entry, index: number): Moment {
  const id = "slot" in entry && entry.kind !== "run.stopped" ? entry.slot : undefined;
  const slot = id === undefined ? undefined : state.slots[id];
  const isKnown = Object.hasOwn(words, entry.kind) && (slot !== undefined || id === undefined);
  const tell = words[entry.kind] as (entry: Entry, context: { state: RunState; slot: typeof slot }) => Told;
  const [said, tone]: Told = isKnown ? tell(entry, { state, slot }) : [entry.kind, "quiet"];
  const path = slot ? pathOf(slot) : "";
  return { index, kind: entry.kind, at: entry.at, ms: entry.at - state.startedAt, path, words: oneLine(said), tone };
}

function oneLine(said: string): string {
  return said.replace(/\s*\n\s*/g, " ");
}
