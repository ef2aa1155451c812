/**
 * Steps as users write them: options, and what those say as data and functions.
 *
 * Boundary: turns what was written into a plan's step (data) and its code (functions); the ladder is ladder.ts. Nothing
 * runs here. Invariants: a step that may be answered from what was answered before has a version and is no effect.
 */
import { type Duration, durationMs } from "./duration.ts";
import { demandOptions, optionsOf } from "./known-options.ts";
import { compensationRetry, defaultTimeoutMs, ladderOf, retryPolicy, undoRetryOptions } from "./ladder.ts";
import { invalid } from "./option-error.ts";
import type { PlanStep, RetryPolicy } from "./plan.ts";
import type { AnyRung, OutputOf, RetryOptions, RungCode, Schema, StepContext } from "./rung.ts";
import type { Codec } from "./values.ts";

/** What an undo is given (rule 8). It must accept that there is nothing to undo. */
export interface Undo<Needs, Output> {
  /** The idempotency key under which the effect was made. */
  readonly key: string;
  readonly needs: Needs;
  /** What the effect answered; absent when it is in doubt. */
  readonly output: Output | undefined;
  readonly certainty: "applied" | "in-doubt";
}

export type Compensate<Needs, Output> =
  | ((undo: Undo<Needs, Output>, context: StepContext) => unknown)
  | {
      readonly run: (undo: Undo<Needs, Output>, context: StepContext) => unknown;
      readonly timeout?: Duration;
      readonly retry?: UndoRetry;
    };

/** A named rule on a value that has passed its schema: true, false, or the reason why not. May be asynchronous. */
export type Check<Output, Needs> = (output: Output, needs: Needs) => boolean | string | Promise<boolean | string>;

export interface StepOptions<Written, Needs, S extends Schema> {
  /** What the step is given: references, constants, objects and arrays of them. */
  readonly needs?: Written;
  /** The contract: what does not satisfy it is a failed attempt. */
  readonly output: S;
  readonly checks?: Readonly<Record<string, Check<OutputOf<S>, Needs>>>;
  /**
   * For one attempt; rungs may have their own. Default 30 s. Code that keeps the event loop busy cannot be stopped: when it
   * gives its answer after all, the clock says whether that is late.
   */
  readonly timeout?: Duration;
  readonly retry?: RetryOptions;
  /** Default `read`. */
  readonly kind?: "pure" | "read" | "effect";
  /** Undoes the effect when the run fails later, or before another rung is tried. */
  readonly compensate?: Compensate<Needs, OutputOf<S>>;
  /** Fields that the schema strips: noted on the attempt (default), or a broken contract. */
  readonly onDropped?: "record" | "fail";
  /** Part of the fingerprint and of every cache key; raise it when prompt or code changes what comes out. */
  readonly version?: string;
  /**
   * Answers to the same needs are given again while they are younger than `maxAge`: of pure and read steps with a `version`.
   * Only what the first rung gave is kept, and an answer from the cache says so (rule 16).
   */
  readonly cache?: { readonly maxAge: Duration };
  /** Of pure and read steps: when the first rung has not answered by then, the next one starts beside it. */
  readonly hedge?: { readonly after: Duration };
  /** Accept NaN and the infinities in the output. */
  readonly nonFinite?: boolean;
}

/** The functions of one step, beside the plan's data. */
export interface StepCode {
  readonly kind: "step";
  readonly output: Schema;
  readonly checks: readonly (readonly [name: string, check: Check<never, never>])[];
  readonly when: ((needs: never) => boolean) | undefined;
  readonly rungs: readonly RungCode[];
  readonly compensate: ((undo: Undo<unknown, unknown>, context: StepContext) => unknown) | undefined;
  readonly nonFinite: boolean;
  readonly codecs: readonly Codec[];
}

/** The options of a step, needs and condition aside. */
export const stepOptions: readonly string[] = optionsOf<Omit<StepOptions<unknown, never, Schema>, "needs">>({
  output: true,
  checks: true,
  timeout: true,
  retry: true,
  kind: true,
  compensate: true,
  onDropped: true,
  version: true,
  cache: true,
  hedge: true,
  nonFinite: true,
});

type UndoRetry = Omit<RetryOptions, "retryIf">;
type OwnPart = Omit<PlanStep, "name" | "needs" | "after" | "dependsOn" | "dependents" | "when" | "readsOutside">;

/** A step with its ladder, as data and code. `path` names it in errors. */
export function stepOf(
  path: string,
  options: StepOptions<unknown, never, Schema>,
  rungs: readonly AnyRung<never, unknown>[],
  codecs: readonly Codec[],
): { readonly plan: OwnPart; readonly code: Omit<StepCode, "when"> } {
  const { kind: stepKind = "read", checks = {}, cache, hedge } = options;
  // Same input, same output: trying a pure step again gives the same failure, so it is tried once unless asked.
  const retry = stepKind === "pure" ? { maxAttempts: 1, ...options.retry } : options.retry;
  const ladder = ladderOf(rungs, { timeout: options.timeout, retry }, path);
  const undo = compensationOf(options.compensate, path);
  if (undo && stepKind !== "effect") {
    throw invalid(`${path}.compensate`, 'kind: "effect" beside it', stepKind, {
      words: `kind: "${stepKind}"`,
      mend: 'add kind: "effect" if the step changes the world; if it does not, take compensate away',
    });
  }
  if (hedge !== undefined && rungs.length < 2) {
    throw invalid(`${path}.hedge`, "a second rung in .by: it is what starts beside the first", hedge, {
      words: "a ladder of one rung",
      mend: "add a rung, also the same function again, or take hedge away",
    });
  }
  demandOptions(`${path}.cache`, cache, ["maxAge"]);
  demandOptions(`${path}.hedge`, hedge, ["after"]);
  return {
    plan: {
      kind: "step",
      stepKind,
      rungs: ladder.plans,
      checks: Object.keys(checks),
      onDropped: options.onDropped ?? "record",
      ...(options.version === undefined ? {} : { version: String(options.version) }),
      ...(undo ? { compensation: undo.plan } : {}),
      ...(cache ? { cache: { maxAgeMs: durationMs(cache.maxAge, `${path}.cache.maxAge`) } } : {}),
      ...(hedge ? { hedge: { afterMs: durationMs(hedge.after, `${path}.hedge.after`) } } : {}),
    },
    code: {
      kind: "step",
      output: options.output,
      checks: Object.entries(checks),
      rungs: ladder.codes,
      compensate: undo?.run,
      nonFinite: options.nonFinite === true,
      codecs,
    },
  };
}

/** The undo of an effect as data and code. */
export function compensationOf(
  compensate: Compensate<never, never> | undefined,
  path: string,
): { plan: { timeoutMs: number; retry: RetryPolicy }; run: StepCode["compensate"] } | undefined {
  if (compensate === undefined) return undefined;
  const written = typeof compensate === "function" ? { run: compensate } : compensate;
  if (typeof written?.run !== "function") throw invalid(`${path}.compensate`, "a function or { run }", compensate);
  if (typeof compensate === "object") demandOptions(`${path}.compensate`, compensate, ["run", "timeout", "retry"]);
  demandOptions(`${path}.compensate.retry`, written.retry, undoRetryOptions);
  return {
    run: written.run as StepCode["compensate"],
    plan: {
      timeoutMs: durationMs(written.timeout ?? defaultTimeoutMs, `${path}.compensate.timeout`),
      retry: retryPolicy(written.retry, `${path}.compensate`, compensationRetry),
    },
  };
}
