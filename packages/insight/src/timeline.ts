/**
 * The journal in words, one moment an entry: what `show`, log files and Studio print.
 *
 * Boundary: entries to sentences; colours and layout are the front's. Invariants: total, like `evolve`: an entry that the
 * plan does not know is told as it stands; one line each; nothing that is not in the entry or the plan is claimed.
 */
import {
  type Entry,
  type EntryOf,
  evolve,
  type Failure,
  formatMs,
  newState,
  type PlanStep,
  pathOf,
  type RunRecord,
  type RunState,
  type Slot,
} from "@plumbline/core";
import { rungName } from "./step-story.ts";

export type Tone = "plain" | "good" | "quiet" | "warning" | "bad";

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

/** One entry in words, told right after it was folded into `state`. */
export function momentOf(state: RunState, entry: Entry, index: number): Moment {
  const id = "slot" in entry ? entry.slot : undefined;
  const slot = id === undefined || entry.kind === "run.stopped" ? undefined : state.slots[id];
  const [words, tone] = slot ? ofSlot(state, slot, entry) : ofRun(state, entry);
  const path = slot ? pathOf(slot) : "";
  return { index, kind: entry.kind, at: entry.at, ms: entry.at - state.startedAt, path, words: oneLine(words), tone };
}

type Told = readonly [words: string, tone: Tone];

function ofRun(state: RunState, entry: Entry): Told {
  switch (entry.kind) {
    case "run.started":
      return [`${entry.flow} started${entry.key === undefined ? "" : ` with key ${entry.key}`}`, "plain"];
    case "timer.fired":
      return ["the run's deadline passed", "warning"];
    case "cancel.requested": {
      const by = entry.by === undefined ? "" : ` by ${entry.by}`;
      return [`cancel asked for${by}${entry.reason === undefined ? "" : `: ${entry.reason}`}`, "warning"];
    }
    case "run.stopped": {
      const undo = state.effects.length > 0 ? "; what was done is undone" : "";
      return [`stopped: ${entry.failure?.message ?? entry.cause}${undo}`, "bad"];
    }
    case "run.left":
      return ["left: the engine was closed; what was under way is tried again", "plain"];
    case "run.ended":
      return [entry.outcome, outcomeTones[entry.outcome]];
    default:
      return [entry.kind, "quiet"];
  }
}

const outcomeTones: Record<EntryOf<"run.ended">["outcome"], Tone> = {
  succeeded: "good",
  degraded: "warning",
  failed: "bad",
  cancelled: "warning",
};

function ofSlot(state: RunState, slot: Slot, entry: Entry): Told {
  const step = slot.node.kind === "step" ? slot.node : undefined;
  switch (entry.kind) {
    case "condition.answered":
      return ["its condition holds", "quiet"];
    case "admission.answered":
      if (entry.admission === "refused") return [`the breaker ${entry.breaker} is open`, "warning"];
      return [entry.admission === "probe" ? `probes for the breaker ${entry.breaker}` : "admitted", "quiet"];
    case "attempt.started":
      return [`attempt ${entry.attempt}${onRung(step, entry.rung)} begins: an effect`, "quiet"];
    case "attempt.progressed": {
      const { fraction, note = "" } = entry;
      if (fraction === 0 && note !== "") return [note, "quiet"];
      return [`${Math.round(fraction * 100)} % ${note}`.trimEnd(), "quiet"];
    }
    case "attempt.failed":
      return [`attempt ${entry.attempt}${onRung(step, entry.rung)} ${failed(entry.failure)}`, "warning"];
    case "attempt.lost":
      if (entry.because === "left") return [`attempt ${entry.attempt} was let go of by its engine`, "quiet"];
      return [`attempt ${entry.attempt} was lost with its process`, "warning"];
    case "attempt.late":
      return [`attempt ${entry.attempt} answered too late; its ${entry.result} was not used`, "warning"];
    case "retry.scheduled": {
      const what = entry.of === undefined ? "tries again" : "tries again to undo";
      return [`${what} in ${formatMs(Math.max(0, entry.dueAt - entry.at))}`, "quiet"];
    }
    case "rung.entered":
      return [`goes on with ${step ? rungName(step, entry.rung) : `rung ${entry.rung + 1}`}`, "warning"];
    case "step.completed":
      return completed(step, entry);
    case "step.skipped":
      return [skipped(state, entry), "quiet"];
    case "step.failed":
      return [`failed: ${entry.failure.message}`, "bad"];
    default:
      return ofApprovalOrUndo(entry);
  }
}

function ofApprovalOrUndo(entry: Entry): Told {
  switch (entry.kind) {
    case "approval.requested":
      return [`waits for desk ${entry.desk}, at most ${formatMs(Math.max(0, entry.dueAt - entry.at))}`, "plain"];
    case "timer.fired":
      return [entry.timer === "approval" ? "nobody answered in time" : "it is time to try again", "quiet"];
    case "approval.decided":
      return decided(entry);
    case "decision.refused":
      return [`a decision${entry.by === undefined ? "" : ` by ${entry.by}`} came too late and was not used`, "warning"];
    case "compensation.started":
      return [`is being undone${entry.attempt > 1 ? `, attempt ${entry.attempt}` : ""}`, "plain"];
    case "compensation.failed":
      return [`could not be undone yet: ${entry.failure.message}`, "warning"];
    case "compensation.completed":
      return ["undone", "plain"];
    case "compensation.abandoned":
      return [`could not be undone: ${entry.because}`, "bad"];
    default:
      return [entry.kind, "quiet"];
  }
}

function decided({ via, by, note }: EntryOf<"approval.decided">): Told {
  const said = note === undefined ? "" : `: ${note}`;
  if (via === "person") return [`decided by ${by ?? "a person"}${said}`, "good"];
  const how = via === "timeout" ? "nobody answered in time" : "the desk's breaker is open";
  return [`decided automatically: ${how}`, "warning"];
}

function completed(step: PlanStep | undefined, { rung, ms, from, dropped }: EntryOf<"step.completed">): Told {
  const by = step && step.rungs.length > 1 ? ` by ${rungName(step, rung)}` : "";
  const old = from ? `, an answer of run ${from.run}` : "";
  const lost = dropped && dropped.length > 0 ? `; dropped ${dropped.join(", ")}` : "";
  return [`answered${by} in ${formatMs(ms)}${old}${lost}`, rung > 0 || lost !== "" ? "warning" : "good"];
}

function skipped(state: RunState, { because }: EntryOf<"step.skipped">): string {
  if (because === "when") return "skipped: its condition does not hold";
  const need = state.slots[because];
  return `skipped with ${need ? pathOf(need) : "its need"}`;
}

function failed(failure: Failure): string {
  if (failure.kind === "contract") return `broke the contract: ${(failure.reasons ?? [failure.message]).join("; ")}`;
  return failure.kind === "timeout" ? `timed out: ${failure.message}` : `failed: ${failure.message}`;
}

/** The rung is named where there is a choice. */
function onRung(step: PlanStep | undefined, rung: number): string {
  return step && step.rungs.length > 1 ? ` of ${rungName(step, rung)}` : "";
}

function oneLine(words: string): string {
  return words.replace(/\s*\n\s*/g, " ");
}
