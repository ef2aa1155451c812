/**
 * The answer of a run: what the flow gives at its end, or declared for a missed deadline.
 *
 * Boundary: resolves the answer, holds it to the flow's contract and gives the entry of the end. Invariant: an answer
 * that breaks its contract stops the run like a failed step, so that its effects are undone.
 */
import {
  type Entry,
  type Expression,
  type Failure,
  type Frame,
  failureOf,
  type Judgement,
  judge,
  type Read,
  type Sealed,
  type StepCode,
} from "@plumbline/core";
import type { Done, PerformingRun } from "./host.ts";
import { callAndJudge, withValue } from "./user-code.ts";
import { keep } from "./value-keeper.ts";

/** The flow's answer, held to the flow's contract. What breaks it stops the run like a failed step. */
export function giveAnswer(run: PerformingRun, done: Done): void {
  const frame = run.state.frames[0] as Frame;
  const stop = (failure: Failure) =>
    done([{ kind: "run.stopped", at: run.host.clock.now(), cause: "failure", failure }]);
  const give = (value: unknown, read: Read) =>
    judgeAnswer(
      run,
      () => value,
      () => read(frame.input),
      (output, dropped) => {
        const outcome = run.state.degradations.length > 0 ? "degraded" : "succeeded";
        done([ended(run, outcome, output, dropped)]);
      },
      stop,
    );
  withValue(run, frame, frame.scope.answer, give, stop);
}

/** The declared answer when the deadline was missed; without a good one the run has failed. */
export function giveDeadlineAnswer(run: PerformingRun, done: Done): void {
  const frame = run.state.frames[0] as Frame;
  const declare = run.code.flow.code.deadlineAnswer as (input: unknown) => unknown;
  const fail = (failure: Failure) =>
    done([{ kind: "run.ended", at: run.host.clock.now(), outcome: "failed", failure }]);
  const input: Expression = { kind: "ref", scope: 0, node: -1, path: [] };
  const give = (value: unknown, read: Read) =>
    judgeAnswer(
      run,
      () => declare(value),
      () => read(frame.input),
      (output, dropped) => done([ended(run, "degraded", output, dropped)]),
      fail,
    );
  withValue(run, frame, input, give, fail);
}

function ended(
  run: PerformingRun,
  outcome: "succeeded" | "degraded",
  output: Sealed,
  dropped: readonly string[],
): Entry {
  const at = run.host.clock.now();
  return { kind: "run.ended", at, outcome, output, ...(dropped.length > 0 ? { dropped } : {}) };
}

function judgeAnswer(
  run: PerformingRun,
  call: () => unknown,
  input: () => unknown,
  next: (output: Sealed, dropped: readonly string[]) => void,
  fail: (failure: Failure) => void,
): void {
  const { output: schema, checks, codecs } = run.code.flow.code;
  const bare = (value: unknown): Judgement => ({ value, reasons: [], dropped: [] });
  const contract = schema ?? passing;
  const judgeIt = (value: unknown) =>
    schema === undefined && checks.length === 0
      ? bare(value)
      : judge({ schema: contract, checks, onDropped: "record" }, value, checks.length > 0 ? input() : undefined);
  callAndJudge(
    call,
    judgeIt,
    ({ value, reasons, dropped }) => {
      if (reasons.length > 0) {
        fail({ kind: "contract", message: `the answer broke its contract: ${reasons.join("; ")}`, reasons });
        return;
      }
      const kept = keep(value, { codecs, nonFinite: true });
      if ("refusal" in kept) {
        fail({ kind: "value", message: `the answer${kept.refusal.path}: ${kept.refusal.reason}` });
        return;
      }
      run.keepBlobs(kept.blobs);
      next(kept.sealed, dropped);
    },
    (error) => fail(failureOf(error)),
  );
}

const passing: StepCode["output"] = {
  "~standard": { version: 1, vendor: "plumbline", validate: (value) => ({ value }) },
};
