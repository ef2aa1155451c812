/**
 * Gives expressions their values, from where the run stands.
 *
 * Boundary: reads sealed values through `read`, so that where they lie (entry, blob) is the engine's affair.
 * Invariants: what a step is given is made fresh from sealed text each time, so nobody's changes reach anyone else and a
 * recovery gives the same (rule 13); a skipped or failed need gives undefined, which `decide` lets through only where
 * the reader absorbs it; the value of a node that opens scopes is read off them and never kept a second time.
 */
import type { Failure } from "./errors.ts";
import { type Expression, inputNode } from "./expression.ts";
import type { PlanMap } from "./plan.ts";
import { type Frame, frameOf, type Inside, pathOf, type RunState, type Slot, siblingOf, slotAt } from "./state.ts";
import type { Sealed } from "./values.ts";
import { voteOf } from "./votes.ts";

/** Opens sealed text. */
export type Read = (sealed: Sealed) => unknown;
type Ref = Extract<Expression, { kind: "ref" }>;

/** The value of an expression in a frame. Parts of one value that it reads twice are opened once. */
export function resolve(state: RunState, frame: Frame, expression: Expression, read: Read): unknown {
  return new Resolver(state, read).valueOfExpression(frame, expression);
}

class Resolver {
  private readonly state: RunState;
  private readonly read: Read;
  /** What was opened last, and what was opened before it where there is more than one. */
  private lastKey: Slot | Frame | undefined;
  private lastValue: unknown;
  private earlier: Map<Slot | Frame, unknown> | undefined;

  constructor(state: RunState, read: Read) {
    this.state = state;
    this.read = read;
  }

  valueOfExpression(frame: Frame, part: Expression): unknown {
    switch (part.kind) {
      case "constant":
        return this.read(part.value);
      case "ref":
        return this.valueOfRef(frame, part);
      case "object": {
        const value: Record<string, unknown> = {};
        for (const key in part.fields) {
          setOwn(value, key, this.valueOfExpression(frame, part.fields[key] as Expression));
        }
        return value;
      }
      case "list":
        return part.items.map((item) => this.valueOfExpression(frame, item));
      case "optional":
        return this.valueOfExpression(frame, part.of);
      case "first": {
        const ran = part.of.find((member) => gives(this.state, frame, member));
        return ran && this.valueOfExpression(frame, ran);
      }
    }
  }

  private valueOfRef(from: Frame, { scope, node, path }: Pick<Ref, "scope" | "node" | "path">): unknown {
    const home = frameOf(from, scope);
    if (home.scope.id !== scope) return this.captured(home, { scope, node, path });
    if (node === inputNode) return this.given(home, path);
    const value = this.once(siblingOf(this.state, home, node), (slot) => this.valueOfSlot(slot));
    return path.length === 0 ? value : fieldAt(value, path);
  }

  /** Of the run that this one is a part of. */
  private captured(home: Frame, ref: Pick<Ref, "scope" | "node" | "path">): unknown {
    const sealed = home.captured?.[capturedName(ref)];
    return sealed == null ? undefined : this.read(sealed);
  }

  private valueOfSlot(slot: Slot): unknown {
    if (slot.status !== "completed") return undefined;
    const { node, inside } = slot;
    if (node.kind === "sleep") return null;
    switch (inside && node.kind) {
      case "ensemble":
        return this.valueOfEnsemble(slot, inside as Inside);
      case "map":
        return (inside as Inside).frames.flatMap((one) => this.valueOfItem(node as PlanMap, inside as Inside, one));
      case "branch":
        return this.answerOf((inside as Inside).frames[0] as Frame);
      default:
        return slot.value === undefined ? undefined : this.read(slot.value);
    }
  }

  private answerOf(frame: Frame): unknown {
    return this.valueOfExpression(frame, frame.scope.answer);
  }

  /** None for an item that failed and was left out. */
  private valueOfItem({ onFailure }: PlanMap, inside: Inside, item: Frame): unknown[] {
    const failure = inside.failures.get(item.key as number);
    if (failure && inside.partLength !== undefined) return this.valueOfLostPart(onFailure, item, failure);
    if (failure) return onFailure === "collect" ? [{ status: "failure", failure }] : [];
    const value = this.answerOf(item);
    if (inside.partLength !== undefined) return value as unknown[];
    return [onFailure === "collect" ? { status: "success", value } : value];
  }

  /** A part that failed tells of its items one by one; of one that never began each has failed. */
  private valueOfLostPart(onFailure: PlanMap["onFailure"], part: Frame, failure: Failure): unknown[] {
    const value = this.state.slots[part.base]?.value;
    if (value !== undefined) return this.read(value) as unknown[];
    if (onFailure !== "collect") return [];
    const { items, from } = (this.given(part, ["item"]) ?? {}) as { items?: unknown[]; from?: number };
    const map = pathOf(part.owner as Slot);
    return (items ?? []).map((_, item) => {
      return { status: "failure", failure: lostWithPart(`${map}[${(from ?? 0) + item}]`, failure) };
    });
  }

