/**
 * The builder of one scope: turns the `$` calls of a running `build` into nodes and their functions.
 *
 * Boundary: works on what was written without its types, which flow-builder.ts gives; what a node's options mean is read by
 * step.ts, agent.ts, ensemble.ts, approval.ts, scope-nodes.ts and waiting-nodes.ts, what it reads by placing.ts. Invariants: a
 * name is used once; a node that was begun is finished before the scope is; after `finish` nothing can be added.
 */
import { type AgentOptions, agentOf } from "./agent.ts";
import { type ApprovalOptions, approvalOf } from "./approval.ts";
import type { NodeCode } from "./code.ts";
import {
  demandAnswer,
  demandApart,
  demandContract,
  demandDepth,
  demandName,
  lateStep,
  outerStep,
  secondBy,
  secondStep,
  type Unfinished,
  withoutBy,
} from "./demands.ts";
import { type EnsembleOptions, ensembleOf, ensembleOptions, type Ladders } from "./ensemble.ts";
import { dependenciesOf, type Expression, inputNode } from "./expression.ts";
import { demandOptions, invalid, optionsOf } from "./known-options.ts";
import { retryOptions } from "./ladder.ts";
import { type Claim, type Common, commonOf, type Placed, placedOptions } from "./placing.ts";
import type { PlanMap, PlanNode, PlanScope } from "./plan.ts";
import { begunKey, expressionOf, internalsOf, makeReference, type Origin, optional, type Ref } from "./reference.ts";
import type { AnyRung, Schema } from "./rung.ts";
import {
  type BranchOptions,
  branchCode,
  branchOptions,
  type LoopOptions,
  loopOf,
  loopOptions,
  type MapOptions,
  mapOf,
  mapOptions,
} from "./scope-nodes.ts";
import { type StepOptions, stepOf, stepOptions } from "./step.ts";
import type { StepDefinition } from "./step-definition.ts";
import type { Codec } from "./values.ts";
import {
  type CallOptions,
  calledFlow,
  callOptions,
  type SignalOptions,
  type SleepOptions,
  signalOf,
  signalOptions,
  sleepOf,
  sleepOptions,
} from "./waiting-nodes.ts";

const approvalOptions = [
  ...placedOptions,
  ...optionsOf<Omit<ApprovalOptions<unknown, never, Schema<object, object>>, "needs">>({
    decision: true,
    desk: true,
    timeout: true,
    onTimeout: true,
    breaker: true,
    title: true,
  }),
];

/** What the scopes of one flow are built into. */
export interface FlowDraft {
  readonly flow: string;
  readonly codecs: readonly Codec[];
  readonly scopes: PlanScope[];
  readonly codes: NodeCode[][];
}

type Build = (...given: never[]) => unknown;
/** A node whose second call says what produces its value. */
interface Begun<Given extends readonly unknown[]> {
  by(...given: Given): Ref<unknown>;
  readonly [begunKey]: string;
}
/** A node's own part of the plan, beside its name, needs and dependencies. */
type OwnPart = PlanNode extends infer Node ? (Node extends PlanNode ? Omit<Node, keyof Common> : never) : never;
type OwnCode = NodeCode extends infer Code ? (Code extends NodeCode ? Omit<Code, "when"> : never) : never;

/** Collects the nodes of one scope while `build` runs. It is also the origin that its references carry. */
export class ScopeBuilder implements Origin {
  readonly around: ScopeBuilder | undefined;
  readonly place: string;
  private readonly draft: FlowDraft;
  private readonly id: number;
  private readonly owner: PlanScope["owner"];
  /** How paths in messages begin. */
  private readonly prefix: string;
  private readonly nodes: (PlanNode | undefined)[] = [];
  private readonly codes: NodeCode[] = [];
  private readonly names: string[] = [];
  /** What is begun and finished by a second call, by index. */
  private readonly begun = new Map<number, Unfinished>();
  /** Everything that is read in this scope and in those inside. */
  private readonly read: Expression[] = [];
  private finished = false;
  /** The scope inside that is being built: until it is, nothing is added here. */
  private inner: ScopeBuilder | undefined;

