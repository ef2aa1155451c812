/**
 * `flow`: defines a flow by running its `build` once against a builder, and keeps the plan beside the code.
 *
 * Boundary: what users type, with its types. The `$` calls are carried out by scope-builder.ts; the finished plan is judged
 * by validate.ts. Invariants: a flow that was made is valid; `build` runs exactly once and is never run again for a run;
 * each `$.` call infers from its own arguments alone, so that long flows type-check as fast as short ones.
 */
import type { Declarable, Frozen } from "./approval.ts";
import type { Flow, FlowCode } from "./code.ts";
import { demandAnswer, demandContract, demandName, isSchema, missingContract } from "./demands.ts";
import { type Duration, durationMs } from "./duration.ts";
import { PlumblineError } from "./errors.ts";
import { inputNode } from "./expression.ts";
import type { FlowBuilder } from "./flow-builder.ts";
import { demandOptions, optionsOf } from "./known-options.ts";
import { invalid } from "./option-error.ts";
import { fingerprintOf, type Plan, type PlanScope } from "./plan.ts";
import { type AnswerOf, makeReference, type Ref, type WrittenFor } from "./reference.ts";
import type { InputOf, OutputOf, Schema } from "./rung.ts";
import { type FlowDraft, ScopeBuilder } from "./scope-builder.ts";
import type { Check } from "./step.ts";
import { refuseFlaws } from "./validate.ts";
import type { Codec } from "./values.ts";

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
  const draft: FlowDraft = { flow: name, codecs: options.codecs ?? [], scopes: [], codes: [] };
  const builder = new ScopeBuilder(draft);
  const input = makeReference({
    expression: { kind: "ref", scope: 0, node: inputNode, path: [] },
    origin: builder,
    label: "input",
  });
  const answer = options.build(builder as unknown as FlowBuilder, input as Ref<OutputOf<S>>);
  demandAnswer(`${name}.build`, answer);
  builder.finish(answer);
  if (answer === undefined) throw noAnswer(name);
  const plan = planOf(name, options, draft.scopes);
  refuseFlaws(plan, { input: options.input, codes: draft.codes });
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
    scopes: draft.codes,
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

function planOf(
  name: string,
  options: { readonly deadline?: Duration | { readonly after: Duration }; readonly checks?: object },
  scopes: readonly PlanScope[],
): Plan {
  const { deadline } = options;
  const after = typeof deadline === "object" ? deadline.after : deadline;
  const plan: Omit<Plan, "fingerprint"> = {
    format: 1,
    flow: name,
    checks: Object.keys(options.checks ?? {}),
    scopes,
    ...(after === undefined
      ? {}
      : { deadline: { afterMs: durationMs(after, `${name}.deadline`), answers: typeof deadline === "object" } }),
  };
  return { ...plan, fingerprint: fingerprintOf(plan) };
}
