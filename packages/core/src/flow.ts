/**
 * `flow`: defines a flow by running its `build` once against a builder, and keeps the plan beside the code.
 *
 * Boundary: what users type, with its types. The `$` calls are carried out by scope-builder.ts; the finished plan is judged
 * by validate.ts. Invariants: a flow that was made is valid; `build` runs exactly once and is never run again for a run;
 * each `$.` call infers from its own arguments alone, so that long flows type-check as fast as short ones.
 */
import type { ApprovalOptions, Declarable, Frozen, Verdict } from "./approval.ts";
import { type Duration, durationMs } from "./duration.ts";
import { PlumblineError } from "./errors.ts";
import { inputNode } from "./expression.ts";
import { demandOptions, invalid, optionsOf } from "./known-options.ts";
import { fingerprintOf, type Plan, type PlanScope } from "./plan.ts";
import {
  type AnswerOf,
  type CertaintyOf,
  makeReference,
  type Ref,
  type Reference,
  type ValueOf,
  type WrittenFor,
} from "./reference.ts";
import { demandContract, demandName, isSchema, missingContract, type NodeCode, ScopeBuilder } from "./scope-builder.ts";
import type { AnyRung, Check, InputOf, OutputOf, Schema, StepOptions } from "./step.ts";
import { refuseFlaws } from "./validate.ts";
import type { Codec } from "./values.ts";

/** The condition and order that any node may have. `when` makes what reads the node possibly undefined. */
interface Placing<Needs, When extends boolean, After extends Steps> {
  /** Asked once, when the needs are there; false skips the step and all that reads it without `optional`. */
  readonly when?: (needs: Needs) => When;
  /** Steps that must have completed first, though nothing of theirs is read. */
  readonly after?: After;
}

type Steps = Reference | readonly Reference[];

/**
 * `When` is inferred from the condition's result, so it stays `never` where there is no condition. A skip is passed on to
 * what comes `after` too.
 */
type CertaintyWith<Written, When, After> = [When] extends [never] ? CertaintyOf<Written | After> : "maybe";

/** A step whose contract is known and whose ladder is not: call `.by` with what produces its value. */
export interface StepWithoutLadder<Needs, S extends Schema, Result> {
  /** The ladder, first choice first: functions, `{ run, timeout, retry }`, `lastGood`, `template`. */
  by(...rungs: readonly [AnyRung<Needs, InputOf<S>>, ...(readonly AnyRung<Needs, InputOf<S>>[])]): Result;
}

/** What `build` is given. */
export interface FlowBuilder {
  /** A step with a contract. Finish it with `.by(...)`. */
  step<
    S extends Schema,
    const Written = Record<never, never>,
    When extends boolean = never,
    const After extends Steps = never,
  >(
    name: string,
    options: StepOptions<Written, ValueOf<Written>, S> & Placing<ValueOf<Written>, When, After>,
  ): StepWithoutLadder<ValueOf<Written>, S, Ref<OutputOf<S>, CertaintyWith<Written, When, After>>>;

  /** A person decides, within a time, with a declared answer for when nobody does. */
  approval<
    S extends Schema<object, object>,
    const Written = Record<never, never>,
    When extends boolean = never,
    const After extends Steps = never,
    const Late extends Declarable<S> = Declarable<S>,
    const Auto extends Declarable<S> = Declarable<S>,
  >(
    name: string,
    options: ApprovalOptions<Written, ValueOf<Written>, S, Late, Auto> & Placing<ValueOf<Written>, When, After>,
  ): Ref<Verdict<OutputOf<S>>, CertaintyWith<Written, When, After>>;
}

/** `Late` is what the deadline's answer is written as; it has its own name so that literals need no `as const`. */
export interface FlowOptions<
  S extends Schema,
  Answer,
  Out extends Schema | undefined,
  Late extends LateFor<Out> = LateFor<Out>,
> {
  /** The contract of what comes in; broken input is refused before a run exists. */
  readonly input: S;
  /** The contract of the answer. What breaks it is a failed run, with its effects undone. */
  readonly output?: Out;
  readonly checks?: Readonly<Record<string, Check<Out extends Schema ? OutputOf<Out> : AnswerOf<Answer>, OutputOf<S>>>>;
  /** For the whole run; with an `answer`, missing it degrades the run instead of failing it. */
  readonly deadline?:
    | Duration
    | {
        readonly after: Duration;
        readonly answer: (
          input: OutputOf<S>,
        ) => Late & NoInfer<Out extends Schema ? unknown : Frozen<AnswerOf<Answer>>>;
      };
  /** Classes that values of this flow may hold. */
  readonly codecs?: readonly Codec[];
  /** Ready-made inputs, for `plumbline run --sample`, Studio and drills. */
  readonly samples?: Readonly<Record<string, InputOf<S>>>;
  readonly build: ($: FlowBuilder, input: Ref<OutputOf<S>>) => Answer & Answering<Answer, Out>;
}

/**
 * What build's answer must be beside itself: nothing that takes time, and what the flow's output accepts. Where checks
 * are written before build, the compiler has settled on `unknown` before it sees the answer; the run then judges alone.
 */
type Answering<Answer, Out> = unknown extends Answer
  ? unknown
  : Answer extends PromiseLike<unknown>
    ? { readonly "build must not be async: what takes time belongs into steps": never }
    : Out extends Schema
      ? WrittenFor<InputOf<Out>, Answer>
      : unknown;

