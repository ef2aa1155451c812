/**
 * References: typed stand-ins for values that do not exist yet, written while a flow is defined.
 *
 * Boundary: what users touch in `build`; underneath lies an expression (expression.ts).
 * Invariants: a reference never passes silently for a value: its type is callable, so `if (ref)` does not compile, and
 * turning it into text, a number or JSON throws `reference-as-value`; reading a field gives a reference to that field.
 */
import { describe, PlumblineError } from "./errors.ts";
import { type Expression, fieldOf } from "./expression.ts";
import { seal } from "./values.ts";

/** The key under which a reference keeps its internals. Exported, so that declaration files can name it. */
export const internals: unique symbol = Symbol.for("plumbline.reference") as never;

/** `maybe`: the step can be skipped, so that what reads it in the flow's answer may be undefined. */
export type Certainty = "sure" | "maybe";

/** A scope that is being defined, with the one around it. */
export interface Origin {
  readonly around: Origin | undefined;
  /** How messages name it: the flow, or `route.human`. */
  readonly place: string;
}

/** True when `outer` is `inner` or lies around it. */
export function isWithin(inner: Origin, outer: Origin): boolean {
  for (let at: Origin | undefined = inner; at; at = at.around) if (at === outer) return true;
  return false;
}

/** What a reference keeps: its expression and the definition that it belongs to. */
export interface ReferenceInternals<out T = unknown, out C extends Certainty = Certainty> {
  readonly expression: Expression;
  /** The scope in which the reference was made; it may be used there and in the scopes inside. */
  readonly origin: Origin;
  /** How messages name it: `extract.income`. */
  readonly label: string;
  /** Types only; never there at run time. */
  readonly value?: T;
  readonly certainty?: C;
}

/**
 * A reference without its fields. The call signature is there for the compiler alone: it makes `if (ref)`, `ref ? :` and
 * `ref &&` errors, because a function is always true.
 */
export interface Reference<out T = unknown, out C extends Certainty = Certainty> {
  (thisIsAReference: "it stands for a value that does not exist yet: use it in needs or in what build returns"): never;
  readonly [internals]: ReferenceInternals<T, C>;
}

type AnyFunction = (...given: never) => unknown;
type Leaf = string | number | boolean | bigint | symbol | null | undefined | Date | RegExp | URL | Error;
/** What is taken whole: no reference leads into it. */
export type Opaque =
  | Leaf
  | AnyFunction
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ArrayBuffer
  | ArrayBufferView;
type Nullish<T> = Extract<T, null | undefined>;
type Field<T, K> = K extends keyof NonNullable<T>
  ? NonNullable<T>[K] | (Nullish<T> extends never ? never : undefined)
  : never;

/** `any` in, `any` out: fields of a value without a type can be read, and have no type either. */
type AnyFields<T, C extends Certainty> = { readonly [key: string]: Ref<T, C> };

type Fields<T, C extends Certainty> = 0 extends 1 & T
  ? AnyFields<T, C>
  : [NonNullable<T>] extends [Opaque]
    ? unknown
    : [NonNullable<T>] extends [readonly (infer Item)[]]
      ? { readonly [index: number]: Ref<Item | undefined, C> }
      : [NonNullable<T>] extends [object]
        ? { readonly [K in keyof NonNullable<T>]-?: Ref<Field<T, K>, C> }
        : unknown;

/** A typed reference: its fields are references too. */
export type Ref<T, C extends Certainty = "sure"> = Reference<T, C> & Fields<T, C>;

/** A node before its `.by`. Reading it gives a type that says so where a bare `never` would say nothing. */
interface Unfinished {
  readonly by: AnyFunction;
}
type NothingProducesIt = "this has no value yet: finish it with .by(...)";

/** The value that a need stands for: references give what they refer to, objects and arrays of them likewise. */
export type ValueOf<E> =
  E extends Reference<infer T, Certainty>
    ? T
    : E extends Unfinished
      ? NothingProducesIt
      : E extends Opaque
        ? E
        : E extends object
          ? { -readonly [K in keyof E]: ValueOf<E[K]> }
          : E;

