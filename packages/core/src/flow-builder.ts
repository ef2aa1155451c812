/**
 * `$`: what `build` and the functions of nested scopes are given, with its types.
 *
 * Boundary: types only; scope-builder.ts carries the calls out. Invariant: each call infers from its own arguments alone, so
 * that long flows type-check as fast as short ones.
 */
import type { AgentOptions } from "./agent.ts";
import type { AgentRung } from "./agent-reply.ts";
import type { ApprovalOptions, Declarable, Verdict } from "./approval.ts";
import type { Flow } from "./code.ts";
import type { EnsembleAnswer, EnsembleOptions, Member } from "./ensemble.ts";
import type { AnswerOf, Certainty, CertaintyOf, Ref, Reference, ValueOf, WrittenFor } from "./reference.ts";
import type { AnyRung, InputOf, OutputOf, Schema } from "./rung.ts";
import type { BranchOptions, Collected, LoopOptions, MapOptions } from "./scope-nodes.ts";
import type { StepOptions } from "./step.ts";
import type { StepDefinition } from "./step-definition.ts";
import type { CombineByName } from "./votes.ts";
import type { CallOptions, SignalOptions, SleepOptions } from "./waiting-nodes.ts";

/** The condition and order that any node may have. `when` makes what reads the node possibly undefined. */
export interface Placing<Needs, When extends boolean, After extends Steps> {
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

/** An agent whose tools and bounds are known and whose model is not: call `.by` with what says its turns. */
export interface AgentWithoutModel<Needs, Result> {
  /** A ladder, first choice first: `agentModel(model, { prompt })` of `@plumbline/ai`, functions, `template`. */
  by(...models: readonly [AgentRung<Needs>, ...(readonly AgentRung<Needs>[])]): Result;
}

/** An ensemble whose question is known and whose members are not: call `.by` with those that answer. */
export interface EnsembleWithoutMembers<Needs, S extends Schema, Combined, Below, C extends Certainty> {
  /**
   * The members by name, each a rung or a ladder. `combine` makes one answer of the good ones by member, where that must be
   * known: `({ rules, model }) => rules ?? model`, `weighted({ model: 3 }, ...)`.
   */
  by<Names extends string, Named = Combined>(
    members: { readonly [Name in Names]: Member<Needs, InputOf<S>> },
    combine?: CombineByName<Names, OutputOf<S>, Named>,
  ): Ref<EnsembleAnswer<Names, OutputOf<S>, Named | Below>, C>;
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

  /** A step that was defined on its own, with `step({ ... }).by(...)`. */
  use<
    Given extends Schema,
    S extends Schema,
    const Written,
    When extends boolean = never,
    const After extends Steps = never,
  >(
    name: string,
    definition: StepDefinition<Given, S>,
    options: { readonly needs: Written & WrittenFor<NoInfer<OutputOf<Given>>, Written> } & Placing<
      NoInfer<OutputOf<Given>>,
      When,
      After
    >,
  ): Ref<OutputOf<S>, CertaintyWith<Written, When, After>>;

  /**
   * A model that uses tools, turn by turn, until it answers: each of its turns and each call of a tool is a step. Finish it
   * with `.by(...)`.
   */
  agent<
    S extends Schema,
    const Written = Record<never, never>,
    const After extends Steps = never,
    const Last extends Declarable<S> = Declarable<S>,
  >(
    name: string,
    options: AgentOptions<Written, S, Last> & { readonly after?: After },
  ): AgentWithoutModel<ValueOf<Written>, Ref<OutputOf<S>, CertaintyWith<Written, never, After>>>;

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

  /** One of several ways, chosen when the needs are there. Its type is the union of what the cases give. */
  branch<
    const Cases extends Readonly<Record<string, ($: FlowBuilder) => unknown>>,
    const Written = Record<never, never>,
    When extends boolean = never,
    const After extends Steps = never,
  >(
    name: string,
    options: BranchOptions<Written, ValueOf<Written>, Cases> & Placing<ValueOf<Written>, When, After>,
  ): Ref<AnswerOf<ReturnType<Cases[keyof Cases]>>, CertaintyWith<Written, When, After>>;

  /** Several members answer side by side; one that fails or hangs does not sink the others. Finish it with `.by(...)`. */
  ensemble<
    S extends Schema,
    Combined = OutputOf<S>[],
    const Written = Record<never, never>,
    const Below = never,
    When extends boolean = never,
    const After extends Steps = never,
  >(
    name: string,
    options: EnsembleOptions<Written, ValueOf<Written>, S, Combined, Below> & Placing<ValueOf<Written>, When, After>,
  ): EnsembleWithoutMembers<ValueOf<Written>, S, Combined, Below, CertaintyWith<Written, When, After>>;

  /** The same for each item of an array; the answers are in the order of the items. */
  map<
    const Over,
    const Answer,
    const OnFailure extends "fail" | "drop" | "collect" = "fail",
    const After extends Steps = never,
  >(
    name: string,
    options: MapOptions<
      Over,
      ($: FlowBuilder, item: Ref<ItemOf<ValueOf<Over>>>, index: Ref<number>) => Answer,
      OnFailure
    > & { readonly over: OfArray<Over>; readonly after?: After },
  ): Ref<
    (OnFailure extends "collect" ? Collected<AnswerOf<Answer>> : AnswerOf<Answer>)[],
    CertaintyWith<Over, never, After>
  >;

  /** The same again until it is enough, or the limit is reached. */
  loop<
    S extends Schema,
    const Answer,
    const Start = undefined,
    const After extends Steps = never,
    const Last extends Declarable<S> = Declarable<S>,
  >(
    name: string,
    options: LoopOptions<
      Start,
      S,
      (
        $: FlowBuilder,
        previous: Ref<undefined extends Start ? OutputOf<S> | undefined : OutputOf<S>>,
        turn: Ref<number>,
        turns: Ref<OutputOf<S>[]>,
      ) => Answer & WrittenFor<InputOf<S>, Answer>,
      Last
    > & { readonly after?: After },
  ): Ref<OutputOf<S>, CertaintyWith<Start, never, After>>;

  /** Another flow as a run of its own: undone when this run fails. */
  call<Input, Output, const Given, const After extends Steps = never>(
    name: string,
    options: CallOptions<Flow<Input, Output>, Given & WrittenFor<NoInfer<Input>, Given>> & { readonly after?: After },
  ): Ref<Output, CertaintyWith<Given, never, After>>;

  /** Waits for the clock. Its value is null; put it under `after` of what comes next. */
  sleep<const Written = Record<never, never>, When extends boolean = never, const After extends Steps = never>(
    name: string,
    options: SleepOptions<Written, ValueOf<Written>> & Placing<ValueOf<Written>, When, After>,
  ): Ref<null, CertaintyWith<Written, When, After>>;

  /** Waits for something that the outside says to this run. */
  signal<
    S extends Schema,
    const Written = Record<never, never>,
    When extends boolean = never,
    const After extends Steps = never,
    const Late extends Declarable<S> = Declarable<S>,
  >(
    name: string,
    options: SignalOptions<Written, ValueOf<Written>, S, Late> & Placing<ValueOf<Written>, When, After>,
  ): Ref<OutputOf<S>, CertaintyWith<Written, When, After>>;
}

/** Refuses what is no array, or may be none. */
type OfArray<Over> = [ValueOf<Over>] extends [readonly unknown[]] ? unknown : "a map goes over an array";

/** What an array holds; of anything else nothing that a map could go over. */
type ItemOf<T> = T extends readonly (infer Item)[] ? Item : never;