  constructor(draft: FlowDraft, around?: ScopeBuilder, owner?: { readonly node: number; readonly prefix: string }) {
    this.draft = draft;
    this.around = around;
    this.id = draft.scopes.length;
    this.owner = around && owner && { scope: around.id, node: owner.node };
    this.prefix = owner?.prefix ?? "";
    this.place = owner ? this.prefix.slice(0, -1) : draft.flow;
    draft.scopes.push({ id: this.id, nodes: [], answer: nothing, answerDependsOn: [] });
    draft.codes.push(this.codes);
  }

  step(name: string, options: StepOptions<unknown, never, Schema> & Placed): Begun<readonly AnyRung<never, unknown>[]> {
    const claim = this.claim(name);
    demandContract(claim.path, "output", options, [...placedOptions, ...stepOptions]);
    demandOptions(`${claim.path}.retry`, options.retry, retryOptions);
    const common = this.common(claim, options);
    return this.begin(claim, "step", (...rungs) => {
      const { plan, code } = stepOf(claim.path, options, rungs, this.draft.codecs);
      return this.put(claim, common, plan, code, options);
    });
  }

  use(name: string, { options, rungs }: StepDefinition, placed: Placed): Ref<unknown> {
    demandOptions(this.prefix + name, placed, placedOptions);
    return this.step(name, { ...options, ...placed } as StepOptions<unknown, never, Schema>).by(...rungs);
  }

  agent(name: string, options: AgentOptions<unknown, Schema> & Placed): Begun<readonly AnyRung<never, unknown>[]> {
    const claim = this.claim(name);
    const agent = agentOf(claim.path, options);
    return this.begin(claim, "agent", (...models) => agent.answerOf(this.placeLoop(claim, agent.loopBy(models))));
  }

  approval(name: string, options: ApprovalOptions<unknown, never, Schema<object, object>> & Placed): Ref<unknown> {
    const claim = this.claim(name);
    demandContract(claim.path, "decision", options, approvalOptions);
    const { plan, code } = approvalOf(claim.path, options, this.draft.codecs);
    return this.put(claim, this.common(claim, options), { kind: "approval", ...plan }, code, options);
  }

  branch(name: string, options: BranchOptions<unknown, never, Readonly<Record<string, Build>>> & Placed): Ref<unknown> {
    const claim = this.claim(name);
    const { path } = claim;
    demandOptions(path, options, [...placedOptions, ...branchOptions]);
    const code = branchCode(path, options);
    const inner: ScopeBuilder[] = [];
    const cases: Record<string, number> = {};
    for (const [key, build] of Object.entries(options.cases)) {
      demandName(key, `${path}.cases`);
      const scope = this.inside(claim, `${path}.${key}.`, build, () => []);
      inner.push(scope);
      cases[key] = scope.id;
    }
    return this.put(claim, this.common(claim, options, inner), { kind: "branch", cases }, code, options);
  }

  ensemble(
    name: string,
    options: EnsembleOptions<unknown, never, Schema, unknown, unknown> & Placed,
  ): Begun<[members: unknown, combine?: unknown]> {
    const claim = this.claim(name);
    demandApart(claim.path, options, "members", ".by({ name: function, ... })");
    demandContract(claim.path, "output", options, [...placedOptions, ...ensembleOptions]);
    const ensemble = ensembleOf(claim.path, options, this.draft.codecs);
    return this.begin(claim, "ensemble", (members, combine) => {
      const { plan, code, ladders } = ensemble.by(members, combine);
      const scope = this.inside(claim, `${claim.path}.`, asking(ensemble.question, ladders), () => []);
      const own = { kind: "ensemble" as const, scope: scope.id, ...plan };
      return this.put(claim, this.common(claim, options, [scope]), own, code, options);
    });
  }

