/**
 * The builder of one scope: turns the `$` calls of a running `build` into nodes and their functions.
 *
 * Boundary: works on what was written without its types, which flow.ts gives; options of a step are read in step.ts and
 * approval.ts. Invariants: a name is used once; a node that was begun is finished before the scope is; after `finish` nothing
 * can be added.
 */
import { type ApprovalCode, type ApprovalOptions, approvalOf } from "./approval.ts";
import { describe, PlumblineError } from "./errors.ts";
import { type Dependency, dependenciesOf, type Expression, weaker } from "./expression.ts";
import { demandOptions, invalid, optionsOf } from "./known-options.ts";
import type { PlanNode, PlanScope } from "./plan.ts";
import { expressionOf, foreignReference, internalsOf, makeReference, type Ref } from "./reference.ts";
import {
  type AnyRung,
  compensationOf,
  ladderOf,
  retryOptions,
  type Schema,
  type StepCode,
  type StepOptions,
} from "./step.ts";
import type { Codec } from "./values.ts";

/** The functions of one node. */
export type NodeCode = StepCode | ApprovalCode;

const namePattern = /^[A-Za-z0-9][A-Za-z0-9 _-]{0,79}$/;

interface Placed {
  readonly when?: unknown;
  readonly after?: unknown;
  readonly needs?: unknown;
}

const placedOptions = { when: true, after: true, needs: true } as const;
const stepOptions = optionsOf<StepOptions<unknown, never, Schema> & Placed>({
  ...placedOptions,
  output: true,
  checks: true,
  timeout: true,
  retry: true,
  kind: true,
  compensate: true,
  onDropped: true,
  version: true,
  nonFinite: true,
});
const approvalOptions = optionsOf<ApprovalOptions<unknown, never, Schema<object, object>> & Placed>({
  ...placedOptions,
  decision: true,
  desk: true,
  timeout: true,
  onTimeout: true,
  breaker: true,
  title: true,
});

/** Collects the nodes of one scope while `build` runs. It is also the origin that its references carry. */
export class ScopeBuilder {
  readonly codes: NodeCode[] = [];
  private readonly flowName: string;
  private readonly codecs: readonly Codec[];
  private readonly nodes: (PlanNode | undefined)[] = [];
  private readonly names: string[] = [];
  private finished = false;

  constructor(flowName: string, codecs: readonly Codec[]) {
    this.flowName = flowName;
    this.codecs = codecs;
  }

  step(
    name: string,
    options: StepOptions<unknown, never, Schema> & Placed,
  ): { by(...rungs: readonly AnyRung<never, unknown>[]): Ref<unknown> } {
    const index = this.claim(name);
    demandContract(name, "output", options, stepOptions);
    demandOptions(`${name}.retry`, options.retry, retryOptions);
    const common = this.common(name, options);
    return {
      by: (...rungs) => {
        if (rungs.length === 0) throw stepWithoutRung(name);
        if (this.nodes[index] !== undefined)
          throw invalid(`${name}.by`, "one call of .by for each step", rungs, {
            words: "a second call",
            mend: "give all rungs to one .by: the first choice first",
          });
        const stepKind = options.kind ?? "read";
        if (!["pure", "read", "effect"].includes(stepKind)) {
          throw invalid(`${name}.kind`, '"pure", "read" or "effect"', options.kind);
        }
        // Same input, same output: trying a pure step again gives the same failure, so it is tried once unless asked.
        const retry = stepKind === "pure" ? { maxAttempts: 1, ...options.retry } : options.retry;
        const ladder = ladderOf(rungs, { timeout: options.timeout, retry }, name);
        const undo = compensationOf(options.compensate, name);
        if (undo && stepKind !== "effect") {
          throw invalid(`${name}.compensate`, 'kind: "effect" beside it', stepKind, {
            words: `kind: "${stepKind}"`,
            mend: 'add kind: "effect" if the step changes the world; if it does not, take compensate away',
          });
        }
        this.nodes[index] = {
          kind: "step",
          ...common,
          stepKind,
          rungs: ladder.plans,
          checks: Object.keys(options.checks ?? {}),
          onDropped: options.onDropped ?? "record",
          ...(options.version === undefined ? {} : { version: String(options.version) }),
          ...(undo ? { compensation: undo.plan } : {}),
        };
        this.codes[index] = {
          kind: "step",
          output: options.output,
          checks: Object.entries(options.checks ?? {}),
          when: options.when as StepCode["when"],
          rungs: ladder.codes,
          compensate: undo?.run,
          nonFinite: options.nonFinite === true,
          codecs: this.codecs,
        };
        return this.reference(index, name);
      },
    };
  }

  approval(name: string, options: ApprovalOptions<unknown, never, Schema<object, object>> & Placed): Ref<unknown> {
    const index = this.claim(name);
    demandContract(name, "decision", options, approvalOptions);
    const { plan, code } = approvalOf(name, options, this.codecs);
    this.nodes[index] = { kind: "approval", ...this.common(name, options), ...plan };
    this.codes[index] = { ...code, when: options.when as ApprovalCode["when"] };
    return this.reference(index, name);
  }

