/**
 * Rungs as users write them: what user code is given, and the ready-made ones.
 *
 * Boundary: types and the two functions that make rungs; how a ladder becomes data is ladder.ts. Nothing runs here.
 * Invariant: whatever a rung needs to know is given to it: needs, and a context that says which attempt it is.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Duration } from "./duration.ts";
import type { Failure } from "./errors.ts";

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
  /**
   * Adds to what this attempt cost. Also after its signal has aborted: what it says until it has settled counts for the run, as
   * long as the engine is open.
   */
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
  readonly limit?: LimitOptions;
}

/** How much of a resource all runs of the engine together may use. */
export interface LimitOptions {
  /** The resource: a backend, a GPU; the same name in other flows is the same resource. */
  readonly name: string;
  /** Attempts at the same time. */
  readonly concurrency?: number;
  /** Attempts that may begin in any window of this length. */
  readonly rate?: { readonly count: number; readonly per: Duration };
  /** More attempts than this in line, and `start` refuses new runs of the flow (`queue-full`). Default 10,000. */
  readonly maxQueued?: number;
}

export const lastGoodMark: unique symbol = Symbol.for("plumbline.last-good") as never;
export const templateMark: unique symbol = Symbol.for("plumbline.template") as never;

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
export function template<Needs, const Answer>(fill: RungFunction<Needs, Answer>): TemplateRung<Needs, Answer> {
  return { [templateMark]: fill };
}

export type AnyRung<Needs, Answer> =
  | RungFunction<Needs, Answer>
  | Rung<Needs, Answer>
  | TemplateRung<Needs, Answer>
  | LastGoodRung;

/** The functions of one rung. */
export interface RungCode {
  readonly run: RungFunction<unknown, unknown> | undefined;
  readonly retryIf: ((failure: Failure, attempt: number) => boolean) | undefined;
}
