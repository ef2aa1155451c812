/**
 * Follows an expression one step back: which fields of which steps, or of the input, a value was made of.
 *
 * Boundary: expressions and the folded state to sources; what made those sources is why.ts's walk. Invariants: paths are
 * followed exactly, so a reader of `fields.income` is led to `income` and to nothing else; of `firstOf` the member that
 * was taken is marked; what the state does not know is left open and never guessed.
 */
import { type Expression, type Frame, inputNode, pathOf, type RunState, siblingOf } from "@plumbline/core";

/** One thing that a value was made of. */
export interface Source {
  /** Where in the reader it goes: `fields`, `verdict.note`; empty for the whole. */
  readonly as: string;
  readonly from: "input" | "step" | "constant";
  /** The step's path; empty for input and constants. */
  readonly path: string;
  /** What is read of it, such as `income`; empty for the whole. */
  readonly field: string;
  /** How far its absence is tolerated, where it is. */
  readonly absorbs?: "skip" | "failure";
  /** For members of `firstOf`, once it is known: whether this is the one that was taken. */
  readonly taken?: boolean;
  /** The step's slot. */
  readonly slot?: number;
}

/** A field with what it held, where that can be read. */
export interface FieldValue {
  readonly field: string;
  readonly value?: unknown;
}

type Mark = Pick<Source, "absorbs" | "taken">;

/** The sources of an expression in a frame. `as` names the place that it fills. */
export function sourcesOf(state: RunState, frame: Frame, expression: Expression, as = "", mark: Mark = {}): Source[] {
  switch (expression.kind) {
    case "constant":
      return [{ as, from: "constant", path: "", field: "", ...mark }];
    case "ref": {
      const field = expression.path.join(".");
      if (expression.node === inputNode) return [{ as, from: "input", path: "", field, ...mark }];
      const slot = siblingOf(state, frame, expression.node);
      return [{ as, from: "step", path: pathOf(slot), field, slot: slot.id, ...mark }];
    }
    case "object":
      return Object.entries(expression.fields).flatMap(([key, part]) =>
        sourcesOf(state, frame, part, joined(as, key), mark),
      );
    case "list":
      return expression.items.flatMap((item, index) => sourcesOf(state, frame, item, joined(as, String(index)), mark));
    case "optional": {
      const absorbs = expression.onFailure ? ("failure" as const) : (mark.absorbs ?? ("skip" as const));
      return sourcesOf(state, frame, expression.of, as, { ...mark, absorbs });
    }
    case "first": {
      const chosen = expression.of.findIndex((member) => completed(state, frame, member));
      return expression.of.flatMap((member, index) =>
        sourcesOf(state, frame, member, as, { ...mark, ...(chosen === -1 ? {} : { taken: index === chosen }) }),
      );
    }
  }
}

/** As core takes members of `firstOf`: the first that ran. */
function completed(state: RunState, frame: Frame, member: Expression): boolean {
  switch (member.kind) {
    case "ref":
      return member.node === inputNode || siblingOf(state, frame, member.node).status === "completed";
    case "optional":
      return completed(state, frame, member.of);
    case "first":
      return member.of.some((inner) => completed(state, frame, inner));
    default:
      return true;
  }
}

/** The part of an expression that fills a field of what it gives; undefined when it gives no such field. */
export function narrowed(expression: Expression, path: readonly string[]): Expression | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return expression;
  switch (expression.kind) {
    case "constant":
      return expression;
    case "ref":
      return { ...expression, path: [...expression.path, ...path] };
    case "object": {
      const part = Object.hasOwn(expression.fields, first) ? expression.fields[first] : undefined;
      return part && narrowed(part, rest);
    }
    case "list": {
      const item = expression.items[Number(first)];
      return item && narrowed(item, rest);
    }
    case "optional": {
      const of = narrowed(expression.of, path);
      return of && { ...expression, of };
    }
    case "first": {
      const of = expression.of.map((member) => narrowed(member, path));
      return of.every((member) => member !== undefined) ? { ...expression, of } : undefined;
    }
  }
}

/** `items[0].name` as its steps: `items`, `0`, `name`. */
export function fieldPath(text: string): string[] {
  return text.split(/[.[\]]+/).filter((part) => part !== "");
}

function joined(prefix: string, key: string): string {
  return prefix === "" ? key : `${prefix}.${key}`;
}
