/**
 * Gives expressions their values, from where the run stands.
 *
 * Boundary: reads sealed values through `read`, so that where they lie (entry, blob) is the engine's affair.
 * Invariants: what a step is given is made fresh from sealed text each time, so nobody's changes reach anyone else and a
 * recovery gives the same (rule 13); a skipped or failed need gives undefined, which `decide` lets through only where
 * the reader absorbs it.
 */
import { type Expression, inputNode } from "./expression.ts";
import { type Frame, type RunState, type Slot, siblingOf } from "./state.ts";
import type { Sealed } from "./values.ts";

/** Opens sealed text. */
export type Read = (sealed: Sealed) => unknown;

/** The value of an expression in a frame. Parts of one value that it reads twice are opened once. */
export function resolve(state: RunState, frame: Frame, expression: Expression, read: Read): unknown {
  const opened = new Map<number, unknown>();
  return givenBy(expression);

  function givenBy(part: Expression): unknown {
    switch (part.kind) {
      case "constant":
        return read(part.value);
      case "ref":
        return part.path.length === 0 ? whole(part.node) : fieldAt(whole(part.node), part.path);
      case "object": {
        const value: Record<string, unknown> = {};
        for (const key in part.fields) setOwn(value, key, givenBy(part.fields[key] as Expression));
        return value;
      }
      case "list":
        return part.items.map(givenBy);
      case "optional":
        return givenBy(part.of);
      case "first": {
        const ran = part.of.find((member) => gives(state, frame, member));
        return ran && givenBy(ran);
      }
    }
  }

  function whole(node: number): unknown {
    if (opened.has(node)) return opened.get(node);
    const sealed = node === inputNode ? frame.input : siblingOf(state, frame, node).value;
    const value = sealed === undefined ? undefined : read(sealed);
    opened.set(node, value);
    return value;
  }
}

/** Assigned, a field `__proto__` would become the object's prototype. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** True when what the expression reads ran, so that `firstOf` takes it; members of `firstOf` are references. */
function gives(state: RunState, frame: Frame, expression: Expression): boolean {
  switch (expression.kind) {
    case "ref":
      return expression.node === inputNode || siblingOf(state, frame, expression.node).status === "completed";
    case "optional":
      return gives(state, frame, expression.of);
    case "first":
      return expression.of.some((member) => gives(state, frame, member));
    default:
      return true; // only in plans that no builder made
  }
}

/** Follows own fields only; undefined where there is none. */
export function fieldAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const field of path) {
    if (at === null || typeof at !== "object" || !Object.hasOwn(at, field)) return undefined;
    at = (at as Record<string, unknown>)[field];
  }
  return at;
}

/** The slot whose skip leaves an expression without a value, or undefined when it has one. */
export function skippedIn(state: RunState, frame: Frame, expression: Expression): number | undefined {
  switch (expression.kind) {
    case "constant":
    case "optional":
      return undefined;
    case "ref": {
      if (expression.node === inputNode) return undefined;
      const slot: Slot = siblingOf(state, frame, expression.node);
      return slot.status === "skipped" ? slot.id : undefined;
    }
    case "object":
      return skippedAmong(state, frame, Object.values(expression.fields));
    case "list":
      return skippedAmong(state, frame, expression.items);
    case "first": {
      const skipped = expression.of.map((member) => skippedIn(state, frame, member));
      return skipped.every((id) => id !== undefined) ? skipped[0] : undefined;
    }
  }
}

/** The first of the slots whose skip leaves one of the expressions without a value. */
export function skippedAmong(state: RunState, frame: Frame, parts: readonly Expression[]): number | undefined {
  for (const part of parts) {
    const id = skippedIn(state, frame, part);
    if (id !== undefined) return id;
  }
  return undefined;
}

/** The sealed values that an expression reads, so that those kept elsewhere can be fetched before it is resolved. */
export function sealedIn(state: RunState, frame: Frame, expression: Expression): Sealed[] {
  const found: Sealed[] = [];
  collect(expression);
  return found;

  function collect(part: Expression): void {
    if (part.kind === "object") for (const field of Object.values(part.fields)) collect(field);
    else if (part.kind === "list" || part.kind === "first")
      (part.kind === "list" ? part.items : part.of).forEach(collect);
    else if (part.kind === "optional") collect(part.of);
    else if (part.kind === "ref") {
      const sealed = part.node === inputNode ? frame.input : siblingOf(state, frame, part.node).value;
      if (sealed !== undefined) found.push(sealed);
    }
  }
}
