/**
 * Follows an expression one step back: which fields of which steps, or of the input, a value was made of.
 *
 * Boundary: expressions and the folded state to sources; what made those sources is why.ts's walk, what a node that opens
 * scopes was made of is scope-origin.ts's. Invariants: paths are followed exactly, so a reader of `fields.income` is led to
 * `income` and to nothing else; an item leads to its place in the array, a previous turn to what that turn answered; of
 * `firstOf` the member that was taken is marked; what the state does not know is left open and never guessed.
 */
import {
  type Expression,
  type Frame,
  frameOf,
  gives,
  inputNode,
  pathOf,
  type RunState,
  type Slot,
  siblingOf,
} from "@plumbline/core";

/** One thing that a value was made of. */
export interface Source {
  /** Where in the reader it goes: `fields`, `verdict.note`; empty for the whole. */
  readonly as: string;
  /** `place`: the number of an item or of a turn; `caller`: the run that this one is a part of. */
  readonly from: "input" | "step" | "constant" | "place" | "caller";
  /** The step's path, of a place the map's or the loop's, of the caller its step's name; empty for input and constants. */
  readonly path: string;
  /** What is read of it, such as `income`; empty for the whole. */
  readonly field: string;
  /** How far its absence is tolerated, where it is. */
  readonly absorbs?: "skip" | "failure";
  /** For members of `firstOf`, once it is known: whether this is the one that was taken. */
  readonly taken?: boolean;
  /** Read to choose a case, or as the array of a map, and not for its own sake. */
  readonly role?: "choice" | "items";
  /** The step's slot. */
  readonly slot?: number;
}

/** A field with what it held, where that can be read. */
export interface FieldValue {
  readonly field: string;
  readonly value?: unknown;
}

type Mark = Pick<Source, "absorbs" | "taken" | "role">;

/** The sources of an expression in a frame. `as` names the place that it fills. */
export function sourcesOf(state: RunState, frame: Frame, expression: Expression, as = "", mark: Mark = {}): Source[] {
  switch (expression.kind) {
    case "constant":
      return [{ as, from: "constant", path: "", field: "", ...mark }];
    case "ref": {
      const home = frameOf(frame, expression.scope);
      if (home.scope.id !== expression.scope) return [{ as, ...captured(state, expression), ...mark }];
      if (expression.node === inputNode) return givenSources(state, home, expression.path, as, mark);
      const slot = siblingOf(state, home, expression.node);
      return [{ as, from: "step", path: pathOf(slot), field: expression.path.join("."), slot: slot.id, ...mark }];
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
      const chosen = expression.of.findIndex((member) => gives(state, frame, member));
      return expression.of.flatMap((member, index) =>
        sourcesOf(state, frame, member, as, { ...mark, ...(chosen === -1 ? {} : { taken: index === chosen }) }),
      );
    }
  }
}

/** Of the run that this one is a part of: its steps have no slots here. */
function captured(
  { plan }: RunState,
  { scope, node, path }: Extract<Expression, { kind: "ref" }>,
): Pick<Source, "from" | "path" | "field"> {
  const name = plan.scopes[scope]?.nodes[node]?.name ?? "";
  return { from: "caller", path: name, field: path.join(".") };
}

/** What a scope is given: the flow's input, an item of a map, or the turns of a loop before this one. */
function givenSources(state: RunState, home: Frame, path: readonly string[], as: string, mark: Mark): Source[] {
  const { owner, key } = home;
  if (!owner?.inside) return [{ as, from: "input", path: "", field: path.join("."), ...mark }];
  const [given, ...rest] = path;
  const turns = owner.inside.frames.slice(0, typeof key === "number" ? key - 1 : 0);
  switch (given) {
    case "item": {
      const isPart = owner.inside.partLength !== undefined;
      return needSources(state, owner, "over", isPart ? [] : [String(key), ...rest], as, mark);
    }
    case "previous": {
      const last = turns.at(-1);
      return last ? answerSources(state, last, rest, as, mark) : needSources(state, owner, "start", rest, as, mark);
    }
    case "turns": {
      const [place, ...within] = rest;
      const one = place === undefined ? undefined : turns[Number(place)];
      if (one) return answerSources(state, one, within, as, mark);
      return turns.flatMap((turn, index) => answerSources(state, turn, [], joined(as, String(index)), mark));
    }
    default:
      return [{ as, from: "place", path: pathOf(owner), field: given ?? "", ...mark }];
  }
}

function needSources(
  state: RunState,
  { node, frame }: Slot,
  need: string,
  path: readonly string[],
  as: string,
  mark: Mark,
): Source[] {
  const part = narrowed(node.needs, [need, ...path]);
  return part ? sourcesOf(state, frame, part, as, mark) : [];
}

/** What a field of a scope's answer was made of; of a field that only the contract added, the whole answer. */
export function answerSources(
  state: RunState,
  frame: Frame,
  path: readonly string[],
  as = "",
  mark: Mark = {},
): Source[] {
  const { answer } = frame.scope;
  return sourcesOf(state, frame, narrowed(answer, path) ?? answer, as, mark);
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
