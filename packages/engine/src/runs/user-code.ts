/**
 * The small ways in which every performer reaches user code and its values.
 *
 * Boundary: opening what an expression reads, calling what has no time limit of its own, finding a slot's functions.
 * Invariant: whatever goes wrong ends in `fail`, called once; nothing escapes.
 */
import {
  type Codec,
  type Expression,
  codeOf as errorCodeOf,
  type Failure,
  type Frame,
  failureOf,
  type Judgement,
  type NodeCode,
  type Read,
  resolve,
  type Sealed,
  type Slot,
  sealedIn,
} from "@plumbline/core";
import { needsBlobs, plainReader, readerFor } from "../stores/value-keeper.ts";
import type { BoundCode, Performance, PerformingRun } from "./host.ts";
import { type CallEnd, TimedCall } from "./timed-call.ts";

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
  const values = () => [...sealedIn(run.state, frame, expression), ...alsoRead];
  withReader(run, values, codecs, go, (error) => fail(failureOf(error)));
}

/**
 * Fetches what the values keep in blobs, where they do, and goes on with a reader that can open them. A blob that is missing is
 * a failure; a store that cannot be read is none of whoever asked (rule 4).
 */
export function withReader(
  run: PerformingRun,
  values: () => readonly Sealed[],
  codecs: readonly Codec[],
  go: (read: Read) => void,
  fail: (error: unknown) => void,
): void {
  const read = run.mayHaveBlobs ? values() : [];
  if (needsBlobs(read)) {
    const failed = (error: unknown) =>
      errorCodeOf(error) === "journal-broken" ? fail(error) : run.host.readFailed(error);
    readerFor(run.blobs, run.id, read, codecs).then(go, failed);
  } else go(plainReader(codecs));
}

/** Goes on with a reader that can open these values. */
export function withSealed(
  run: PerformingRun,
  values: readonly Sealed[],
  next: (read: Read) => void,
  fail: (failure: Failure) => void,
): void {
  const { codecs } = run.code.flow.code;
  const go = (read: Read) => {
    try {
      next(read);
    } catch (error) {
      fail(failureOf(error)); // a codec is user code too
    }
  };
  withReader(
    run,
    () => values,
    codecs,
    go,
    (error) => fail(failureOf(error)),
  );
}

/** For user code that declares no time limit of its own: conditions of answers, declared decisions, their contracts. */
const plainCallMs = 30_000;

/** Calls user code that has no time limit of its own, then its contract; both may be asynchronous. */
export function callAndJudge(
  run: PerformingRun,
  call: () => unknown,
  contract: (given: unknown) => Judgement | Promise<Judgement>,
  next: (judgement: Judgement) => void,
  fail: (failure: Failure) => void,
): Performance {
  const onEnd = (end: CallEnd) => {
    if (end.kind !== "value") {
      fail(end.kind === "thrown" ? failureOf(end.error) : { kind: "timeout", message: tooLong });
      return;
    }
    try {
      next(end.value as Judgement);
    } catch (error) {
      fail(failureOf(error));
    }
  };
  const { clock } = run.host;
  const timed = new TimedCall({ clock, timeoutMs: plainCallMs, call, judge: contract, onEnd, onLate: () => {} });
  timed.begin();
  return timed;
}

const tooLong = `no answer within ${plainCallMs} ms`;

/** A command that goes through several calls: giving it up gives up the one that is under way. */
export class Stages implements Performance {
  isSuperseded = false;
  isStuck = false;
  /** The call that is under way. */
  now: Performance | undefined;

  supersede(reason: string): void {
    this.isSuperseded = true;
    this.now?.supersede(reason);
  }

  abortAfter(): void {}

  get isWaiting(): boolean {
    return this.now?.isWaiting === true;
  }
}

/** The functions of a slot. */
export function codeOf(code: BoundCode, slot: Slot): NodeCode {
  return code.scopes[slot.frame.scope.id]?.[slot.id - slot.frame.base] as NodeCode;
}
