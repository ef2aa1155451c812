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
  type FlowCode,
  type Frame,
  type Judgement,
  judge,
  type Read,
  recordedAs,
  type Sealed,
  type StepCode,
} from "@plumbline/core";
import { keep, type NewBlob } from "../stores/value-keeper.ts";
import type { Done, Performance, PerformingRun } from "./host.ts";
import { callAndJudge, Stages, withValue } from "./user-code.ts";

/** An answer that passed its contract: what is recorded of it. */
interface GoodAnswer {
  readonly output: Sealed;
  readonly dropped: readonly string[];
  readonly blobs: readonly NewBlob[];
}

/** The flow's answer, held to the flow's contract. What breaks it stops the run like a failed step. */
export function giveAnswer(run: PerformingRun, done: Done): Performance {
  const stages = new Stages();
  const frame = run.state.frames[0] as Frame;
  const stop = (failure: Failure) =>
    done([{ kind: "run.stopped", at: run.host.clock.now(), cause: "failure", failure }]);
  const good = (answer: GoodAnswer) => {
    const outcome = run.state.degradations.length > 0 ? "degraded" : "succeeded";
    // Whoever called this run can still undo it (rule 10).
    done([said(run, run.state.parent ? "run.held" : "run.ended", outcome, answer)], answer.blobs);
  };
  // Opened and sealed again it would be the same text, however long that is; a codec is asked whether it can still open it.
  const isSame = !hasContract(run) && run.code.flow.code.codecs.length === 0;
  const recorded = isSame ? recordedAs(run.state, frame, frame.scope.answer) : undefined;
  if (recorded !== undefined) {
    good({ output: recorded, dropped: [], blobs: [] });
    return stages;
  }
  const give = (value: unknown, read: Read) => {
    if (stages.isSuperseded) return;
    stages.now = judgeAnswer(
      run,
      () => value,
      () => read(frame.input as Sealed),
      good,
      stop,
    );
  };
  // Checks are given the input beside the answer.
  const alsoRead = contractOf(run).checks.length > 0 ? [frame.input as Sealed] : [];
  withValue(run, frame, frame.scope.answer, give, stop, alsoRead);
  return stages;
}

/** The declared answer when the deadline was missed; without a good one the run has failed. */
export function giveDeadlineAnswer(run: PerformingRun, done: Done): Performance {
  const stages = new Stages();
  const frame = run.state.frames[0] as Frame;
  const declare = run.code.flow.code.deadlineAnswer as (input: unknown) => unknown;
  const fail = (failure: Failure) =>
    done([{ kind: "run.ended", at: run.host.clock.now(), outcome: "failed", failure }]);
  const input: Expression = { kind: "ref", scope: 0, node: -1, path: [] };
  const give = (value: unknown, read: Read) => {
    if (stages.isSuperseded) return;
    stages.now = judgeAnswer(
      run,
      () => declare(value),
      () => read(frame.input as Sealed),
      (answer) => done([said(run, "run.ended", "degraded", answer)], answer.blobs),
      fail,
    );
  };
  withValue(run, frame, input, give, fail);
  return stages;
}

function said(
  run: PerformingRun,
  kind: "run.ended" | "run.held",
  outcome: "succeeded" | "degraded",
  { output, dropped }: GoodAnswer,
): Entry {
  const at = run.host.clock.now();
  return { kind, at, outcome, output, ...(dropped.length > 0 ? { dropped } : {}) };
}

function judgeAnswer(
  run: PerformingRun,
  call: () => unknown,
  input: () => unknown,
  next: (answer: GoodAnswer) => void,
  fail: (failure: Failure) => void,
): Performance {
  const { codecs } = run.code.flow.code;
  const { schema, checks } = contractOf(run);
  const bare = (value: unknown): Judgement => ({ value, reasons: [], dropped: [] });
  const contract = schema ?? passing;
  const judgeIt = (value: unknown) =>
    schema === undefined && checks.length === 0
      ? bare(value)
      : judge({ schema: contract, checks, onDropped: "record" }, value, checks.length > 0 ? input() : undefined);
  const judged = ({ value, reasons, dropped }: Judgement) => {
    if (reasons.length > 0) {
      fail({ kind: "contract", message: `the answer broke its contract: ${reasons.join("; ")}`, reasons });
      return;
    }
    const kept = keep(value, { codecs, nonFinite: true });
    if ("refusal" in kept) {
      fail({ kind: "value", message: `the answer${kept.refusal.path}: ${kept.refusal.reason}` });
    } else next({ output: kept.sealed, dropped, blobs: kept.blobs });
  };
  return callAndJudge(run, call, judgeIt, judged, fail);
}

/** True when giving the answer runs user code: the flow's schema or its checks. */
export function hasContract(run: PerformingRun): boolean {
  const { schema, checks } = contractOf(run);
  return schema !== undefined || checks.length > 0;
}

/** The flow's contract is for the whole: a part of a run has none of its own. */
function contractOf({
  state,
  code,
}: PerformingRun): Pick<FlowCode, "checks"> & { schema: StepCode["output"] | undefined } {
  if (state.isPart) return { schema: undefined, checks: [] };
  const { output, checks } = code.flow.code;
  return { schema: output, checks };
}

const passing: StepCode["output"] = {
  "~standard": { version: 1, vendor: "plumbline", validate: (value) => ({ value }) },
};
