/**
 * What should have become of every node, scope and answer, worked out a second time.
 *
 * Boundary: written from the rules (2, 9, 14, 15) over the description of a flow and the facts of its journal; it reads
 * neither plan nor state, so that it cannot share their mistakes. Facts are what each node did by itself (run-tree.ts).
 * Invariant: one instance judges one moment; ask a new one when entries have been added.
 */
import {
  belowValue,
  type EnsembleDescription,
  type LoopDescription,
  type MapDescription,
  mapFields,
  outsideTouchesOf,
  type Reading,
  readingsOf,
  standingsIn,
  touchesOf,
} from "./flow-description.ts";
import type { TreeNode, TreeScope } from "./run-tree.ts";

export type Fate =
  | { readonly kind: "gave"; readonly value: unknown }
  | { readonly kind: "skipped" }
  | { readonly kind: "failed"; readonly by: "itself" | "a need" | "inside" }
  | { readonly kind: "open" };

/** What a reading comes to: a value (undefined where something was absorbed), or what is passed on. */
type Read = { readonly kind: "value"; readonly value: unknown } | { readonly kind: "skip" | "fail" | "open" };

const open = { kind: "open" } as const;

export class Fates {
  private readonly input: unknown;
  private readonly known = new Map<TreeNode, Fate>();

  constructor(input: unknown) {
    this.input = input;
  }

  of(node: TreeNode): Fate {
    const known = this.known.get(node);
    if (known) return known;
    const fate = this.find(node);
    this.known.set(node, fate);
    return fate;
  }

  private find(node: TreeNode): Fate {
    const reads = readingsOf(node.description).map((reading) => this.read(reading, node.home));
    // What its scopes read outside: a failure is the node's own, a skip is left to those who read it in there.
    const within = outsideTouchesOf(node.description)
      .filter(({ up }) => up === 0)
      .map(({ node: index, absorbs }) => ({ fate: this.of(node.home.nodes[index] as TreeNode), absorbs }));
    if (reads.some((read) => read.kind === "fail")) return { kind: "failed", by: "a need" };
    if (within.some(({ fate, absorbs }) => fate.kind === "failed" && !absorbs)) return { kind: "failed", by: "a need" };
    if (reads.some((read) => read.kind === "open") || within.some(({ fate }) => fate.kind === "open")) return open;
    if (reads.some((read) => read.kind === "skip")) return { kind: "skipped" };
    const { own, description } = node;
    if (own?.kind === "declined") return { kind: "skipped" };
    if (own?.kind === "failed") return { kind: "failed", by: "itself" };
    switch (description.kind) {
      case "branch":
        return node.scopes[0] ? this.ofScope(node.scopes[0]) : open;
      case "ensemble":
        return this.ofEnsemble(node, description);
      case "map":
        return this.ofMap(node, description);
      case "loop":
        return this.ofLoop(node, description);
      default:
        return own ?? open;
    }
  }

  /** The answer of one scope: failed as soon as something failed in it that nobody there does without. */
  ofScope(scope: TreeScope): Exclude<Fate, { kind: "skipped" }> {
    const standings = standingsIn(scope.description);
    const fates = scope.nodes.map((node) => this.of(node));
    const fallen = fates.some((fate, index) => {
      const standing = standings[index];
      return fate.kind === "failed" && standing?.fatal && !standing.absorbed;
    });
    if (fallen) return { kind: "failed", by: "inside" };
    if (fates.some((fate) => fate.kind === "open")) return open;
    return { kind: "gave", value: this.value(scope.description.answer, scope) };
  }

  /** The answers that were given, by member. */
  survivorsOf(node: TreeNode): [string, unknown][] {
    return (node.scopes[0]?.nodes ?? []).flatMap((member): [string, unknown][] => {
      const fate = this.of(member);
      return fate.kind === "gave" ? [[member.description.name, fate.value]] : [];
    });
  }

  votesOf(node: TreeNode): Record<string, unknown> {
    const members = node.scopes[0]?.nodes ?? [];
    return Object.fromEntries(members.map((member) => [member.description.name, this.voteOf(member)]));
  }

