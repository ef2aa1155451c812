/**
 * Steps as users write them: options, what a rung is given, and the ladder's ready-made rungs.
 *
 * Boundary: turns what was written into a plan's step (data) and its code (functions). Nothing runs here.
 * Invariants: defaults are the mission's: 2 retries, 30 s, growing backoff; `lastGood` and `template` are tried once.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type Duration, durationMs } from "./duration.ts";
import type { Failure } from "./errors.ts";
import { demandOptions, invalid, optionsOf } from "./known-options.ts";
import { aFunction, aText, demandValues, objectWith, oneOf } from "./option-values.ts";
import type { PlanBreaker, PlanRung, RetryPolicy } from "./plan.ts";
import type { Codec } from "./values.ts";

export { aFunction, aText, demandOptions, demandValues, invalid, objectWith, oneOf, optionsOf };

/** Any schema of the Standard Schema family: zod, valibot, arktype and others. */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>;
export type InputOf<S extends Schema> = StandardSchemaV1.InferInput<S>;
export type OutputOf<S extends Schema> = StandardSchemaV1.InferOutput<S>;

/** What went wrong the last time, for the attempt that follows. */
export interface Previous {
  /** What the attempt gave, when it gave something that broke the contract. */
  readonly value?: unknown;
  /** Why the contract was broken, in words that can be handed to a model. */
  readonly reasons: readonly string[];
  readonly failure: Failure;
  readonly attempt: number;
  readonly rung: number;
}

/** What an attempt cost. Summed by attempt, step and run. */
export interface Cost {
  readonly usd?: number;
  readonly tokens?: number;
}

/** What user code is given beside its needs. */
export interface StepContext {
  /** Aborts on timeout, cancel and when the answer is no longer wanted. Pass it on. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt of the step, counted over all rungs. Vary parameters by it, a temperature for example. */
  readonly attempt: number;
  /** 0 for the first rung of the ladder. */
  readonly rung: number;
  readonly previous: Previous | undefined;
  /** The same for every attempt of this rung of this step in this run: hand it to the outside (rule 6). */
  readonly idempotencyKey: string;
  /** Differs for each attempt. */
  readonly attemptId: string;
  readonly runId: string;
  /** The step's place in the run: `extract`, or `items[3].read` in a map. */
  readonly path: string;
  /** The schema that the answer is held to, for rungs that can ask a model for exactly this shape. */
  readonly contract: Schema;
  /** Progress from 0 to 1 with a note for whoever watches. Kept sparsely; call it as often as you like. */
  readonly progress: (fraction: number, note?: string) => void;
  /** A line kept with the attempt; at most 100 lines of 1,000 characters. */
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Adds to what this attempt cost. */
  readonly spend: (cost: Cost) => void;
  /** Facts about what answered (model, prompt version, request id): kept with the attempt, shown by `why`. */
  readonly note: (evidence: Readonly<Record<string, string | number | boolean>>) => void;
}

export type RungFunction<Needs, Answer> = (needs: Needs, context: StepContext) => Answer | Promise<Answer>;

export interface RetryOptions {
  /** Attempts in all, the first included. Default 3; for pure steps 1. */
  readonly maxAttempts?: number;
  /** Default `exponential`: each delay doubles. */
  readonly backoff?: "fixed" | "exponential";
  /** The first delay. Default 1 s. */
  readonly delay?: Duration;
  /** The longest delay. Default 1 min. */
  readonly cap?: Duration;
  /** Share of a delay that chance adds or takes, so that a thousand runs do not come back at once. Default 0.2. */
  readonly jitter?: number;
  /** Asked after each failure; `false` goes down the ladder at once. */
  readonly retryIf?: (failure: Failure, attempt: number) => boolean;
}

/** A circuit breaker shared by all runs of the engine, by name. */
export interface BreakerOptions {
  /** The backend that it stands for; the same name in other flows is the same breaker. */
  readonly name: string;
  /** Consecutive failures that open it. Default 5. */
  readonly after?: number;
  /** How long it stays open before one attempt probes. Default 30 s. */
  readonly openFor?: Duration;
  /** Count broken contracts against the backend too. Default false: they count for this rung only. */
  readonly countContract?: boolean;
}

/** One rung of a ladder, when a bare function does not say enough. */
export interface Rung<Needs, Answer> {
  readonly run: RungFunction<Needs, Answer>;
  /** Names the rung in `answeredBy`. Default: the function's name, else `rung 1`, `rung 2` and so on. */
  readonly name?: string;
  readonly timeout?: Duration;
  readonly retry?: RetryOptions;
  readonly breaker?: BreakerOptions;
}

