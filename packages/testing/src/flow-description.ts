/**
 * What a random flow is, written down on its own: scopes, nodes, and how they read each other.
 *
 * Boundary: shapes, and what follows from them alone: who reads a node and whether its failure is absorbed there. Chance
 * makes them (flow-generator.ts), the builder turns them into a real flow (described-flow.ts). Invariant: nothing here is
 * read off a plan, so that builder and plan are under test too.
 */
import type { StepKind } from "@plumbline/core";

/** What a scope gives to those in it: an item with its index, or a turn with those before it. */
export type GivenField = "item" | "index" | "previous" | "turn" | "turns";

/** How a node, or an answer, reads. `up` counts scopes outwards: 0 is the reader's own. */
export type Reading =
  | { readonly kind: "input" }
  | { readonly kind: "constant"; readonly value: unknown }
  | { readonly kind: "given"; readonly up: number; readonly field: GivenField }
  | { readonly kind: "node"; readonly up: number; readonly node: number; readonly field?: "v" | "list" }
  | { readonly kind: "optional"; readonly of: Reading; readonly onFailure: boolean }
  | { readonly kind: "first"; readonly of: readonly Reading[] }
  | { readonly kind: "object"; readonly fields: Readonly<Record<string, Reading>> }
  | { readonly kind: "list"; readonly of: readonly Reading[] };

export interface RungDescription {
  readonly maxAttempts: number;
  readonly timeoutMs: number;
  readonly delayMs: number;
  readonly breaker?: string;
}

interface NodeBase {
  readonly name: string;
  readonly needs: Readonly<Record<string, Reading>>;
  readonly after: readonly Reading[];
  readonly when: boolean;
}

export interface StepDescription extends NodeBase {
  readonly kind: "step";
  readonly stepKind: StepKind;
  readonly rungs: readonly RungDescription[];
  readonly undoable: boolean;
}

export interface ApprovalDescription extends NodeBase {
  readonly kind: "approval";
  readonly desk: string;
  readonly deskBreaker: boolean;
  /** The declared decisions are functions, so that giving them runs user code. */
  readonly byFunction: boolean;
}

export interface BranchDescription extends NodeBase {
  readonly kind: "branch";
  readonly cases: Readonly<Record<string, ScopeDescription>>;
}

export interface EnsembleDescription extends NodeBase {
  readonly kind: "ensemble";
  /** One step for each member; they read what the ensemble reads, from inside. */
  readonly members: ScopeDescription;
  readonly quorum: number;
  readonly settle: "quorum" | "all";
  readonly below: "fails" | "value" | "function";
}

export interface MapDescription extends NodeBase {
  readonly kind: "map";
  readonly each: ScopeDescription;
  readonly concurrency: number;
  readonly onFailure: "fail" | "drop" | "collect";
}

export interface LoopDescription extends NodeBase {
  readonly kind: "loop";
  readonly body: ScopeDescription;
  readonly maxTurns: number;
  readonly maxUsd?: number;
  readonly atLimit: "fail" | "last" | "function";
}

export interface CallDescription extends NodeBase {
  readonly kind: "call";
}

export interface SleepDescription extends NodeBase {
  readonly kind: "sleep";
  /** Absent: a function says until when. */
  readonly forMs?: number;
}

export interface SignalDescription extends NodeBase {
  readonly kind: "signal";
  readonly timeoutMs: number;
  readonly byFunction: boolean;
}

export type NodeDescription =
  | StepDescription
  | ApprovalDescription
  | BranchDescription
  | EnsembleDescription
  | MapDescription
  | LoopDescription
  | CallDescription
  | SleepDescription
  | SignalDescription;

export interface ScopeDescription {
  readonly nodes: readonly NodeDescription[];
  readonly answer: Reading;
}

export interface FlowDescription extends ScopeDescription {
  readonly deadline: "none" | "fails" | "answers";
}

/** The declared value of an ensemble below its quorum. */
export const belowValue: unknown = { v: "too few", list: ["one"] };
/** What a signal is taken to have said when none came. */
export const silence: unknown = { v: "silence" };