  private voteOf(member: TreeNode): unknown {
    const fate = this.of(member);
    if (fate.kind === "gave") return { status: "success", value: fate.value, message: undefined };
    const { failure } = member;
    if (!failure) return { status: "superseded", value: undefined, message: "the answer was there before" };
    const status = failure.kind === "timeout" || failure.kind === "contract" ? failure.kind : "error";
    return { status, value: undefined, message: failure.message };
  }

  private ofEnsemble(node: TreeNode, { quorum, below }: EnsembleDescription): Fate {
    const [scope] = node.scopes;
    if (!scope) return open;
    const survivors = this.survivorsOf(node).length;
    const allSpoke = scope.nodes.every((member) => this.of(member).kind !== "open");
    if (!allSpoke && node.closedAt === undefined) return open;
    const gave = (value: unknown): Fate => ({ kind: "gave", value: { value, votes: this.votesOf(node), survivors } });
    if (survivors < quorum && below === "fails") return { kind: "failed", by: "itself" };
    if (survivors < quorum && below === "value") return gave(belowValue);
    return node.made ? gave(node.made.value) : open;
  }

  private ofMap(node: TreeNode, { onFailure }: MapDescription): Fate {
    const items = node.items?.map((_, index) => node.scopes[index]);
    if (!items) return open;
    const fates = items.map((scope) => (scope ? this.ofScope(scope) : open));
    if (onFailure === "fail" && fates.some(({ kind }) => kind === "failed")) return { kind: "failed", by: "inside" };
    if (fates.some(({ kind }) => kind === "open")) return open;
    const value = fates.flatMap((fate, index): unknown[] => {
      if (fate.kind === "gave")
        return [onFailure === "collect" ? { status: "success", value: fate.value } : fate.value];
      return onFailure === "collect" ? [{ status: "failure", failure: items[index]?.failure }] : [];
    });
    return { kind: "gave", value };
  }

  private ofLoop(node: TreeNode, { atLimit }: LoopDescription): Fate {
    if (node.scopes.some((scope) => this.ofScope(scope).kind === "failed")) return { kind: "failed", by: "inside" };
    const last = node.turns.at(-1);
    if (!last || node.turns.length < node.scopes.length) return open;
    if (last.done) return { kind: "gave", value: last.value };
    if (!isAtLimit(node)) return open;
    if (atLimit === "fail") return { kind: "failed", by: "itself" };
    if (atLimit === "last") return { kind: "gave", value: last.value };
    return node.made ? { kind: "gave", value: node.made.value } : open;
  }

  /** What a node is given. */
  needsOf({ description, home }: TreeNode): unknown {
    return mapFields(description.needs, (reading) => this.value(reading, home));
  }

  /** What a reading gives where nothing failed on the way: a skipped part is undefined. */
  value(reading: Reading, home: TreeScope): unknown {
    switch (reading.kind) {
      case "object":
        return mapFields(reading.fields, (one) => this.value(one, home));
      case "list":
        return reading.of.map((one) => this.value(one, home));
      default: {
        const read = this.read(reading, home);
        return read.kind === "value" ? read.value : undefined;
      }
    }
  }

  /**
   * One reading. A node that has not settled leaves it open, also where an alternative is there already: which one
   * `firstOf` takes is known only when all have settled.
   */
  private read(reading: Reading, home: TreeScope): Read {
    switch (reading.kind) {
      case "input":
        return { kind: "value", value: this.input };
      case "constant":
        return { kind: "value", value: reading.value };
      case "given":
        return { kind: "value", value: this.given(reading, home) };
      case "node": {
        const fate = this.of(named(reading, home));
        if (fate.kind === "open") return open;
        if (fate.kind !== "gave") return { kind: fate.kind === "failed" ? "fail" : "skip" };
        return { kind: "value", value: reading.field === undefined ? fate.value : fieldOf(fate.value, reading.field) };
      }
      case "optional": {
        const of = this.read(reading.of, home);
        if (of.kind === "skip") return { kind: "value", value: undefined };
        if (!reading.onFailure) return of;
        if (touchesOf(reading.of).some((one) => this.of(named(one, home)).kind === "open")) return open;
        return of.kind === "fail" ? { kind: "value", value: this.ranAnyway(reading.of, home) } : of;
      }
      case "first":
        return this.first(reading.of, home);
      case "object":
      case "list": {
        const parts = reading.kind === "list" ? reading.of : Object.values(reading.fields);
        const reads = parts.map((part) => this.read(part, home));
        const passedOn = ["fail", "open", "skip"].flatMap((kind) => reads.filter((read) => read.kind === kind))[0];
        return passedOn ?? { kind: "value", value: this.value(reading, home) };
      }
    }
  }

