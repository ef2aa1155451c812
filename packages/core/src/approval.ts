/**
 * Approvals as users write them: who is asked, for how long, and what happens if nobody answers.
 *
 * Boundary: options to plan data and code. When a request is made and decided is decide.ts; the desk's breaker is
 * breaker.ts. Invariant: a timeout and an answer for it are required, so that no run can wait for ever (rule 17).
 */
import { reasonOf } from "./contract.ts";
import { type Duration, durationMs } from "./duration.ts";
import { PlumblineError } from "./errors.ts";
import { demandOptions, invalid } from "./known-options.ts";
import type { PlanApproval } from "./plan.ts";
import type { Opaque } from "./reference.ts";
import type { InputOf, Schema } from "./rung.ts";
import { type Codec, type Sealed, seal } from "./values.ts";

/** Who or what decided: a person, the clock, or the desk's open breaker. */
export type Via = "person" | "timeout" | "breaker";

/** A decision with how it came about. */
export type Verdict<Decision> = Decision & { readonly via: Via; readonly by?: string };

type Declared<Needs, Decision> = Decision | ((needs: Needs) => Decision);

/** A decision as it may be declared: what is written with literals is taken as such, so arrays come as readonly ones. */
export type Declarable<S extends Schema> = Frozen<InputOf<S>>;
/** All of it readonly. */
export type Frozen<T> = T extends Opaque ? T : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** `Late` and `Auto` are what was written; they have their own names so that literals need no `as const`. */
export interface ApprovalOptions<
  Written,
  Needs,
  S extends Schema<object, object>,
  Late extends Declarable<S> = Declarable<S>,
  Auto extends Declarable<S> = Declarable<S>,
> {
  /** What the person is shown. */
  readonly needs?: Written;
  /** The contract of the decision: an object. */
  readonly decision: S;
  /** The group of people who answer; its breaker is shared by all runs. */
  readonly desk: string;
  readonly timeout: Duration;
  /** The decision when nobody answers in time: a value, or a function of the needs. */
  readonly onTimeout: Declared<Needs, Late>;
  /** Opens after so many timeouts in a row over all runs of the desk, and then decides by itself (rule 24). */
  readonly breaker?: {
    readonly after: number;
    readonly openFor: Duration;
    readonly decide: Declared<Needs, Auto>;
  };
  /** What the person is asked, in one line. */
  readonly title?: string;
}

/** The functions of one approval, beside the plan's data. */
export interface ApprovalCode {
  readonly kind: "approval";
  readonly decision: Schema;
  readonly when: ((needs: never) => boolean) | undefined;
  /** Absent when the plan holds the value. */
  readonly onTimeout: ((needs: never) => unknown) | undefined;
  readonly onBreaker: ((needs: never) => unknown) | undefined;
  readonly codecs: readonly Codec[];
}

type ApprovalPlan = Pick<PlanApproval, "desk" | "title" | "timeoutMs" | "onTimeout" | "breaker">;

/** An approval as data and code. Declared values are held to the decision's contract when they are given. */
export function approvalOf(
  name: string,
  options: ApprovalOptions<unknown, never, Schema<object, object>>,
  codecs: readonly Codec[],
): { plan: ApprovalPlan; code: ApprovalCode } {
  if (typeof options.desk !== "string" || options.desk === "") {
    throw invalid(`${name}.desk`, "the name of the desk that answers", options.desk);
  }
  if (options.timeout === undefined) throw invalid(`${name}.timeout`, "how long to wait for a person", undefined);
  if (options.onTimeout === undefined) {
    throw invalid(`${name}.onTimeout`, "the decision when nobody answers, a value or a function", undefined);
  }
  demandOptions(`${name}.breaker`, options.breaker, ["after", "openFor", "decide"]);
  const onTimeout = declared(options.onTimeout, options.decision, `${name}.onTimeout`, codecs);
  const breaker = options.breaker && deskBreaker(name, options.breaker, options.decision, codecs);
  return {
    plan: {
      desk: options.desk,
      ...(options.title === undefined ? {} : { title: options.title }),
      timeoutMs: durationMs(options.timeout, `${name}.timeout`),
      ...(onTimeout.value === undefined ? {} : { onTimeout: onTimeout.value }),
      ...(breaker ? { breaker: breaker.plan } : {}),
    },
    code: {
      kind: "approval",
      decision: options.decision,
      when: undefined,
      onTimeout: onTimeout.run,
      onBreaker: breaker?.run,
      codecs,
    },
  };
}

function deskBreaker(
  name: string,
  breaker: NonNullable<ApprovalOptions<unknown, never, Schema<object, object>>["breaker"]>,
  decision: Schema,
  codecs: readonly Codec[],
) {
  if (!Number.isInteger(breaker.after) || breaker.after < 1) {
    throw invalid(`${name}.breaker.after`, "a whole number from 1", breaker.after);
  }
  if (breaker.decide === undefined) throw invalid(`${name}.breaker.decide`, "the automatic decision", undefined);
  const decide = declared(breaker.decide, decision, `${name}.breaker.decide`, codecs);
  return {
    run: decide.run,
    plan: {
      after: breaker.after,
      openForMs: durationMs(breaker.openFor, `${name}.breaker.openFor`),
      ...(decide.value === undefined ? {} : { decide: decide.value }),
    },
  };
}

/** A declared decision: a function for later, or a value that is held to the contract now. */
function declared(written: unknown, decision: Schema, path: string, codecs: readonly Codec[]) {
  if (typeof written === "function") return { run: written as (needs: never) => unknown, value: undefined };
  const result = decision["~standard"].validate(written);
  if (result instanceof Promise) {
    result.catch(() => {}); // judged again when it is given; here nobody waits for it
    return { run: () => written, value: undefined };
  }
  if (result.issues) {
    throw new PlumblineError("option-invalid", "a declared decision that breaks the decision's own contract", {
      path,
      expected: "a value that satisfies the schema under `decision`",
      found: result.issues.map(reasonOf).join("; "),
      mend: "correct the value, or the schema",
    });
  }
  return { run: undefined, value: sealedDecision(result.value, path, codecs) };
}

/**
 * A decision as the journal keeps it: a plain object, because `via` and `by` are added to it, and nobody may forge them.
 * @throws PlumblineError `option-invalid`
 */
export function sealedDecision(value: unknown, path: string, codecs: readonly Codec[]): Sealed {
  const result = seal(value, { codecs });
  if ("refusal" in result) {
    throw invalid(path + result.refusal.path, "plain data that a journal can keep", value, {
      words: result.refusal.reason,
    });
  }
  if (!result.sealed.startsWith("{") || result.sealed.startsWith('{"$":')) {
    throw invalid(path, "a plain object without a field $", value);
  }
  const added = ["via", "by"].find((field) => Object.hasOwn(value as object, field));
  if (added !== undefined)
    throw invalid(`${path}.${added}`, "no such field: it says who decided", value, {
      words: "a field of that name in the decision",
      mend: "rename the field",
    });
  return result.sealed;
}
