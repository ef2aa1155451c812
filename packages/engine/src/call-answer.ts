/**
 * What a caller is told of a run that it called: the outcome as an entry of its own, with the value that is its own from there.
 *
 * Boundary: two folded runs to one entry; when it is told is called-runs.ts's. Invariants: a caller is told a bounded part of
 * what went wrong, the called run's own journal has all; of a part that failed as a whole each item is told, as far as
 * its map does without those that fail (rule 14).
 */
import {
  costOf,
  type EndReport,
  type EntryOf,
  endOf,
  type Failure,
  failureOf,
  inRanges,
  isLive,
  isPart,
  lostPart,
  type PlanMap,
  type Read,
  type RunState,
  type Sealed,
  type Slot,
  slotAt,
  standingOf,
} from "@plumbline/core";
import type { ActiveRun } from "./runs/active-run.ts";
import type { Answer, PerformingRun } from "./runs/host.ts";
import { keep, readerFor } from "./stores/value-keeper.ts";

const toldDegradations = 5;
const toldStanding = 10;

/** Reads what has to be read of the called run first: the entry can then be made at the very moment in which it is told. */
export async function answerFrom(run: ActiveRun): Promise<(caller: PerformingRun, slot: number) => Answer> {
  const { id, state, code, blobs } = run;
  if (code.missing?.code === "flow-unknown") throw code.missing; // its codecs are not here
  const read = await readerFor(blobs, id, toldValues(state), code.flow.code.codecs);
  return (caller, slot) => answerEntry(caller, slotAt(caller.state, slot), state, read);
}

function isGood(state: RunState): boolean {
  const outcome = outcomeOf(state);
  return outcome === "succeeded" || outcome === "degraded";
}

function outcomeOf({ held, outcome }: RunState) {
  return held?.outcome ?? outcome ?? "failed";
}

function outputOf({ held, output }: RunState): Sealed | undefined {
  return held?.output ?? output;
}

function toldValues(state: RunState): Sealed[] {
  const values: Sealed[] = [];
  if (isGood(state)) values.push(outputOf(state) as Sealed);
  else if (state.isPart) {
    lostPart(state, notSaid, (sealed) => {
      values.push(sealed);
      return undefined;
    });
  }
  return values;
}

const notSaid: Failure = { kind: "call", message: "" };

function answerEntry(caller: PerformingRun, slot: Slot, state: RunState, read: Read): Answer {
  const ms = state.updatedAt - state.startedAt;
  const outcome = outcomeOf(state);
  const base = {
    kind: "call.answered" as const,
    at: caller.host.clock.now(),
    slot: slot.id,
    outcome,
    ms,
    cost: costOf(state),
  };
  if (!isGood(state)) return badAnswer(caller, slot, state, read, base);
  try {
    const kept = keep(read(outputOf(state) as Sealed), { codecs: caller.code.flow.code.codecs, nonFinite: true });
    if ("sealed" in kept) {
      const told = outcome === "degraded" ? { degradations: degradationsOf(state) } : {};
      return { entry: { ...base, value: kept.sealed, ...told }, blobs: kept.blobs };
    }
    const message = `the called run's answer${kept.refusal.path}: ${kept.refusal.reason}`;
    return { entry: { ...base, failure: { kind: "value", message } }, blobs: [] };
  } catch (error) {
    return { entry: { ...base, failure: failureOf(error) }, blobs: [] };
  }
}

type Base = Pick<EntryOf<"call.answered">, "kind" | "at" | "slot" | "outcome" | "ms" | "cost">;

function badAnswer(caller: PerformingRun, slot: Slot, state: RunState, read: Read, base: Base): Answer {
  const standing = standingOf(state).map(({ path }) => path);
  const left = standing.length > 0 ? { standing: standing.slice(0, toldStanding) } : {};
  const why = whyBad(state);
  if (!isPart(slot.node)) return { entry: { ...base, failure: why, ...left }, blobs: [] };
  const owner = slot.frame.owner as Slot;
  const isDoneWithout = (owner.node as PlanMap).onFailure !== "fail" && isLive(caller.state, slot.frame);
  // What failed in a part failed in the map: nobody need know that the array was spread.
  if (!isDoneWithout) return { entry: { ...base, failure: why.cause?.path ? why.cause : why, ...left }, blobs: [] };
  const { values, lost } = lostPart(state, why, read);
  const kept = keep(values, { codecs: caller.code.flow.code.codecs, nonFinite: true });
  const which = lost.length === 0 ? "none of its items was lost" : `items lost with it: ${inRanges(lost)}`;
  const path = slot.frame.prefix.slice(0, -1);
  const failure = { ...why, message: `${which}; ${why.message}`, path };
  if ("refusal" in kept) return { entry: { ...base, failure, ...left }, blobs: [] };
  return { entry: { ...base, failure, value: kept.sealed, ...left }, blobs: kept.blobs };
}

function whyBad(state: RunState): Failure {
  const { outcome, failure, failedAt } = endOf(state) as EndReport;
  const at = failedAt === undefined || failure?.path !== undefined ? "" : ` at ${failedAt}`;
  const message = `the run that it called (${state.run}) ended ${outcome}${at}${failure ? `: ${failure.message}` : ""}`;
  return { kind: "call", message, ...(failure ? { cause: failure } : {}) };
}

function degradationsOf({ degradations }: RunState) {
  return degradations.slice(0, toldDegradations).map(({ path, reason }) => ({ path, reason }));
}
