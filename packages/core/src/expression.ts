/**
 * Expressions: what a step needs, or what a flow answers, as data over the values of other steps.
 *
 * Boundary: the shape of expressions and which nodes they depend on. References (reference.ts) are how users write them;
 * resolve.ts gives them values. Invariants: plain JSON; a node is named by the plan's scope and its index in it;
 * node `inputNode` is the scope's input.
 */
import type { Sealed } from "./values.ts";

/** The node index that stands for a scope's input. */
export const inputNode = -1;

export type Expression =
  | { readonly kind: "ref"; readonly scope: number; readonly node: number; readonly path: readonly string[] }
  | { readonly kind: "constant"; readonly value: Sealed }
  | { readonly kind: "object"; readonly fields: Readonly<Record<string, Expression>> }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "optional"; readonly of: Expression; readonly onFailure: boolean }
  | { readonly kind: "first"; readonly of: readonly Expression[] };

/** What a reader does when the node that it reads gave nothing: passes it on, absorbs a skip, absorbs a failure too. */
export type Absorbs = "nothing" | "skip" | "failure";

/** One edge of the graph: this node reads that one. */
export interface Dependency {
  readonly node: number;
  readonly absorbs: Absorbs;
}

const strength: Record<Absorbs, number> = { nothing: 0, skip: 1, failure: 2 };

/**
 * The nodes of `scope` that an expression reads, each once, with the weakest absorption among its readings: one reading
 * that passes a skip on is enough to pass it on.
 */
export function dependenciesOf(expression: Expression, scope: number): Dependency[] {
  const found = new Map<number, Absorbs>();
  collect(expression, "nothing");
  return [...found].map(([node, absorbs]) => ({ node, absorbs }));

  function collect(part: Expression, absorbs: Absorbs): void {
    switch (part.kind) {
      case "constant":
        return;
      case "ref": {
        if (part.scope !== scope || part.node === inputNode) return;
        const known = found.get(part.node);
        if (known === undefined || strength[absorbs] < strength[known]) found.set(part.node, absorbs);
        return;
      }
      case "object":
        for (const field of Object.values(part.fields)) collect(field, absorbs);
        return;
      case "list":
        for (const item of part.items) collect(item, absorbs);
        return;
      case "optional":
        collect(part.of, part.onFailure ? "failure" : stronger(absorbs, "skip"));
        return;
      case "first":
        for (const member of part.of) collect(member, stronger(absorbs, "skip"));
    }
  }
}

/** Of two readings of one node the one that absorbs less: one that passes a skip on is enough to pass it on. */
export function weaker(a: Dependency, b: Dependency): Dependency {
  return strength[a.absorbs] <= strength[b.absorbs] ? a : b;
}

function stronger(a: Absorbs, b: Absorbs): Absorbs {
  return strength[a] >= strength[b] ? a : b;
}

/** The same expression, read one field deeper. What is no reference has no fields to read: it stays as it is. */
export function fieldOf(expression: Expression, field: string): Expression {
  switch (expression.kind) {
    case "ref":
      return { ...expression, path: [...expression.path, field] };
    case "optional":
      return { ...expression, of: fieldOf(expression.of, field) };
    case "first":
      return { ...expression, of: expression.of.map((member) => fieldOf(member, field)) };
    default:
      return expression;
  }
}

/** Every reference in an expression, in reading order. */
export function refsIn(expression: Expression): Extract<Expression, { kind: "ref" }>[] {
  switch (expression.kind) {
    case "ref":
      return [expression];
    case "object":
      return Object.values(expression.fields).flatMap(refsIn);
    case "list":
    case "first":
      return (expression.kind === "list" ? expression.items : expression.of).flatMap(refsIn);
    case "optional":
      return refsIn(expression.of);
    case "constant":
      return [];
  }
}
