/**
 * What every node may be given beside its own options: needs, a condition, an order; as the plan keeps it.
 *
 * Boundary: reads what was written, says what of it the node reads; whose references are allowed where is reference.ts's.
 * Invariant: what the scopes of a node read outside of them is among that node's dependencies, so that they are entered
 * when all of it has settled.
 */
import { demandNamed } from "./demands.ts";
import { type Dependency, dependenciesOf, type Expression, refsIn, weaker } from "./expression.ts";
import { invalid } from "./option-error.ts";
import type { PlanNode } from "./plan.ts";
import { expressionOf, foreignReference, internalsOf, isWithin, type Origin } from "./reference.ts";

export interface Placed {
  readonly when?: unknown;
  readonly after?: unknown;
  readonly needs?: unknown;
}

export const placedOptions: readonly string[] = ["when", "after", "needs"];

/** What all nodes have in the plan. */
export type Common = Pick<PlanNode, "name" | "needs" | "after" | "dependsOn" | "dependents" | "when" | "readsOutside">;

/** The scope that a node is placed in. */
export interface Place {
  readonly origin: Origin;
  readonly scope: number;
}

/** Where a node stands among the others of its scope; `path` names it in errors. */
export interface Claim {
  readonly index: number;
  readonly name: string;
  readonly path: string;
}

/** What a node has in common with all others, and the expressions that it reads. `inside` is what its scopes read. */
export function commonOf(
  { origin, scope }: Place,
  { name, path }: Claim,
  options: Placed,
  inside: readonly Expression[],
): { readonly common: Common; readonly reads: readonly Expression[] } {
  const needs = expressionOf(options.needs ?? {}, origin, `${path}.needs`);
  demandNamed(path, options.needs, needs.kind === "object");
  if (options.when !== undefined && typeof options.when !== "function") {
    throw invalid(`${path}.when`, "a function of the needs that gives true or false", options.when);
  }
  const after = afterOf(origin, path, options.after);
  // A skip of what its scopes read is for those who read it there; a failure is the node's as well.
  const within = inside.map((one): Expression => ({ kind: "first", of: [one] }));
  const own = [needs, ...after];
  const reads = [...own, ...within];
  const readsOutside = own.flatMap(refsIn).some((ref) => ref.scope !== scope);
  const common: Common = {
    name,
    needs,
    ...(after.length === 0 ? {} : { after }),
    dependsOn: withAll(reads.map((expression) => dependenciesOf(expression, scope))),
    dependents: [],
    when: options.when !== undefined,
    ...(readsOutside ? { readsOutside } : {}),
  };
  return { common, reads };
}

function afterOf(origin: Origin, path: string, after: unknown): Expression[] {
  const written = after === undefined ? [] : Array.isArray(after) ? after : [after];
  return written.map((reference) => {
    const inside = internalsOf(reference);
    if (!inside) throw invalid(`${path}.after`, "references to steps", reference);
    if (!isWithin(origin, inside.origin)) throw foreignReference(inside, origin, `${path}.after`);
    return inside.expression;
  });
}

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
