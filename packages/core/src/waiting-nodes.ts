/**
 * Sleep, signal and call as users write them: their options, and what those say as data.
 *
 * Boundary: options to the plan's fields and to functions; what follows at run time is decide-waiting.ts. Invariant: every
 * wait on the outside has a timeout and an answer for it (rule 17).
 */
import type { Declarable } from "./approval.ts";
import type { Flow, SignalCode, SleepCode } from "./code.ts";
import { reasonOf } from "./contract.ts";
import { type Duration, durationMs } from "./duration.ts";
import { invalid, optionsOf } from "./known-options.ts";
import type { PlanSignal, PlanSleep } from "./plan.ts";
import type { Schema } from "./rung.ts";
import { type Codec, seal } from "./values.ts";

/** Waits for the clock: so long, or until an instant that the needs give. */
export interface SleepOptions<Written, Needs> {
  readonly needs?: Written;
  readonly for?: Duration;
  /** A Date, or milliseconds since 1970. */
  readonly until?: (needs: Needs) => Date | number;
}

/** Waits for something that the outside says to this run, by the name of the node. `Late` is its stand-in, as written. */
export interface SignalOptions<Written, Needs, S extends Schema, Late extends Declarable<S> = Declarable<S>> {
  readonly needs?: Written;
  readonly schema: S;
  readonly timeout: Duration;
  /** What is taken when nothing comes in time: a value, or a function of the needs. */
  readonly onTimeout: Late | ((needs: Needs) => Late);
}

/** Runs another flow as a run of its own, which is undone when this one fails (rule 10). */
export interface CallOptions<Called, Input> {
  readonly flow: Called;
  readonly input: Input;
}

export const sleepOptions: readonly string[] = optionsOf<Omit<SleepOptions<unknown, never>, "needs">>({
  for: true,
  until: true,
});
export const signalOptions: readonly string[] = optionsOf<Omit<SignalOptions<unknown, never, Schema>, "needs">>({
  schema: true,
  timeout: true,
  onTimeout: true,
});
export const callOptions: readonly string[] = optionsOf<CallOptions<unknown, unknown>>({ flow: true, input: true });

export function sleepOf(
  path: string,
  options: SleepOptions<unknown, never>,
): { readonly plan: Pick<PlanSleep, "forMs">; readonly code: Omit<SleepCode, "when"> } {
  const { until } = options;
  if ((options.for === undefined) === (until === undefined)) {
    throw invalid(`${path}.for`, "one of the two: for, a duration; or until, a function of the needs", options.for, {
      words: until === undefined ? "neither" : "both",
      mend: 'write for: "1h", or until: ({ at }) => at',
    });
  }
  if (until !== undefined && typeof until !== "function") {
    throw invalid(`${path}.until`, "a function of the needs that gives a Date", until);
  }
  const plan = options.for === undefined ? {} : { forMs: durationMs(options.for, `${path}.for`) };
  return { plan, code: { kind: "sleep", until } };
}

export function signalOf(
  path: string,
  options: SignalOptions<unknown, never, Schema>,
  codecs: readonly Codec[],
): { readonly plan: Pick<PlanSignal, "timeoutMs" | "onTimeout">; readonly code: Omit<SignalCode, "when"> } {
  const { schema, timeout, onTimeout } = options;
  if (timeout === undefined) throw invalid(`${path}.timeout`, "how long to wait for the signal", undefined);
  if (onTimeout === undefined) {
    throw invalid(
      `${path}.onTimeout`,
      "what is taken when nothing comes, a value or a function; null where there is none",
      undefined,
    );
  }
  const timeoutMs = durationMs(timeout, `${path}.timeout`);
  if (typeof onTimeout === "function") {
    return { plan: { timeoutMs }, code: { kind: "signal", schema, onTimeout: onTimeout as SignalCode["onTimeout"] } };
  }
  const judged = schema["~standard"].validate(onTimeout);
  if (judged instanceof Promise) {
    judged.catch(() => {}); // judged again when it is taken; here nobody waits for it
  } else if (judged.issues) {
    throw invalid(`${path}.onTimeout`, "a value that satisfies the schema under `schema`", onTimeout, {
      words: judged.issues.map(reasonOf).join("; "),
      mend: "correct the value, or the schema",
    });
  }
  const result = seal(onTimeout, { codecs });
  if ("refusal" in result) {
    throw invalid(`${path}.onTimeout${result.refusal.path}`, "a value that a journal can keep", onTimeout, {
      words: result.refusal.reason,
    });
  }
  return { plan: { timeoutMs, onTimeout: result.sealed }, code: { kind: "signal", schema, onTimeout: undefined } };
}

/** The flow that a call in the flow `caller` runs. */
export function calledFlow(path: string, options: CallOptions<unknown, unknown>, caller: string): Flow {
  const found = options.flow as Partial<Flow> | undefined;
  if (typeof found?.plan !== "object" || typeof found.code !== "object") {
    throw invalid(`${path}.flow`, "a flow, as flow(...) makes it", found, {
      mend: "pass the flow itself, made before this one; a flow cannot call itself: to repeat, use a loop",
    });
  }
  if (found.name === caller) {
    throw invalid(`${path}.flow`, "a flow of another name than the one that calls it", found, {
      words: `a flow "${caller}" in the flow "${caller}"`,
      mend: "rename one of them: runs find their flow by its name; a flow cannot call itself: to repeat, use a loop",
    });
  }
  if (!("input" in options)) throw invalid(`${path}.input`, "the input of the flow that is called", undefined);
  return found as Flow;
}
