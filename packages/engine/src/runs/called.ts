/**
 * Performs what a run asks of a run that it called: begin, stop, undo.
 *
 * Boundary: one command to the entries of its end; the runs themselves are called-runs.ts's. Invariant: a call whose input
 * the called flow refuses is a failed call, not a broken engine.
 */
import { type CallCode, type Cost, type Failure, failureOf, PlumblineError, type Slot } from "@plumbline/core";
import type { Answer, Done, Performance, PerformingRun } from "./host.ts";
import { codeOf, Stages, withValue } from "./user-code.ts";

/** Sees to it that the called run is under way. Its outcome comes by itself, now or later, maybe much later. */
export function call(run: PerformingRun, slot: Slot, done: Done): Performance {
  const stages = new Stages();
  const { called } = run.host;
  const fail = (failure: Failure) => {
    const said = { at: run.host.clock.now(), slot: slot.id };
    done([{ kind: "call.answered", ...said, outcome: "failed", failure: { ...failure, kind: "call" }, ms: 0 }]);
  };
  const listens = (answer: Answer | undefined) => {
    // It may have told by itself meanwhile.
    const isNews = answer && slot.status === "called";
    if (!stages.isSuperseded) done(isNews ? [answer.entry] : [], isNews ? answer.blobs : undefined);
  };
  const begin = (needs: unknown) => {
    const { flow } = codeOf(run.code, slot) as CallCode;
    const { input } = needs as { input: unknown };
    called.begin(run, { slot: slot.id, flow, input, isWanted: () => !stages.isSuperseded }, listens).catch((error) => {
      if (isAboutCall(run, slot, stages, error) && !stages.isSuperseded) fail(failureOf(error));
    });
  };
  withValue(run, slot.frame, slot.node.needs, begin, fail);
  return stages;
}

/** Waits for another run, whose own steps are under way there. */
class OtherRun extends Stages {
  override get isWaiting(): boolean {
    return true;
  }
}

/** The caller stops: the called run is cancelled, and awaited with all that it undoes. */
export function stopCall(run: PerformingRun, slot: Slot, done: Done): Performance {
  const stages = new OtherRun();
  const id = slot.call as string;
  const { called } = run.host;
  const stopped = async () => {
    await called.stop(id, "the run that called it was stopped");
    const answer = await called.answer(run, slot.id, id);
    if (stages.isSuperseded) return;
    if (answer) done([answer.entry], answer.blobs);
    else {
      const failure: Failure = { kind: "call", message: "it was never begun" };
      const said = { at: run.host.clock.now(), slot: slot.id };
      done([{ kind: "call.answered", ...said, outcome: "cancelled", failure, ms: 0 }]);
    }
  };
  stopped().catch((error) => isAboutCall(run, slot, stages, error));
  return stages;
}

/** Undoes what a called run did. What that run cannot undo is listed there, and left standing here. */
export function undoCall(run: PerformingRun, slot: Slot, attempt: number, done: Done): Performance {
  const stages = new OtherRun();
  const begun = run.host.clock.monotonic();
  const said = () => {
    const ms = Math.round((run.host.clock.monotonic() - begun) * 1_000) / 1_000;
    return { at: run.host.clock.now(), slot: slot.id, attempt, ms };
  };
  run.host.called.undo(slot.call as string).then(
    ({ standing, cost }) => {
      if (stages.isSuperseded) return;
      const spent = costSince(slot, cost);
      if (standing.length === 0) done([{ kind: "compensation.completed", ...said(), ...spent }]);
      else {
        const because = `the called run ${slot.call} leaves ${standing.map(({ path }) => path).join(", ")} standing`;
        done([{ kind: "compensation.abandoned", at: run.host.clock.now(), slot: slot.id, because, ...spent }]);
      }
    },
    (error) => {
      if (isAboutCall(run, slot, stages, error) && !stages.isSuperseded)
        done([{ kind: "compensation.failed", ...said(), failure: failureOf(error) }]);
    },
  );
  return stages;
}

/** What the called run has cost since it told its answer: undoing, and bills that came late. */
function costSince({ usd, tokens }: Slot, all: Required<Cost>): { readonly cost?: Cost } {
  const cost = { usd: Math.max(0, all.usd - usd), tokens: Math.max(0, all.tokens - tokens) };
  return cost.usd > 0 || cost.tokens > 0 ? { cost } : {};
}

/**
 * What is not one of our own refusals came from the store: it says nothing about the called run, and stops the engine as a
 * whole. Gives whether the error is about the call after all; what a failed or closing engine says is not, and a run whose
 * code is not here is undone when it is (rule 28).
 */
function isAboutCall(run: PerformingRun, slot: Slot, stages: Stages, error: unknown): boolean {
  if (!(error instanceof PlumblineError)) {
    run.host.readFailed(error);
    return false;
  }
  if (error.code === "run-held" || error.code === "flow-unknown") {
    stages.isStuck = true;
    run.host.warnStuck("a called run cannot be undone by what is here", slot.call as string, error);
    return false;
  }
  return error.code !== "store-failed" && error.code !== "engine-closed";
}