type LateFor<Out> = Out extends Schema ? Declarable<Out> : unknown;

const flowOptions = optionsOf<FlowOptions<Schema, unknown, undefined>>({
  input: true,
  output: true,
  checks: true,
  deadline: true,
  codecs: true,
  samples: true,
  build: true,
});

/** The functions of a flow, found by scope and node as in its plan. */
export interface FlowCode {
  readonly input: Schema;
  readonly output: Schema | undefined;
  readonly checks: readonly (readonly [name: string, check: Check<never, never>])[];
  readonly deadlineAnswer: ((input: never) => unknown) | undefined;
  readonly codecs: readonly Codec[];
  readonly scopes: readonly (readonly NodeCode[])[];
}

/** A flow: its name, its plan as data, its code. `Input` is what callers pass, `Output` what a run answers. */
export interface Flow<in Input = never, out Output = unknown> {
  readonly name: string;
  readonly plan: Plan;
  readonly code: FlowCode;
  readonly samples: Readonly<Record<string, unknown>>;
  /** Types only; never there at run time. */
  readonly takes?: (input: Input) => void;
  readonly gives?: Output;
}

/**
 * Defines a flow.
 * @throws PlumblineError `flow-invalid` and the codes of its flaws, each naming the step and the mend
 * @example
 * ```ts
 * const greet = flow("greet", {
 *   input: z.object({ name: z.string() }),
 *   build($, input) {
 *     const text = $.step("write", { needs: { name: input.name }, output: z.string() }).by(({ name }) => `Hello ${name}`);
 *     return { text };
 *   },
 * });
 * ```
 */
export function flow<
  S extends Schema,
  const Answer,
  Out extends Schema | undefined = undefined,
  const Late extends LateFor<Out> = LateFor<Out>,
>(
  name: string,
  options: FlowOptions<S, Answer, Out, Late>,
): Flow<InputOf<S>, Out extends Schema ? OutputOf<Out> : AnswerOf<Answer>> {
  demandName(name, "flow");
  demandContract(name, "input", options, flowOptions);
  if (options.output !== undefined && !isSchema(options.output)) throw missingContract(name, "output", options.output);
  if (typeof options.build !== "function") {
    throw invalid(`${name}.build`, "a function that makes the steps: build($, input) { ... }", options.build);
  }
  if (typeof options.deadline === "object") demandOptions(`${name}.deadline`, options.deadline, ["after", "answer"]);
  const builder = new ScopeBuilder(name, options.codecs ?? []);
  const input = makeReference({
    expression: { kind: "ref", scope: 0, node: inputNode, path: [] },
    origin: builder,
    label: "input",
  });
  const answer = options.build(builder as unknown as FlowBuilder, input as Ref<OutputOf<S>>);
  refusePromise(name, answer);
  const scope = builder.finish(answer);
  if (answer === undefined) throw noAnswer(name);
  const plan = planOf(name, options, scope);
  const schemas = new Map(
    builder.codes.map((code, node) => [node, code.kind === "step" ? code.output : code.decision]),
  );
  refuseFlaws(plan, { input: options.input, outputs: schemas });
  const { deadline } = options;
  if (typeof deadline === "object" && typeof deadline.answer !== "function") {
    throw invalid(`${name}.deadline.answer`, "a function of the input", deadline.answer);
  }
  const code: FlowCode = {
    input: options.input,
    output: options.output,
    checks: Object.entries(options.checks ?? {}) as FlowCode["checks"],
    deadlineAnswer: typeof deadline === "object" ? (deadline.answer as FlowCode["deadlineAnswer"]) : undefined,
    codecs: options.codecs ?? [],
    scopes: [builder.codes],
  };
  return { name, plan, code, samples: options.samples ?? {} };
}

function noAnswer(name: string): PlumblineError {
  return new PlumblineError("flow-invalid", "build returns nothing", {
    path: `${name}.build`,
    expected: "the answer of the flow: a step, an object of steps, a constant",
    found: "undefined",
    mend: "end build with return; where there is nothing to tell, return null",
  });
}

/** Before anything else is judged: what an async build has left undone is not the mistake. */
function refusePromise(name: string, answer: unknown): void {
  if (!(answer instanceof Promise)) return;
  answer.catch(() => {}); // it may fail later, when nobody looks
  throw new PlumblineError("flow-invalid", "build is async", {
    path: `${name}.build`,
    expected: "a function that makes all steps at once and returns the answer",
    found: "a promise",
    mend: "take async and await out of build: what takes time belongs into steps (.by)",
  });
}

function planOf(
  name: string,
  options: { readonly deadline?: Duration | { readonly after: Duration }; readonly checks?: object },
  scope: PlanScope,
): Plan {
  const { deadline } = options;
  const after = typeof deadline === "object" ? deadline.after : deadline;
  const plan: Omit<Plan, "fingerprint"> = {
    format: 1,
    flow: name,
    checks: Object.keys(options.checks ?? {}),
    scopes: [scope],
    ...(after === undefined
      ? {}
      : { deadline: { afterMs: durationMs(after, `${name}.deadline`), answers: typeof deadline === "object" } }),
  };
  return { ...plan, fingerprint: fingerprintOf(plan) };
}