  private first(members: readonly Reading[], home: TreeScope): Read {
    const reads = members.map((member) => this.read(member, home));
    const passedOn = reads.find((read) => read.kind === "fail") ?? reads.find((read) => read.kind === "open");
    if (passedOn) return passedOn;
    const ran = members.findIndex((member) => this.didRun(member, home));
    const absorbed = reads.find((read) => read.kind === "value");
    return reads[ran] ?? absorbed ?? { kind: "skip" };
  }

  /** Below `optional(..., { onFailure: true })`: an alternative that ran is taken though another one failed. */
  private ranAnyway(reading: Reading, home: TreeScope): unknown {
    if (reading.kind === "optional") return this.ranAnyway(reading.of, home);
    if (reading.kind === "first") {
      const ran = reading.of.find((member) => this.didRun(member, home));
      return ran && this.ranAnyway(ran, home);
    }
    return this.value(reading, home);
  }

  private didRun(reading: Reading, home: TreeScope): boolean {
    if (reading.kind === "node") return this.of(named(reading, home)).kind === "gave";
    if (reading.kind === "optional") return this.didRun(reading.of, home);
    return reading.kind === "first" ? reading.of.some((member) => this.didRun(member, home)) : true;
  }

  private given({ up, field }: Extract<Reading, { kind: "given" }>, from: TreeScope): unknown {
    const home = outwards(from, up);
    const owner = home.owner as TreeNode;
    const key = home.key as number;
    if (field === "item") return owner.items?.[key];
    if (field === "turns") return owner.turns.slice(0, key - 1).map(({ value }) => value);
    if (field !== "previous") return key;
    if (key > 1) return owner.turns[key - 2]?.value;
    const { start } = owner.description.needs;
    return start && this.value(start, owner.home);
  }
}

/** No new turn may begin. */
export function isAtLimit({ description, scopes, usd }: TreeNode): boolean {
  const { maxTurns, maxUsd = Number.POSITIVE_INFINITY } = description as LoopDescription;
  return scopes.length >= maxTurns || usd >= maxUsd;
}

function outwards(scope: TreeScope, up: number): TreeScope {
  let at = scope;
  for (let step = 0; step < up; step++) at = (at.owner as TreeNode).home;
  return at;
}

function named({ up, node }: { readonly up: number; readonly node: number }, home: TreeScope): TreeNode {
  return outwards(home, up).nodes[node] as TreeNode;
}

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, field)) return undefined;
  return (value as Record<string, unknown>)[field];
}

/** All who read the node do without it, and somebody does. */
export function isAbsorbed({ home, index }: TreeNode): boolean {
  return standingsIn(home.description)[index]?.absorbed === true;
}

/** True when the node's failure would be the end of the run; false when somebody on the way does without it. */
export function endsTheRun(node: TreeNode): boolean {
  const { home, index } = node;
  const standing = standingsIn(home.description)[index];
  if (!standing || standing.absorbed) return false;
  if (!standing.fatal) return standing.failing.some((reader) => endsTheRun(home.nodes[reader] as TreeNode));
  return home.owner ? scopeEndsTheRun(home.owner) : true;
}

/** The same of a failure of one of the scopes that a node opened. */
function scopeEndsTheRun(owner: TreeNode): boolean {
  const { description } = owner;
  if (description.kind === "map" && description.onFailure !== "fail") return false;
  return endsTheRun(owner);
}