/** The scopes that a node may open, with how their paths go on: `.case`, or nothing. */
export function scopesIn(node: NodeDescription): readonly (readonly [suffix: string, scope: ScopeDescription])[] {
  switch (node.kind) {
    case "branch":
      return Object.entries(node.cases).map(([key, scope]) => [`.${key}`, scope]);
    case "ensemble":
      return [["", node.members]];
    case "map":
      return [["", node.each]];
    case "loop":
      return [["", node.body]];
    default:
      return [];
  }
}

/** Every node of a flow by its path, without the keys of items and turns. */
export function nodesByPath(scope: ScopeDescription, prefix = ""): Map<string, NodeDescription> {
  const found = new Map<string, NodeDescription>();
  for (const node of scope.nodes) {
    const path = prefix + node.name;
    found.set(path, node);
    for (const [suffix, inner] of scopesIn(node)) {
      for (const [key, one] of nodesByPath(inner, `${path}${suffix}.`)) found.set(key, one);
    }
  }
  return found;
}

/** One place where a reading names a node, with what happens to that node's failure there. */
export interface Touch {
  readonly up: number;
  readonly node: number;
  readonly absorbs: boolean;
}

/** Every node that a reading names. */
export function touchesOf(reading: Reading, absorbs = false): Touch[] {
  switch (reading.kind) {
    case "node":
      return [{ up: reading.up, node: reading.node, absorbs }];
    case "optional":
      return touchesOf(reading.of, absorbs || reading.onFailure);
    case "first":
    case "list":
      return reading.of.flatMap((one) => touchesOf(one, absorbs));
    case "object":
      return Object.values(reading.fields).flatMap((one) => touchesOf(one, absorbs));
    default:
      return [];
  }
}

/** What a node reads by itself. */
export function readingsOf(node: NodeDescription): Reading[] {
  return [...Object.values(node.needs), ...node.after];
}

const outside = new WeakMap<NodeDescription, readonly Touch[]>();

/** What the scopes of a node read outside of them: `up` counts from the node's own scope. */
export function outsideTouchesOf(node: NodeDescription): readonly Touch[] {
  const known = outside.get(node);
  if (known) return known;
  const found = scopesIn(node).flatMap(([, scope]) => {
    const inner = scope.nodes.flatMap((one) => [
      ...readingsOf(one).flatMap((reading) => touchesOf(reading)),
      ...outsideTouchesOf(one),
    ]);
    return [...inner, ...touchesOf(scope.answer)].filter(({ up }) => up > 0).map((one) => ({ ...one, up: one.up - 1 }));
  });
  outside.set(node, found);
  return found;
}

interface Standing {
  /** All who read the node do without it, and somebody does. */
  readonly absorbed: boolean;
  /** Its failure ends a line of readers: nobody in the scope is left to do without it. */
  readonly fatal: boolean;
  /** Nodes of the scope that fail with it. */
  readonly failing: readonly number[];
}

const standings = new WeakMap<ScopeDescription, readonly Standing[]>();

/** How the failure of each node of a scope is taken by those who read it. */
export function standingsIn(scope: ScopeDescription): readonly Standing[] {
  const known = standings.get(scope);
  if (known) return known;
  const readers = scope.nodes.map((node) =>
    [...readingsOf(node).flatMap((reading) => touchesOf(reading)), ...outsideTouchesOf(node)].filter(
      ({ up }) => up === 0,
    ),
  );
  const answer = touchesOf(scope.answer).filter(({ up }) => up === 0);
  const found = scope.nodes.map((_, index) => {
    const inAnswer = answer.filter(({ node }) => node === index);
    const all = [...readers.flat().filter(({ node }) => node === index), ...inAnswer];
    return {
      absorbed: all.length > 0 && all.every(({ absorbs }) => absorbs),
      fatal: all.length === 0 || inAnswer.some(({ absorbs }) => !absorbs),
      failing: readers.flatMap((touches, reader) =>
        touches.some(({ node, absorbs }) => node === index && !absorbs) ? [reader] : [],
      ),
    };
  });
  standings.set(scope, found);
  return found;
}

/** Keeps a field called `__proto__` a field. */
export function mapFields<T, U>(fields: Readonly<Record<string, T>>, map: (field: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, map(field)]));
}