  private valueOfEnsemble(slot: Slot, { frames: [frame] }: Inside): unknown {
    const { base, scope } = frame as Frame;
    const votes: Record<string, unknown> = {};
    let survivors = 0;
    for (const [index, { name }] of scope.nodes.entries()) {
      const member = slotAt(this.state, base + index);
      if (member.status === "completed") survivors++;
      setOwn(
        votes,
        name,
        voteOf(member, () => this.valueOfSlot(member)),
      );
    }
    return { value: slot.value === undefined ? undefined : this.read(slot.value), votes, survivors };
  }

  /** What a scope is given: the flow's input, an item with its index, or a turn with those before it. */
  private given(home: Frame, path: readonly string[]): unknown {
    const { owner, key, input } = home;
    const [field, ...rest] = path;
    if (!owner?.inside)
      return fieldAt(
        this.once(home, () => this.read(input as Sealed)),
        path,
      );
    const { items, values } = owner.inside;
    switch (field) {
      case "item":
        return fieldAt(
          this.once(home, () => this.read(items[key as number] as Sealed)),
          rest,
        );
      case "previous":
        return fieldAt(this.previous(owner, key as number), rest);
      case "turns":
        return fieldAt(values.slice(0, (key as number) - 1).map(this.read), rest);
      case "index":
        return (key as number) + owner.inside.from;
      default:
        return key; // `turn`
    }
  }

  private previous(loop: Slot, turn: number): unknown {
    if (turn > 1) return this.read((loop.inside as Inside).values[turn - 2] as Sealed);
    const { start } = (loop.node.needs as Extract<Expression, { kind: "object" }>).fields;
    return start && this.valueOfExpression(loop.frame, start);
  }

  private once<Key extends Slot | Frame>(key: Key, open: (key: Key) => unknown): unknown {
    if (this.lastKey === key) return this.lastValue;
    if (this.earlier?.has(key)) return this.earlier.get(key);
    const value = open(key);
    if (this.lastKey !== undefined) {
      this.earlier ??= new Map();
      this.earlier.set(this.lastKey, this.lastValue);
    }
    this.lastKey = key;
    this.lastValue = value;
    return value;
  }
}

/** Why an item failed that was lost with its part. */
export function lostWithPart(path: string, { kind, message }: Failure): Failure {
  return { kind: "scope", message: `${path} was lost with its part: ${message}`, path, cause: { kind, message } };
}

/** Assigned, a field `__proto__` would become the object's prototype. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** How a reference is named among what a part has captured. */
export function capturedName({ scope, node, path }: Pick<Ref, "scope" | "node" | "path">): string {
  return JSON.stringify([scope, node, ...path]);
}

/** True when what the expression reads ran, so that `firstOf` takes it; members of `firstOf` are references. */
export function gives(state: RunState, frame: Frame, expression: Expression): boolean {
  switch (expression.kind) {
    case "ref": {
      const { scope, node } = expression;
      const home = frameOf(frame, scope);
      if (home.scope.id !== scope) return typeof home.captured?.[capturedName(expression)] === "string";
      return node === inputNode || siblingOf(state, home, node).status === "completed";
    }
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
      const home = frameOf(frame, expression.scope);
      if (home.scope.id !== expression.scope) {
        // The slot that was skipped is the caller's; here the part as a whole stands for it.
        return home.captured?.[capturedName(expression)] === null ? home.base : undefined;
      }
      if (expression.node === inputNode) return undefined;
      const slot: Slot = siblingOf(state, home, expression.node);
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

/** The text that the value of an expression was recorded as, where the expression is all of what one step gave. */
export function recordedAs(state: RunState, frame: Frame, expression: Expression): Sealed | undefined {
  if (expression.kind !== "ref" || expression.path.length > 0 || expression.node === inputNode) return undefined;
  const home = frameOf(frame, expression.scope);
  if (home.scope.id !== expression.scope) return undefined;
  const { node, status, value } = siblingOf(state, home, expression.node);
  return node.kind === "step" && status === "completed" ? value : undefined;
}

/** The sealed values that an expression reads, so that those kept elsewhere can be fetched before it is resolved. */
export function sealedIn(state: RunState, frame: Frame, expression: Expression): Sealed[] {
  const found: Sealed[] = [];
  // What is read is what `resolve` opens; a reader that opens nothing says which.
  resolve(state, frame, expression, (sealed) => {
    found.push(sealed);
    return undefined;
  });
  return found;
}
