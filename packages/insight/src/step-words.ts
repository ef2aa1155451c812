/**
 * The entries of runs, steps, approvals and undoing, in words.
 *
 * Boundary: one entry to a sentence and its tone; scopes, sleeps, signals and calls are scope-words.ts's. Invariant: what
 * went otherwise than by the first choice has a tone that is seen.
 */
import {
  type EntryKind,
  type EntryOf,
  type Failure,
  formatMs,
  type PlanStep,
  pathOf,
  type RunState,
  type Slot,
} from "@plumbline/core";
import { rungName } from "./step-story.ts";
import type { Told, Tone, Words } from "./words.ts";

type RunKind =
  | "run.started"
  | "cancel.requested"
  | "run.left"
  | "answer.lost"
  | "run.held"
  | "run.stopped"
  | "run.ended";

export const runWords: Words<RunKind> = {
  "run.started": ({ flow, key, parent }) => {
    const by = parent === undefined ? "" : `, called by ${parent.path} of run ${parent.run}`;
    return [`${flow} started${key === undefined ? "" : ` with key ${key}`}${by}`, "plain"];
  },
  "cancel.requested": ({ by, reason }) => {
    const who = by === undefined ? "" : ` by ${by}`;
    return [`cancel asked for${who}${reason === undefined ? "" : `: ${reason}`}`, "warning"];
  },
  "run.left": () => ["left: the engine was closed; what was under way is tried again", "plain"],
  "answer.lost": () => ["the process died while the answer was given or judged", "warning"],
  "run.held": ({ outcome }) => [
    `has its answer, ${outcome}; held, so that the run that called it can still undo it`,
    outcomeTones[outcome],
  ],
  "run.stopped": ({ failure, cause }, { state }) => {
    const undo = state.effects.length > 0 ? "; what was done is undone" : "";
    return [`stopped: ${failure?.message ?? cause}${undo}`, "bad"];
  },
  "run.ended": ({ outcome }) => [outcome, outcomeTones[outcome]],
};

export const outcomeTones: Record<EntryOf<"run.ended">["outcome"], Tone> = {
  succeeded: "good",
  degraded: "warning",
  failed: "bad",
  cancelled: "warning",
};

type StepKind = Extract<
  EntryKind,
  | `${"condition" | "admission" | "attempt" | "hedge" | "retry" | "timer" | "rung" | "step"}.${string}`
  | `${"approval" | "decision" | "compensation"}.${string}`
>;

const timerWords: Record<EntryOf<"timer.fired">["timer"], Told> = {
  retry: ["it is time to try again", "quiet"],
  approval: ["nobody answered in time", "quiet"],
  signal: ["no signal came in time", "quiet"],
  sleep: ["wakes up", "plain"],
  deadline: ["the run's deadline passed", "warning"],
};