/** Like `ValueOf`, for a flow's answer: what may have been skipped may be undefined. */
export type AnswerOf<E> =
  E extends Reference<infer T, infer C>
    ? "maybe" extends C
      ? T | undefined
      : T
    : E extends Unfinished
      ? NothingProducesIt
      : E extends Opaque
        ? Widened<E>
        : E extends readonly (infer Item)[]
          ? AnswerOf<Item>[]
          : E extends object
            ? { -readonly [K in keyof E]: AnswerOf<E[K]> }
            : E;

/** A constant's literal type says nothing that callers may rely on: the next version may answer otherwise. */
type Widened<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : T extends bigint
        ? bigint
        : T;

/** What must stand in the place of `E` to give a `T`: shaped after `E`, so that messages name the one part that is wrong. */
export type WrittenFor<T, E> = E extends Reference
  ? Reference<T, undefined extends T ? Certainty : "sure">
  : E extends Opaque
    ? T | Reference<T, "sure">
    : T extends object
      ? { readonly [K in keyof T]: WrittenFor<T[K], K extends keyof E ? E[K] : undefined> }
      : T;

type CertaintiesIn<E> =
  E extends Reference<unknown, infer C>
    ? C
    : E extends Opaque
      ? "sure"
      : E extends object
        ? CertaintiesIn<E[keyof E]>
        : "sure";

/** `maybe` as soon as one reference in it is: a skip is passed on to what reads it. */
export type CertaintyOf<E> = "maybe" extends CertaintiesIn<E> ? "maybe" : "sure";

/** Makes a reference. Used by the builder; users get theirs from `$` and from `build`'s second argument. */
export function makeReference(inside: ReferenceInternals): Ref<unknown> {
  return new Proxy(Object.create(null), {
    get(_target, key) {
      if (key === internals) return inside;
      const use = misuses.get(key);
      if (use !== undefined) return refuse(inside, use);
      if (typeof key === "symbol") return undefined;
      const field = { ...inside, expression: fieldOf(inside.expression, key), label: `${inside.label}.${key}` };
      return makeReference(field);
    },
    has: (_target, key) => key === internals || (typeof key === "string" && refuse(inside, "asked for its fields")()),
    ownKeys: refuse(inside, "spread or listed (by { ...reference } or Object.keys)"), // it would be an empty object
    set: refuse(inside, "changed"),
  }) as Ref<unknown>;
}

const toText = "turned into text or a number (by a template string, + or >)";

/** What is asked of a value when code takes a reference for one. */
const misuses: ReadonlyMap<PropertyKey, string> = new Map<PropertyKey, string>([
  [Symbol.toPrimitive, toText],
  ["toString", toText],
  ["valueOf", toText],
  ["toJSON", "turned into JSON"],
  [Symbol.iterator, "gone through item by item"],
  [Symbol.asyncIterator, "gone through item by item"],
]);

function refuse(inside: ReferenceInternals, use: string): () => never {
  return () => {
    throw new PlumblineError("reference-as-value", "a reference was used as if it were a value", {
      path: inside.label,
      expected: "a reference in needs, in after, or in what build returns: its value exists only when the flow runs",
      found: `it was ${use} while the flow was being defined`,
      mend: "move this code into a step (.by), where the value is given; a choice between paths is `when`",
    });
  };
}

/** The internals of a reference, or undefined for anything else. */
export function internalsOf(value: unknown): ReferenceInternals | undefined {
  return typeof value === "object" && value !== null && internals in value
    ? (value as Reference)[internals]
    : undefined;
}

/**
 * A need that may be missing: undefined when the step was skipped, and with `onFailure` also when it failed, which then
 * degrades the run instead of failing it (rule 15).
 */
export function optional<T, C extends Certainty>(
  reference: Reference<T, C>,
  options: { readonly onFailure?: boolean } = {},
): Ref<T | undefined> {
  const inside = demand(reference, "optional");
  const onFailure = options.onFailure === true;
  const expression: Expression = { kind: "optional", of: inside.expression, onFailure };
  return makeReference({ ...inside, expression, label: `optional(${inside.label})` }) as Ref<T | undefined>;
}