const lastGoodMark: unique symbol = Symbol.for("plumbline.last-good") as never;
const templateMark: unique symbol = Symbol.for("plumbline.template") as never;

/** The rung made by `lastGood`. */
export interface LastGoodRung {
  readonly [lastGoodMark]: { readonly maxAge: Duration };
}

/** The rung made by `template`. */
export interface TemplateRung<Needs, Answer> {
  readonly [templateMark]: RungFunction<Needs, Answer>;
}

/**
 * Answers with what the ladder's first rung last gave for the same needs, when that is younger than `maxAge`. The step
 * must declare a `version`, which is part of the key (rule 16).
 */
export function lastGood(options: { readonly maxAge: Duration }): LastGoodRung {
  return { [lastGoodMark]: options };
}

/** The last resort: an answer made from the needs alone, tried once, held to the contract like any other. */
export function template<Needs, Answer>(fill: RungFunction<Needs, Answer>): TemplateRung<Needs, Answer> {
  return { [templateMark]: fill };
}

export type AnyRung<Needs, Answer> =
  | RungFunction<Needs, Answer>
  | Rung<Needs, Answer>
  | TemplateRung<Needs, Answer>
  | LastGoodRung;

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
  /** For one attempt; rungs may have their own. Default 30 s. */
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
  /** Accept NaN and the infinities in the output. */
  readonly nonFinite?: boolean;
}

/** The functions of one rung. */
export interface RungCode {
  readonly run: RungFunction<unknown, unknown> | undefined;
  readonly retryIf: ((failure: Failure, attempt: number) => boolean) | undefined;
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

type UndoRetry = Omit<RetryOptions, "retryIf">;
const undoRetryNames = { maxAttempts: true, backoff: true, delay: true, cap: true, jitter: true } as const;
const undoRetryOptions = optionsOf<UndoRetry>(undoRetryNames);
export const retryOptions: readonly string[] = optionsOf<RetryOptions>({ ...undoRetryNames, retryIf: true });
const rungOptions = optionsOf<Rung<never, never>>({ run: true, name: true, timeout: true, retry: true, breaker: true });
const breakerOptions = optionsOf<BreakerOptions>({ name: true, after: true, openFor: true, countContract: true });
const undoOptions = ["run", "timeout", "retry"];

const defaultTimeoutMs = 30_000;
const defaultRetry: RetryPolicy = {
  maxAttempts: 3,
  backoff: "exponential",
  delayMs: 1_000,
  capMs: 60_000,
  jitter: 0.2,
};
const once: RetryPolicy = { ...defaultRetry, maxAttempts: 1 };
const compensationRetry: RetryPolicy = { ...defaultRetry, maxAttempts: 6 };
/** More attempts than this on one rung are a mistake in the definition (rule 32). */
export const maxAttemptsLimit = 1_000;

/** A retry policy with its defaults written out. */
export function retryPolicy(
  options: RetryOptions | undefined,
  path: string,
  defaults: RetryPolicy = defaultRetry,
): RetryPolicy {
  if (!options) return defaults;
  const maxAttempts = options.maxAttempts ?? defaults.maxAttempts;
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1 || maxAttempts > maxAttemptsLimit) {
    throw invalid(`${path}.retry.maxAttempts`, `a whole number from 1 to ${maxAttemptsLimit}`, options.maxAttempts);
  }
  const jitter = options.jitter ?? defaults.jitter;
  if (!(jitter >= 0 && jitter <= 1)) throw invalid(`${path}.retry.jitter`, "a number from 0 to 1", options.jitter);
  const delayMs = durationMs(options.delay ?? defaults.delayMs, `${path}.retry.delay`);
  const capMs = Math.max(durationMs(options.cap ?? defaults.capMs, `${path}.retry.cap`), delayMs);
  return { maxAttempts, backoff: options.backoff ?? defaults.backoff, delayMs, capMs, jitter };
}

/** A ladder as data and code. `path` names the step in errors. */
export function ladderOf(
  rungs: readonly AnyRung<never, unknown>[],
  defaults: { readonly timeout?: Duration | undefined; readonly retry?: RetryOptions | undefined },
  path: string,
): { plans: PlanRung[]; codes: RungCode[] } {
  const plans: PlanRung[] = [];
  const codes: RungCode[] = [];
  for (const [index, rung] of rungs.entries()) {
    const { plan, code } = oneRung(rung, defaults, index, path);
    // `answeredBy` must tell the rungs of a step apart, also two of the same model.
    const alike = plans.filter((other) => other.name === plan.name || other.name.startsWith(`${plan.name} (`)).length;
    plans.push(alike === 0 ? plan : { ...plan, name: `${plan.name} (${alike + 1})` });
    codes.push(code);
  }
  return { plans, codes };
}