  /** The scope as data. Throws for steps that were begun and never given a ladder. */
  finish(answer: unknown): PlanScope {
    this.finished = true;
    const open = this.names.find((_, index) => this.nodes[index] === undefined);
    if (open !== undefined) throw stepWithoutRung(open);
    const expression = expressionOf(answer, this, `${this.flowName} answer`);
    const nodes = this.nodes as PlanNode[];
    const dependents = nodes.map((): number[] => []);
    for (const [index, node] of nodes.entries()) {
      for (const dependency of node.dependsOn) dependents[dependency.node]?.push(index);
    }
    return {
      id: 0,
      nodes: nodes.map((node, index) => ({ ...node, dependents: dependents[index] as number[] })),
      answer: expression,
      answerDependsOn: dependenciesOf(expression, 0),
    };
  }

  private claim(name: string): number {
    demandName(name, this.flowName);
    if (this.finished) {
      throw new PlumblineError("flow-invalid", "a step was added after build had returned", {
        path: name,
        expected: "all steps made while build runs",
        found: "a call of $ later on, from a callback or after an await",
        mend: "make the step directly in build, which must not be async",
      });
    }
    if (this.names.includes(name)) {
      throw new PlumblineError("step-duplicate", "two steps of one scope have the same name", {
        path: name,
        expected: "a name for each step, used once",
        found: `a second "${name}"`,
        mend: "rename one of them: the name is how the journal and people find it",
      });
    }
    this.names.push(name);
    return this.names.length - 1;
  }

  private common(name: string, options: Placed) {
    const needs = expressionOf(options.needs ?? {}, this, `${name}.needs`);
    if (needs.kind !== "object") {
      const words = internalsOf(options.needs) ? { words: "a reference without a name" } : {};
      throw invalid(`${name}.needs`, "an object of named references and constants", options.needs, {
        ...words,
        mend: "write needs: { name: reference }",
      });
    }
    if (options.when !== undefined && typeof options.when !== "function") {
      throw invalid(`${name}.when`, "a function of the needs that gives true or false", options.when);
    }
    const after = this.after(name, options.after);
    return {
      name,
      needs,
      ...(after.length === 0 ? {} : { after }),
      dependsOn: withAfter(dependenciesOf(needs, 0), after),
      dependents: [],
      when: options.when !== undefined,
    };
  }

  private after(name: string, after: unknown): Expression[] {
    const written = after === undefined ? [] : Array.isArray(after) ? after : [after];
    return written.map((reference) => {
      const inside = internalsOf(reference);
      if (!inside) throw invalid(`${name}.after`, "references to steps", reference);
      if (inside.origin !== this) throw foreignReference(inside.label, `${name}.after`);
      return inside.expression;
    });
  }

  private reference(node: number, name: string): Ref<unknown> {
    return makeReference({ expression: { kind: "ref", scope: 0, node, path: [] }, origin: this, label: name });
  }
}

function withAfter(needs: readonly Dependency[], after: readonly Expression[]): Dependency[] {
  const all = [...needs];
  for (const dependency of after.flatMap((expression) => dependenciesOf(expression, 0))) {
    const known = all.findIndex((one) => one.node === dependency.node);
    if (known === -1) all.push(dependency);
    else all[known] = weaker(all[known] as Dependency, dependency);
  }
  return all;
}

export function isSchema(value: unknown): value is Schema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return typeof (value as Partial<Schema>)["~standard"]?.validate === "function";
}

export function demandName(name: unknown, where: string): void {
  if (typeof name === "string" && namePattern.test(name)) return;
  const expected = "a name of letters, digits, spaces, - and _, at most 80, a letter or digit first";
  throw invalid(`${where}.name`, expected, name, { mend: "rename it: paths and commands are made of names" });
}

function stepWithoutRung(name: string): PlumblineError {
  return new PlumblineError("step-without-rung", "a step that nothing produces", {
    path: name,
    expected: `$.step("${name}", { ... }).by(function, ...)`,
    found: "no .by(...)",
    mend: "add .by with the function that gives the step's value",
  });
}

/** Options that there are, among them a contract. A schema in the place of the options is told as a contract missing. */
export function demandContract<Name extends string>(
  path: string,
  name: Name,
  options: { readonly [N in Name]: unknown },
  known: readonly string[],
): void {
  if (!isSchema(options)) demandOptions(path, options, known);
  if (!isSchema(options?.[name])) throw missingContract(path, name, options?.[name]);
}

export function missingContract(name: string, option: string, found: unknown): PlumblineError {
  return new PlumblineError("contract-missing", "a contract is required", {
    path: `${name}.${option}`,
    expected: "a schema of the Standard Schema family (zod, valibot, arktype, ...)",
    found: describe(found),
    mend: `declare ${option}: z.object({ ... }), or z.unknown() where anything will do`,
  });
}
