/**
 * Undoes one effect: calls its `compensate` with what is known of it (rule 8).
 *
 * Boundary: one undo to the entry of its end; order and retries are the core's. Invariant: the undo is told under which
 * key the effect was made and whether it is certain, never more than the journal knows.
 */
import { type Failure, failureOf, type PlanStep, pathOf, type Read, type Slot, type StepCode } from "@plumbline/core";
import { AttemptContext } from "./attempt-context.ts";
import type { Done, Performance, PerformingRun } from "./host.ts";
import { TimedCall } from "./timed-call.ts";
import { codeOf, withValue } from "./user-code.ts";

export function performUndo(run: PerformingRun, slot: Slot, attempt: number, done: Done): Performance {
  const node = slot.node as PlanStep;
  const code = codeOf(run.code, slot) as StepCode;
  const begun = run.host.clock.monotonic();
  const elapsed = () => Math.round((run.host.clock.monotonic() - begun) * 1_000) / 1_000;
  const entry = () => ({ at: run.host.clock.now(), slot: slot.id, attempt, ms: elapsed(), ...context.takeCost() });
  const fail = (failure: Failure) => done([{ kind: "compensation.failed", ...entry(), failure }]);
  const context = new AttemptContext({
    runId: run.id,
    path: pathOf(slot),
    rung: slot.rung,
    attempt,
    contract: code.output,
    get elapsedMs() {
      return elapsed();
    },
    previous: () => undefined,
    onProgress: () => {},
  });
  let superseded: string | undefined;
  let call: TimedCall | undefined;
  const undo = (needs: unknown, read: Read) => {
    if (superseded !== undefined) return;
    const applied = slot.status === "completed";
    call = new TimedCall({
      clock: run.host.clock,
      context,
      timeoutMs: (node.compensation as NonNullable<PlanStep["compensation"]>).timeoutMs,
      call: () =>
        code.compensate?.(
          {
            key: context.idempotencyKey,
            needs,
            output: applied && slot.value !== undefined ? read(slot.value) : undefined,
            certainty: applied ? "applied" : "in-doubt",
          },
          context,
        ),
      onEnd(end) {
        if (end.kind === "value") done([{ kind: "compensation.completed", ...entry() }]);
        else if (end.kind === "thrown") fail(failureOf(end.error));
        else fail({ kind: "timeout", message: "the undo did not end in time" });
      },
      onLate: () => {},
    });
    call.begin();
  };
  withValue(run, slot.frame, slot.node.needs, undo, fail, slot.value === undefined ? [] : [slot.value]);
  return {
    supersede(reason) {
      superseded = reason;
      call?.supersede(reason);
    },
    abortAfter: () => {},
  };
}