export const stepWords: Words<StepKind> = {
  "condition.answered": () => ["its condition holds", "quiet"],
  "admission.answered": ({ breaker, admission }) => {
    if (admission === "refused") return [`the breaker ${breaker} is open`, "warning"];
    return [admission === "probe" ? `probes for the breaker ${breaker}` : "admitted", "quiet"];
  },
  "attempt.started": ({ attempt, rung }, { slot }) => [
    `attempt ${attempt}${onRung(slot, rung)} begins: an effect`,
    "quiet",
  ],
  "attempt.progressed": ({ fraction, note = "" }) => {
    if (fraction === 0 && note !== "") return [note, "quiet"];
    return [`${Math.round(fraction * 100)} % ${note}`.trimEnd(), "quiet"];
  },
  "attempt.failed": ({ attempt, rung, failure, hedge }, { slot }) => {
    const beside = hedge ? ", beside the other," : "";
    return [`attempt ${attempt}${onRung(slot, rung)}${beside} ${failed(failure)}`, "warning"];
  },
  "attempt.lost": ({ attempt, because }) =>
    because === "left"
      ? [`attempt ${attempt} was let go of by its engine`, "quiet"]
      : [`attempt ${attempt} was lost with its process`, "warning"],
  "attempt.superseded": ({ attempt, rung, because }, { slot }) => [
    `attempt ${attempt}${onRung(slot, rung)} was given up: ${because}`,
    "quiet",
  ],
  "attempt.late": ({ attempt, result }) =>
    result === undefined
      ? [`attempt ${attempt} told what it had cost until it was given up`, "quiet"]
      : [`attempt ${attempt} answered too late; its ${result} was not used`, "warning"],
  "hedge.started": ({ rung }, { slot }) => [`is slow: ${nameOn(slot, rung)} is tried beside it`, "warning"],
  "retry.scheduled": ({ of, dueAt, at }) => {
    const what = of === undefined ? "tries again" : "tries again to undo";
    return [`${what} in ${formatMs(Math.max(0, dueAt - at))}`, "quiet"];
  },
  "timer.fired": ({ timer }) => timerWords[timer] ?? ["a timer fired", "quiet"],
  "rung.entered": ({ rung }, { slot }) => [`goes on with ${nameOn(slot, rung)}`, "warning"],
  "step.completed": (entry, { slot }) => completed(slot, entry),
  "step.skipped": ({ because }, { state }) => [skipped(state, because), "quiet"],
  "step.failed": ({ failure }) => [`failed: ${failure.message}`, "bad"],
  "approval.requested": ({ desk, dueAt, at }) => [
    `waits for desk ${desk}, at most ${formatMs(Math.max(0, dueAt - at))}`,
    "plain",
  ],
  "approval.decided": ({ via, by, note }) => {
    const said = note === undefined ? "" : `: ${note}`;
    if (via === "person") return [`decided by ${by ?? "a person"}${said}`, "good"];
    const how = via === "timeout" ? "nobody answered in time" : "the desk's breaker is open";
    return [`decided automatically: ${how}`, "warning"];
  },
  "decision.refused": ({ by }) => [
    `a decision${by === undefined ? "" : ` by ${by}`} came too late and was not used`,
    "warning",
  ],
  "compensation.started": ({ attempt }) => [`is being undone${attempt > 1 ? `, attempt ${attempt}` : ""}`, "plain"],
  "compensation.failed": ({ failure }) => [`could not be undone yet: ${failure.message}`, "warning"],
  "compensation.completed": () => ["undone", "plain"],
  "compensation.abandoned": ({ because }) => [`could not be undone: ${because}`, "bad"],
};

function completed(slot: Slot, { rung, ms, from, dropped }: EntryOf<"step.completed">): Told {
  const step = stepOf(slot);
  const by = step && step.rungs.length > 1 ? ` by ${rungName(step, rung)}` : "";
  const isCached = from !== undefined && step?.rungs[rung]?.kind !== "last-good";
  const old = from ? `, ${isCached ? "kept from" : "an answer of"} run ${from.run}` : "";
  const lost = dropped && dropped.length > 0 ? `; dropped ${dropped.join(", ")}` : "";
  const how = isCached ? " from the cache" : by;
  return [`answered${how} in ${formatMs(ms)}${old}${lost}`, rung > 0 || lost !== "" ? "warning" : "good"];
}

function skipped(state: RunState, because: "when" | number): string {
  if (because === "when") return "skipped: its condition does not hold";
  const need = state.slots[because];
  return `skipped with ${need ? pathOf(need) : "its need"}`;
}

function failed(failure: Failure): string {
  if (failure.kind === "contract") return `broke the contract: ${(failure.reasons ?? [failure.message]).join("; ")}`;
  return failure.kind === "timeout" ? `timed out: ${failure.message}` : `failed: ${failure.message}`;
}

function stepOf({ node }: Slot): PlanStep | undefined {
  return node.kind === "step" ? node : undefined;
}

function nameOn(slot: Slot, rung: number): string {
  const step = stepOf(slot);
  return step ? rungName(step, rung) : `rung ${rung + 1}`;
}

/** The rung is named where there is a choice. */
function onRung(slot: Slot, rung: number): string {
  const step = stepOf(slot);
  return step && step.rungs.length > 1 ? ` of ${rungName(step, rung)}` : "";
}