/** The first of several references, in the order given, whose step ran; the others were skipped (rule 15). */
export function firstOf<const R extends readonly [Reference, ...Reference[]]>(
  ...references: R
): Ref<ValueOf<R[number]>, FirstCertainty<R[number]>> {
  const all = references.map((reference) => demand(reference, "firstOf"));
  const label = `firstOf(${all.map((one) => one.label).join(", ")})`;
  // Of scopes inside each other, the innermost is where it can be used.
  let { origin } = all[0] as ReferenceInternals;
  for (const one of all) if (isWithin(one.origin, origin)) origin = one.origin;
  const foreign = all.find((one) => !isWithin(origin, one.origin));
  if (foreign) throw foreignReference(foreign, origin, label);
  const expression: Expression = { kind: "first", of: all.map((one) => one.expression) };
  return makeReference({ origin, expression, label }) as never;
}

/** Sure as soon as one member is sure. */
type FirstCertainty<R> = "sure" extends (R extends Reference<unknown, infer C> ? C : never) ? "sure" : "maybe";

function demand(value: unknown, where: string): ReferenceInternals {
  const inside = internalsOf(value);
  if (inside) return inside;
  throw new PlumblineError("option-invalid", `${where} takes references`, {
    path: where,
    expected: "a reference from $ or from build's second argument",
    found: describe(value),
    mend: `pass the reference itself, for example ${where}(fields)`,
  });
}

/** The error for a reference that belongs to another definition, or to a scope that `reader` is not in. */
export function foreignReference({ label, origin }: ReferenceInternals, reader: Origin, where: string): PlumblineError {
  if (outermost(origin) === outermost(reader)) {
    return new PlumblineError("reference-foreign", `reads ${label}, which there is only inside ${origin.place}`, {
      path: where,
      expected: `references of ${reader.place} and of what lies around it`,
      found: `${label}, made with the $ of ${origin.place}`,
      mend: `return it from ${origin.place}, and read what that node gives`,
    });
  }
  return new PlumblineError("reference-foreign", `reads ${label}, which belongs to another flow or scope`, {
    path: where,
    expected: "references made by the $ of the same definition",
    found: `${label}, made elsewhere`,
    mend: "define the step in this flow, or pass the value in through the input",
  });
}

function outermost(origin: Origin): Origin {
  return origin.around === undefined ? origin : outermost(origin.around);
}

/**
 * What a user wrote (references, constants, objects and arrays of them) as an expression.
 * @throws PlumblineError `reference-foreign`, or `option-invalid` for a constant that a journal cannot keep
 */
export function expressionOf(written: unknown, origin: Origin, where: string): Expression {
  const inside = internalsOf(written);
  if (inside) {
    if (!isWithin(origin, inside.origin)) throw foreignReference(inside, origin, where);
    return inside.expression;
  }
  if (Array.isArray(written)) {
    return { kind: "list", items: Array.from(written, (item, i) => expressionOf(item, origin, `${where}[${i}]`)) };
  }
  if (typeof written === "object" && written !== null && isPlainPrototype(written)) {
    if (typeof (written as { by?: unknown }).by === "function") throw unfinished(written, where);
    const fields = Object.entries(written).map(([key, part]) => [key, expressionOf(part, origin, `${where}.${key}`)]);
    return { kind: "object", fields: Object.fromEntries(fields) };
  }
  const result = seal(written);
  if ("sealed" in result) return { kind: "constant", value: result.sealed };
  throw new PlumblineError("option-invalid", "a constant that a journal cannot keep", {
    path: where + result.refusal.path,
    expected: "a reference or plain data",
    found: result.refusal.reason,
    mend: "use plain data here, or make the value inside the step",
  });
}

/** Where a node that waits for its `.by` keeps how messages name it. */
export const begunKey: unique symbol = Symbol.for("plumbline.begun") as never;

/** `$.step(...)` gives an object with `.by`, and only `.by(...)` gives the reference. */
function unfinished(written: { readonly [begunKey]?: string }, where: string): PlumblineError {
  return new PlumblineError("step-without-rung", "what stands here has no value, because nothing produces it", {
    path: where,
    expected: "the reference that .by(...) gives",
    found: `${written[begunKey] ?? "a step"} without .by(...)`,
    mend: "write .by(...) where it is made, with what gives its value",
  });
}

function isPlainPrototype(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
