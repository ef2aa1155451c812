/**
 * One call of user code with a time limit.
 *
 * Boundary: calls, waits, aborts; what the end means is the caller's affair. Invariants: `onEnd` is called exactly once,
 * unless the call is superseded before it ends, and then never; what comes after the end goes to `onLate`; the clock
 * decides what is too late, also where code kept the event loop busy and no timer could; a call that answers without a
 * promise ends before `begin` returns and makes no promise and no timer.
 */
import { failureOf } from "@plumbline/core";
import type { Clock, Timer } from "../clock.ts";
import type { AttemptContext } from "./attempt-context.ts";

export type CallEnd =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "thrown"; readonly error: unknown }
  | { readonly kind: "timeout" }
  | { readonly kind: "aborted"; readonly reason: string };

/** Tells user code why its signal aborted. */
class AttemptAborted extends Error {
  override readonly name = "AbortError";
}

/** Methods and not functions, so that whoever makes many calls can be asked itself. */
export interface TimedCallOptions {
  readonly clock: Clock;
  /** Is told when the call is given up; absent for code that is given no signal. */
  readonly context?: AttemptContext;
  readonly timeoutMs: number;
  /**
   * After a timeout, how long an aborted call may take to settle before its end is told: an effect must not be undone, or
   * tried again, while it may still be at work (rule 8). 0 by default: the end is told at once.
   */
  readonly settleMs?: number;
  call(): unknown;
  /** What is made of the value that the call gave, within the same limit; it may be a promise too. The value itself by default. */
  judge?(value: unknown): unknown;
  onEnd(end: CallEnd): void;
  /** `aborted`: it heard its signal and threw because of that, which says nothing. */
  onLate(end: CallEnd): void;
}

const timeout: CallEnd = { kind: "timeout" };

export class TimedCall {
  private readonly options: TimedCallOptions;
  private open = true;
  private begun = 0;
  private timer: Timer | undefined;
  private grace: Timer | undefined;
  /** The end that will be told when the aborted call has settled, or the time for that is over. */
  private given: CallEnd | undefined;

  constructor(options: TimedCallOptions) {
    this.options = options;
  }

  begin(): void {
    const { options } = this;
    this.begun = options.clock.monotonic();
    let given: unknown;
    let promise: Promise<unknown> | undefined;
    try {
      given = options.call();
      // Also asking for `then`, and calling a foreign one, is a call of user code.
      if (isThenable(given)) promise = Promise.resolve(given);
    } catch (error) {
      this.end({ kind: "thrown", error });
      return;
    }
    if (promise === undefined) this.judge(given);
    else this.wait(promise, (value) => this.judge(value));
  }

  private judge(value: unknown): void {
    const { options } = this;
    let judged = value;
    let promise: Promise<unknown> | undefined;
    try {
      if (options.judge !== undefined) judged = options.judge(value);
      if (judged !== value && isThenable(judged)) promise = Promise.resolve(judged);
    } catch (error) {
      this.end({ kind: "thrown", error });
      return;
    }
    if (promise === undefined) this.end({ kind: "value", value: judged });
    else this.wait(promise, (value) => this.end({ kind: "value", value }));
  }

  private wait(promise: Promise<unknown>, next: (value: unknown) => void): void {
    const { clock, timeoutMs } = this.options;
    this.timer ??= clock.timer(Math.max(0, timeoutMs - this.elapsedMs), () => this.stop(timeout, this.tooLong));
    promise.then(next, (error) => this.end({ kind: "thrown", error }));
  }

  private get elapsedMs(): number {
    return this.options.clock.monotonic() - this.begun;
  }

  private get tooLong(): string {
    return `timed out after ${this.options.timeoutMs} ms`;
  }

  /** The answer is no longer wanted: abort, and say nothing. */
  supersede(reason: string): void {
    if (!this.open) return;
    this.close();
    this.options.context?.abort(new AttemptAborted(reason));
  }

  /** Lets the call go on for `ms` and then gives up on it. */
  abortAfter(ms: number): void {
    if (!this.open || this.given || this.grace) return;
    const reason = "the run was stopped and the grace has passed";
    this.grace = this.options.clock.timer(ms, () => this.stop({ kind: "aborted", reason }, reason));
  }

  private stop(end: CallEnd, reason: string): void {
    if (!this.open || this.given) return;
    const { clock, settleMs = 0 } = this.options;
    this.giveUp(end, reason);
    if (settleMs > 0) this.grace = clock.timer(settleMs, () => this.tell(end));
    else this.tell(end);
  }

  private giveUp(end: CallEnd, reason: string): void {
    this.grace?.cancel();
    this.given = end;
    this.options.context?.abort(new AttemptAborted(reason));
  }

  private tell(end: CallEnd): void {
    if (!this.open) return;
    this.close();
    this.options.onEnd(end);
  }

  private end(end: CallEnd): void {
    if (this.open && !this.given && this.elapsedMs > this.options.timeoutMs) this.giveUp(timeout, this.tooLong);
    const isLate = !this.open || this.given !== undefined;
    this.tell(this.given ?? end);
    if (isLate) this.options.onLate(isAbort(end) ? { kind: "aborted", reason: "it heard its signal" } : end);
  }

  private close(): void {
    this.open = false;
    this.timer?.cancel();
    this.grace?.cancel();
  }
}

/** User code that heard the signal and threw because of it has said nothing worth keeping. */
function isAbort(end: CallEnd): boolean {
  if (end.kind !== "thrown") return false;
  const { name } = failureOf(end.error);
  return name === "AbortError" || name === "TimeoutError";
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function";
}