  map(name: string, options: MapOptions<unknown, Build, "fail" | "drop" | "collect"> & Placed): Ref<unknown> {
    const claim = this.claim(name);
    const { path } = claim;
    demandOptions(path, options, ["when", "after", ...mapOptions]);
    const plan = mapOf(path, options);
    if (internalsOf(options.over) === undefined && !Array.isArray(options.over)) {
      throw invalid(`${path}.over`, "a reference to an array, or an array of references", options.over);
    }
    const scope = this.inside(claim, `${path}[0].`, options.each, ($) => [$.given("item"), $.given("index")]);
    const common = this.common(claim, { ...options, needs: { over: options.over } }, [scope]);
    const parts = this.parts(claim, { scope: scope.id, ...plan });
    return this.put(claim, common, { kind: "map", scope: scope.id, ...plan, parts }, { kind: "map" }, options);
  }

  /** The two scopes of a map whose array is too long for one journal: a call for each part, and what a part runs. */
  private parts(
    claim: Claim,
    plan: Pick<PlanMap, "scope" | "concurrency" | "onFailure">,
  ): NonNullable<PlanMap["parts"]> {
    const inside = (name: string, build: ($: ScopeBuilder, inner: Claim) => unknown) =>
      // In messages both stand for the map itself.
      this.inside(
        claim,
        `${claim.path}.`,
        ($: ScopeBuilder) => build($, { ...$.claim(name), path: claim.path }),
        () => [],
      ).id;
    const part = inside(claim.name, ($, inner) => {
      const needs = { over: $.given("items"), from: $.given("from") };
      return $.put(inner, $.common(inner, { needs }), { kind: "map", ...plan }, { kind: "map" }, {});
    });
    const spread = inside("part", ($, inner) => {
      const call = { kind: "call" as const, flow: this.draft.flow, part };
      const common = $.common(inner, { needs: { input: $.given("item") } });
      return $.put(inner, common, call, { kind: "call", flow: undefined }, {});
    });
    return { spread, part };
  }

  loop(name: string, options: LoopOptions<unknown, Schema, Build> & Placed): Ref<unknown> {
    const claim = this.claim(name);
    demandContract(claim.path, "output", options, ["when", "after", ...loopOptions]);
    return this.placeLoop(claim, options);
  }

  private placeLoop(claim: Claim, options: LoopOptions<unknown, Schema, Build> & Placed): Ref<unknown> {
    const { plan, code } = loopOf(claim.path, options);
    const given = ["previous", "turn", "turns"];
    const scope = this.inside(claim, `${claim.path}[1].`, options.body, ($) => given.map((field) => $.given(field)));
    const needs = options.start === undefined ? {} : { start: options.start };
    const common = this.common(claim, { ...options, needs }, [scope]);
    return this.put(claim, common, { kind: "loop", scope: scope.id, ...plan }, code, options);
  }

  call(name: string, options: CallOptions<unknown, unknown> & Placed): Ref<unknown> {
    const claim = this.claim(name);
    demandOptions(claim.path, options, ["when", "after", ...callOptions]);
    const called = calledFlow(claim.path, options, this.draft.flow);
    const common = this.common(claim, { ...options, needs: { input: options.input } });
    return this.put(claim, common, { kind: "call", flow: called.name }, { kind: "call", flow: called }, options);
  }

  sleep(name: string, options: SleepOptions<unknown, never> & Placed): Ref<unknown> {
    const claim = this.claim(name);
    demandOptions(claim.path, options, [...placedOptions, ...sleepOptions]);
    const { plan, code } = sleepOf(claim.path, options);
    return this.put(claim, this.common(claim, options), { kind: "sleep", ...plan }, code, options);
  }

  signal(name: string, options: SignalOptions<unknown, never, Schema> & Placed): Ref<unknown> {
    const claim = this.claim(name);
    demandContract(claim.path, "schema", options, [...placedOptions, ...signalOptions]);
    const { plan, code } = signalOf(claim.path, options, this.draft.codecs);
    return this.put(claim, this.common(claim, options), { kind: "signal", ...plan }, code, options);
  }

