/**
 * The builder of one scope: turns the `$` calls of a running `build` into nodes and their functions.
 *
 * Boundary: works on what was written without its types, which flow-builder.ts gives; what a node's options mean is read by
 * step.ts, approval.ts, scope-nodes.ts and waiting-nodes.ts. Invariants: a name is used once; a node that was begun is
 * finished before the scope is; after `finish` nothing can be added; what the scopes of a node read outside of them is
 * among that node's dependencies, so that they are entered when all of it has settled.
 */
import { type AgentOptions, placeAgent } from "./agent.ts";
import { type ApprovalOptions, approvalOf } from "./approval.ts";
import type { NodeCode } from "./code.ts";
import {
  demandAnswer,
  demandContract,
  demandDepth,
  demandName,
  demandNamed,
  lateStep,
  outerStep,
  secondStep,
  stepWithoutRung,
} from "./demands.ts";
import { type Dependency, dependenciesOf, type Expression, inputNode, refsIn, weaker } from "./expression.ts";
import { demandOptions, invalid, optionsOf } from "./known-options.ts";
import { retryOptions } from "./ladder.ts";
import type { PlanMap, PlanNode, PlanScope } from "./plan.ts";
import {
  expressionOf,
  foreignReference,
  internalsOf,
  isWithin,
  makeReference,
  type Origin,
  optional,
  type Ref,
} from "./reference.ts";
import type { AnyRung, Schema } from "./rung.ts";
import {
  type BranchOptions,
  branchCode,
  branchOptions,
  type EnsembleOptions,
  ensembleOf,
  ensembleOptions,
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

interface Placed {
  readonly when?: unknown;
  readonly after?: unknown;
  readonly needs?: unknown;
}

const placedOptions = ["when", "after", "needs"];
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
/** A node's own part of the plan, beside its name, needs and dependencies. */
type OwnPart = PlanNode extends infer Node ? (Node extends PlanNode ? Omit<Node, keyof Common> : never) : never;
type Common = Pick<PlanNode, "name" | "needs" | "after" | "dependsOn" | "dependents" | "when" | "readsOutside">;
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

  step(
    name: string,
    options: StepOptions<unknown, never, Schema> & Placed,
  ): { by(...rungs: readonly AnyRung<never, unknown>[]): Ref<unknown> } {
    const { index, path } = this.claim(name);
    demandContract(path, "output", options, [...placedOptions, ...stepOptions]);
    demandOptions(`${path}.retry`, options.retry, retryOptions);
    const common = this.common(name, path, options);
    return {
      by: (...rungs) => {
        if (this.inner) throw outerStep(path, this.innermost(), this.place);
        if (rungs.length === 0) throw stepWithoutRung(path);
        if (this.nodes[index] !== undefined) {
          throw invalid(`${path}.by`, "one call of .by for each step", rungs, {
            words: "a second call",
            mend: "give all rungs to one .by: the first choice first",
          });
        }
        const { plan, code } = stepOf(path, options, rungs, this.draft.codecs);
        return this.put(index, common, plan, code, options);
      },
    };
  }

  use(name: string, { options, rungs }: StepDefinition, placed: Placed): Ref<unknown> {
    demandOptions(this.prefix + name, placed, placedOptions);
    return this.step(name, { ...options, ...placed } as StepOptions<unknown, never, Schema>).by(...rungs);
  }

  agent(name: string, options: AgentOptions<unknown, never, Schema> & Placed): Ref<unknown> {
    return placeAgent(this, name, options, this.prefix + name);
  }

  approval(name: string, options: ApprovalOptions<unknown, never, Schema<object, object>> & Placed): Ref<unknown> {
    const { index, path } = this.claim(name);
    demandContract(path, "decision", options, approvalOptions);
    const { plan, code } = approvalOf(path, options, this.draft.codecs);
    return this.put(index, this.common(name, path, options), { kind: "approval", ...plan }, code, options);
  }

  branch(name: string, options: BranchOptions<unknown, never, Readonly<Record<string, Build>>> & Placed): Ref<unknown> {
    const { index, path } = this.claim(name);
    demandOptions(path, options, [...placedOptions, ...branchOptions]);
    const code = branchCode(path, options);
    const inner: ScopeBuilder[] = [];
    const cases: Record<string, number> = {};
    for (const [key, build] of Object.entries(options.cases)) {
      demandName(key, `${path}.cases`);
      const scope = this.inside(index, `${path}.${key}.`, build, () => []);
      inner.push(scope);
      cases[key] = scope.id;
    }
    return this.put(index, this.common(name, path, options, inner), { kind: "branch", cases }, code, options);
  }

  ensemble(
    name: string,
    options: EnsembleOptions<unknown, never, Schema, string, unknown, unknown> & Placed,
  ): Ref<unknown> {
    const { index, path } = this.claim(name);
    demandContract(path, "output", options, [...placedOptions, ...ensembleOptions]);
    const { plan, code } = ensembleOf(path, options, this.draft.codecs);
    const { members, output, checks, timeout, retry, kind, version, needs } = options;
    const common = { needs, output, checks, timeout, retry, kind, version };
    const written = Object.fromEntries(Object.entries(common).filter(([, value]) => value !== undefined));
    const scope = this.inside(
      index,
      `${path}.`,
      (($: ScopeBuilder) =>
        Object.fromEntries(
          Object.entries(members).map(([member, rungs]) => {
            const ladder = (Array.isArray(rungs) ? rungs : [rungs]) as readonly AnyRung<never, unknown>[];
            const answer = $.step(member, written as unknown as StepOptions<unknown, never, Schema>).by(...ladder);
            return [member, optional(answer, { onFailure: true })];
          }),
        )) as Build,
      () => [],
    );
    const own = { kind: "ensemble" as const, scope: scope.id, ...plan };
    return this.put(index, this.common(name, path, options, [scope]), own, code, options);
  }

  map(name: string, options: MapOptions<unknown, Build, "fail" | "drop" | "collect"> & Placed): Ref<unknown> {
    const { index, path } = this.claim(name);
    demandOptions(path, options, ["when", "after", ...mapOptions]);
    const plan = mapOf(path, options);
    if (internalsOf(options.over) === undefined && !Array.isArray(options.over)) {
      throw invalid(`${path}.over`, "a reference to an array, or an array of references", options.over);
    }
    const scope = this.inside(index, `${path}[0].`, options.each, ($) => [$.given("item"), $.given("index")]);
    const common = this.common(name, path, { ...options, needs: { over: options.over } }, [scope]);
    const parts = this.parts(index, name, path, { scope: scope.id, ...plan });
    return this.put(index, common, { kind: "map", scope: scope.id, ...plan, parts }, { kind: "map" }, options);
  }

  /** The two scopes of a map whose array is too long for one journal: a call for each part, and what a part runs. */
  private parts(
    index: number,
    name: string,
    path: string,
    plan: Pick<PlanMap, "scope" | "concurrency" | "onFailure">,
  ): NonNullable<PlanMap["parts"]> {
    const inside = (build: ($: ScopeBuilder) => unknown) => this.inside(index, `${path}.`, build, () => []).id;
    const part = inside(($) => {
      const needs = { over: $.given("items"), from: $.given("from") };
      const common = $.common(name, path, { needs });
      return $.put($.claim(name).index, common, { kind: "map", ...plan }, { kind: "map" }, {});
    });
    const spread = inside(($) => {
      const common = $.common("part", path, { needs: { input: $.given("item") } });
      const call = { kind: "call" as const, flow: this.draft.flow, part };
      return $.put($.claim("part").index, common, call, { kind: "call", flow: undefined }, {});
    });
    return { spread, part };
  }

  loop(name: string, options: LoopOptions<unknown, Schema, Build> & Placed): Ref<unknown> {
    const { index, path } = this.claim(name);
    demandContract(path, "output", options, ["when", "after", ...loopOptions]);
    const { plan, code } = loopOf(path, options);
    const given = ["previous", "turn", "turns"];
    const scope = this.inside(index, `${path}[1].`, options.body, ($) => given.map((field) => $.given(field)));
    const needs = options.start === undefined ? {} : { start: options.start };
    const common = this.common(name, path, { ...options, needs }, [scope]);
    return this.put(index, common, { kind: "loop", scope: scope.id, ...plan }, code, options);
  }

  call(name: string, options: CallOptions<unknown, unknown> & Placed): Ref<unknown> {
    const { index, path } = this.claim(name);
    demandOptions(path, options, ["when", "after", ...callOptions]);
    const called = calledFlow(path, options, this.draft.flow);
    const common = this.common(name, path, { ...options, needs: { input: options.input } });
    return this.put(index, common, { kind: "call", flow: called.name }, { kind: "call", flow: called }, options);
  }

  sleep(name: string, options: SleepOptions<unknown, never> & Placed): Ref<unknown> {
    const { index, path } = this.claim(name);
    demandOptions(path, options, [...placedOptions, ...sleepOptions]);
    const { plan, code } = sleepOf(path, options);
    return this.put(index, this.common(name, path, options), { kind: "sleep", ...plan }, code, options);
  }

  signal(name: string, options: SignalOptions<unknown, never, Schema> & Placed): Ref<unknown> {
    const { index, path } = this.claim(name);
    demandContract(path, "schema", options, [...placedOptions, ...signalOptions]);
    const { plan, code } = signalOf(path, options, this.draft.codecs);
    return this.put(index, this.common(name, path, options), { kind: "signal", ...plan }, code, options);
  }

  /** Makes the scope part of the plan. Throws for steps that were begun and never given a ladder. */
  finish(answer: unknown): void {
    this.finished = true;
    const open = this.names.find((_, index) => this.nodes[index] === undefined);
    if (open !== undefined) throw stepWithoutRung(this.prefix + open);
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

  /** Builds a scope of the node at `index`. `given` are the references that its function gets beside `$`. */
  private inside(
    index: number,
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

  private put(index: number, common: Common, plan: OwnPart, code: OwnCode, { when }: Placed): Ref<unknown> {
    this.nodes[index] = { ...common, ...plan } as PlanNode;
    this.codes[index] = { ...code, when } as NodeCode;
    const expression = { kind: "ref" as const, scope: this.id, node: index, path: [] };
    return makeReference({ expression, origin: this, label: common.name });
  }

  private claim(name: string): { readonly index: number; readonly path: string } {
    demandName(name, this.place);
    const path = this.prefix + name;
    if (this.finished) throw lateStep(path);
    if (this.inner) throw outerStep(path, this.innermost(), this.place);
    if (this.names.includes(name)) throw secondStep(path, name);
    this.names.push(name);
    return { index: this.names.length - 1, path };
  }

  private common(name: string, path: string, options: Placed, inner: readonly ScopeBuilder[] = []): Common {
    const needs = expressionOf(options.needs ?? {}, this, `${path}.needs`);
    demandNamed(path, options.needs, needs.kind === "object");
    if (options.when !== undefined && typeof options.when !== "function") {
      throw invalid(`${path}.when`, "a function of the needs that gives true or false", options.when);
    }
    const after = this.after(path, options.after);
    // A skip of what its scopes read is for those who read it there; a failure is the node's as well.
    const within = inner.flatMap((scope) => scope.read).map((one): Expression => ({ kind: "first", of: [one] }));
    this.read.push(needs, ...after, ...within);
    const own = [needs, ...after];
    const readsOutside = own.flatMap(refsIn).some((ref) => ref.scope !== this.id);
    return {
      name,
      needs,
      ...(after.length === 0 ? {} : { after }),
      dependsOn: withAll([...own, ...within].map((expression) => dependenciesOf(expression, this.id))),
      dependents: [],
      when: options.when !== undefined,
      ...(readsOutside ? { readsOutside } : {}),
    };
  }

  private after(path: string, after: unknown): Expression[] {
    const written = after === undefined ? [] : Array.isArray(after) ? after : [after];
    return written.map((reference) => {
      const inside = internalsOf(reference);
      if (!inside) throw invalid(`${path}.after`, "references to steps", reference);
      if (!isWithin(this, inside.origin)) throw foreignReference(inside, this, `${path}.after`);
      return inside.expression;
    });
  }
}

const nothing: Expression = { kind: "constant", value: "null" };

/** All dependencies, each once, with the weakest absorption. */
function withAll(lists: readonly (readonly Dependency[])[]): Dependency[] {
  const all: Dependency[] = [];
  for (const dependency of lists.flat()) {
    const known = all.findIndex((one) => one.node === dependency.node);
    if (known === -1) all.push(dependency);
    else all[known] = weaker(all[known] as Dependency, dependency);
  }
  return all;
}
