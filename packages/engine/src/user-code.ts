/**
 * The small ways in which every performer reaches user code and its values.
 *
 * Boundary: opening what an expression reads, calling what has no time limit of its own, finding a slot's functions.
 * Invariant: whatever goes wrong ends in `fail`, called once; nothing escapes.
 */
import {
  type ApprovalCode,
  type Expression,
  type Failure,
  type Frame,
  failureOf,
  type Judgement,
  type Read,
  resolve,
  type Sealed,
  type Slot,
  type StepCode,
  sealedIn,
} from "@plumbline/core";
import type { PerformingRun } from "./host.ts";
import { isThenable } from "./timed-call.ts";
import { needsBlobs, plainReader, readerFor } from "./value-keeper.ts";

/**
 * Opens what an expression reads and goes on with its value; the reader given with it can open
 * `alsoRead` too. `fail` for what cannot be read.
 */
export function withValue(
  run: PerformingRun,
  frame: Frame,
  expression: Expression,
  next: (value: unknown, read: Read) => void,
  fail: (failure: Failure) => void,
  alsoRead: readonly Sealed[] = [],
): void {
  const { codecs } = run.code.flow.code;
  const values = [...sealedIn(run.state, frame, expression), ...alsoRead];
  const go = (read: Read) => {
    let value: unknown;
    try {
      value = resolve(run.state, frame, expression, read);
    } catch (error) {
      fail(failureOf(error));
      return;
    }
    next(value, read);
  };
  if (needsBlobs(values)) readerFor(run.host.store, run.id, values, codecs).then(go, (error) => fail(failureOf(error)));
  else go(plainReader(codecs));
}

/** Calls user code that has no time limit of its own, then its contract; both may be asynchronous. */
export function callAndJudge(
  call: () => unknown,
  contract: (given: unknown) => Judgement | Promise<Judgement>,
  next: (judgement: Judgement) => void,
  fail: (error: unknown) => void,
): void {
  try {
    const given = call();
    const judged = isThenable(given) ? given.then(contract) : contract(given);
    if (!isThenable(judged)) next(judged);
    else judged.then(next).then(undefined, fail);
  } catch (error) {
    fail(error);
  }
}

/** The functions of a slot. */
export function codeOf(run: PerformingRun, slot: Slot): StepCode | ApprovalCode {
  return run.code.nodes[slot.id - slot.frame.base] as StepCode | ApprovalCode;
}
