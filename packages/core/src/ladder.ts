/**
 * The ladder of a step as users write it: its rungs, with retry, breaker and limit, as data and functions.
 *
 * Boundary: reads what stands in `.by(...)`; the rest of a step is step.ts. Invariants: defaults are written out: 30 s, 2
 * retries, growing backoff; `lastGood` and `template` are tried once; the rungs of a step have different names.
 */
import { type Duration, durationMs } from "./duration.ts";
import { demandOptions, optionsOf } from "./known-options.ts";
import { invalid } from "./option-error.ts";
import { aText, demandValues } from "./option-values.ts";
import type { PlanBreaker, PlanLimit, PlanRung, RetryPolicy } from "./plan.ts";
import {
  type AnyRung,
  type BreakerOptions,
  type LimitOptions,
  lastGoodMark,
  type RetryOptions,
  type Rung,
  type RungCode,
  templateMark,
} from "./rung.ts";

const undoRetryNames = { maxAttempts: true, backoff: true, delay: true, cap: true, jitter: true } as const;
export const undoRetryOptions: readonly string[] = optionsOf<Omit<RetryOptions, "retryIf">>(undoRetryNames);
export const retryOptions: readonly string[] = optionsOf<RetryOptions>({ ...undoRetryNames, retryIf: true });
const rungOptions = optionsOf<Rung<never, never>>({
  run: true,
  name: true,
  timeout: true,
  retry: true,
  breaker: true,
  limit: true,
});
const breakerOptions = optionsOf<BreakerOptions>({ name: true, after: true, openFor: true, countContract: true });
const limitOptions = optionsOf<LimitOptions>({ name: true, concurrency: true, rate: true, maxQueued: true });

export const defaultTimeoutMs = 30_000;
const defaultRetry: RetryPolicy = {
  maxAttempts: 3,
  backoff: "exponential",
  delayMs: 1_000,
  capMs: 60_000,
  jitter: 0.2,
};
const once: RetryPolicy = { ...defaultRetry, maxAttempts: 1 };
/** Undoing is tried longer than doing. */
export const compensationRetry: RetryPolicy = { ...defaultRetry, maxAttempts: 6 };
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
      ...(written.limit ? { limit: limitPlan(written.limit, `${path}.by[${index}].limit`) } : {}),
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

const defaultMaxQueued = 10_000;

function limitPlan(options: LimitOptions, path: string): PlanLimit {
  demandOptions(path, options, limitOptions);
  const { name, concurrency, rate, maxQueued = defaultMaxQueued } = options;
  if (typeof name !== "string" || name === "") throw invalid(`${path}.name`, "the name of the resource", name);
  if (concurrency === undefined && rate === undefined) {
    throw invalid(`${path}.concurrency`, "concurrency, or rate, or both", undefined);
  }
  const whole = (value: unknown, field: string) => {
    if (Number.isInteger(value) && (value as number) >= 1) return value as number;
    throw invalid(`${path}.${field}`, "a whole number from 1", value);
  };
  demandOptions(`${path}.rate`, rate, ["count", "per"]);
  return {
    name,
    ...(concurrency === undefined ? {} : { concurrency: whole(concurrency, "concurrency") }),
    ...(rate === undefined
      ? {}
      : { rate: { count: whole(rate.count, "rate.count"), perMs: durationMs(rate.per, `${path}.rate.per`) } }),
    maxQueued: whole(maxQueued, "maxQueued"),
  };
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