function oneRung(
  rung: AnyRung<never, unknown>,
  defaults: { readonly timeout?: Duration | undefined; readonly retry?: RetryOptions | undefined },
  index: number,
  path: string,
): { plan: PlanRung; code: RungCode } {
  const timeoutMs = durationMs(defaults.timeout ?? defaultTimeoutMs, `${path}.timeout`);
  if (typeof rung === "function" || (typeof rung === "object" && rung !== null && "run" in rung)) {
    const written: Rung<never, unknown> = typeof rung === "function" ? { run: rung } : rung;
    if (typeof written.run !== "function") throw invalid(`${path}.by[${index}].run`, "a function", written.run);
    demandOptions(`${path}.by[${index}]`, written, rungOptions);
    demandValues(`${path}.by[${index}]`, written, { name: aText });
    demandOptions(`${path}.by[${index}].retry`, written.retry, retryOptions);
    demandOptions(`${path}.by[${index}].breaker`, written.breaker, breakerOptions);
    // A rung says only what is different about it: the rest of the step's policy stays.
    const retry = written.retry ? { ...defaults.retry, ...written.retry } : defaults.retry;
    const plan: PlanRung = {
      kind: "run",
      name: written.name ?? (written.run.name && written.run.name !== "run" ? written.run.name : `rung ${index + 1}`),
      timeoutMs:
        written.timeout === undefined ? timeoutMs : durationMs(written.timeout, `${path}.by[${index}].timeout`),
      retry: retryPolicy(retry, path),
      ...(written.breaker ? { breaker: breakerPlan(written.breaker, `${path}.by[${index}].breaker`) } : {}),
    };
    return { plan, code: { run: written.run as RungCode["run"], retryIf: retry?.retryIf } };
  }
  if (typeof rung === "object" && rung !== null && lastGoodMark in rung) {
    demandOptions(`${path}.by[${index}]`, rung[lastGoodMark], ["maxAge"]);
    const maxAgeMs = durationMs(rung[lastGoodMark]?.maxAge, `${path}.by[${index}].maxAge`);
    return {
      plan: { kind: "last-good", name: "last good", timeoutMs, retry: once, maxAgeMs },
      code: { run: undefined, retryIf: undefined },
    };
  }
  if (typeof rung === "object" && rung !== null && templateMark in rung) {
    if (typeof rung[templateMark] !== "function")
      throw invalid(`${path}.by[${index}]`, "a function", rung[templateMark]);
    return {
      plan: { kind: "template", name: "template", timeoutMs, retry: once },
      code: { run: rung[templateMark] as RungCode["run"], retryIf: undefined },
    };
  }
  throw invalid(`${path}.by[${index}]`, "a function, { run }, lastGood(...) or template(...)", rung);
}

function breakerPlan(options: BreakerOptions, path: string): PlanBreaker {
  const after = options.after ?? 5;
  if (!Number.isInteger(after) || after < 1) throw invalid(`${path}.after`, "a whole number from 1", options.after);
  if (typeof options.name !== "string" || options.name === "") {
    throw invalid(`${path}.name`, "the name of the backend", options.name);
  }
  const openForMs = durationMs(options.openFor ?? 30_000, `${path}.openFor`);
  return { name: options.name, after, openForMs, countContract: options.countContract === true };
}

/** The undo of an effect as data and code. */
export function compensationOf(
  compensate: Compensate<never, never> | undefined,
  path: string,
): { plan: { timeoutMs: number; retry: RetryPolicy }; run: StepCode["compensate"] } | undefined {
  if (compensate === undefined) return undefined;
  const written = typeof compensate === "function" ? { run: compensate } : compensate;
  if (typeof written?.run !== "function") throw invalid(`${path}.compensate`, "a function or { run }", compensate);
  if (typeof compensate === "object") demandOptions(`${path}.compensate`, compensate, undoOptions);
  demandOptions(`${path}.compensate.retry`, written.retry, undoRetryOptions);
  return {
    run: written.run as StepCode["compensate"],
    plan: {
      timeoutMs: durationMs(written.timeout ?? defaultTimeoutMs, `${path}.compensate.timeout`),
      retry: retryPolicy(written.retry, `${path}.compensate`, compensationRetry),
    },
  };
}