  /** Makes the scope part of the plan. Throws for steps that were begun and never given a ladder. */
  finish(answer: unknown): void {
    this.finished = true;
    const open = this.names.findIndex((_, index) => this.nodes[index] === undefined);
    if (open !== -1) throw withoutBy(this.claimed(open), this.begun.get(open));
    const expression = expressionOf(answer, this, `${this.place} answer`);
    this.read.push(expression);
    const nodes = this.nodes as PlanNode[];
    const dependents = nodes.map((): number[] => []);
    for (const [index, node] of nodes.entries()) {
      for (const dependency of node.dependsOn) dependents[dependency.node]?.push(index);
    }
    this.draft.scopes[this.id] = {
      id: this.id,
      ...(this.owner ? { owner: this.owner } : {}),
      nodes: nodes.map((node, index) => ({ ...node, dependents: dependents[index] as number[] })),
      answer: expression,
      answerDependsOn: dependenciesOf(expression, this.id),
    };
  }

  /** Builds a scope of a node. `given` are the references that its function gets beside `$`. */
  private inside(
    { index }: Claim,
    prefix: string,
    build: unknown,
    given: (inner: ScopeBuilder) => readonly unknown[],
  ): ScopeBuilder {
    const inner = new ScopeBuilder(this.draft, this, { node: index, prefix });
    if (typeof build !== "function") {
      const mend = "write a function: ($) => reference, or () => constant";
      throw invalid(inner.place, "a function ($) => ...", build, { mend });
    }
    demandDepth(inner.place, inner.depth());
    this.inner = inner;
    try {
      const answer: unknown = (build as (...args: unknown[]) => unknown)(inner, ...given(inner));
      demandAnswer(inner.place, answer, "the function of a scope");
      inner.finish(answer);
    } finally {
      this.inner = undefined;
    }
    return inner;
  }

  private depth(): number {
    return this.around === undefined ? 0 : this.around.depth() + 1;
  }

  private innermost(): string {
    return this.inner === undefined ? this.place : this.inner.innermost();
  }

  /** A field of what the scope is given. */
  private given(field: string): Ref<unknown> {
    const expression = { kind: "ref" as const, scope: this.id, node: inputNode, path: [field] };
    return makeReference({ expression, origin: this, label: field });
  }

  private put({ index }: Claim, common: Common, plan: OwnPart, code: OwnCode, { when }: Placed): Ref<unknown> {
    this.nodes[index] = { ...common, ...plan } as PlanNode;
    this.codes[index] = { ...code, when } as NodeCode;
    const expression = { kind: "ref" as const, scope: this.id, node: index, path: [] };
    return makeReference({ expression, origin: this, label: common.name });
  }

  private claim(name: string): Claim {
    demandName(name, this.place);
    const path = this.prefix + name;
    if (this.finished) throw lateStep(path);
    if (this.inner) throw outerStep(path, this.innermost(), this.place);
    if (this.names.includes(name)) throw secondStep(path, name);
    this.names.push(name);
    return this.claimed(this.names.length - 1);
  }

  private claimed(index: number): Claim {
    const name = this.names[index] as string;
    return { index, name, path: this.prefix + name };
  }

  /** The node is there when its second call has said what produces its value. */
  private begin<Given extends readonly unknown[]>(
    claim: Claim,
    kind: Unfinished,
    place: (...given: Given) => Ref<unknown>,
  ): Begun<Given> {
    this.begun.set(claim.index, kind);
    return {
      [begunKey]: `the ${kind} ${claim.path}`,
      by: (...given) => {
        if (this.inner) throw outerStep(claim.path, this.innermost(), this.place);
        if (given.length === 0) throw withoutBy(claim, kind);
        if (this.nodes[claim.index] !== undefined) throw secondBy(claim, kind, given);
        return place(...given);
      },
    };
  }

  private common(claim: Claim, options: Placed, inner: readonly ScopeBuilder[] = []): Common {
    const inside = inner.flatMap((scope) => scope.read);
    const { common, reads } = commonOf({ origin: this, scope: this.id }, claim, options, inside);
    this.read.push(...reads);
    return common;
  }
}

/** Every member is asked the same question; a member that fails is a missing voice. */
function asking(question: StepOptions<unknown, never, Schema>, ladders: Ladders): ($: ScopeBuilder) => unknown {
  return ($) =>
    Object.fromEntries(
      ladders.map(([member, rungs]) => [member, optional($.step(member, question).by(...rungs), { onFailure: true })]),
    );
}

const nothing: Expression = { kind: "constant", value: "null" };
