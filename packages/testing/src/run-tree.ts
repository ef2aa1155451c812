/**
 * The scopes and nodes of a run as its journal opens them, with what each node did by itself.
 *
 * Boundary: entries and description in; knows that a scope which is entered gets the next slots, and nothing else of how
 * the core keeps a run, so that it cannot share `evolve`'s mistakes. What follows from it all is reference-model.ts.
 * Invariant: entries are taken at their word; whether they should be there is for the checks.
 */
import { type Entry, type EntryOf, type Failure, open } from "@plumbline/core";
import { type FlowDescription, type NodeDescription, type ScopeDescription, scopesIn } from "./flow-description.ts";

/** What a node did by itself. */
export type Own =
  | { readonly kind: "gave"; readonly value: unknown }
  | { readonly kind: "declined" }
  | { readonly kind: "failed" };

export interface Turn {
  readonly value: unknown;
  readonly done: boolean;
}

/** One scope that was entered. Numbers that say when are indices into the journal. */
export interface TreeScope {
  readonly description: ScopeDescription;
  readonly prefix: string;
  readonly owner: TreeNode | undefined;
  readonly key: string | number | undefined;
  readonly nodes: TreeNode[];
  stoppedAt: number | undefined;
  /** An item that was done without. */
  failedAt: number | undefined;
  failure: Failure | undefined;
}

/** One node's instance. */
export interface TreeNode {
  readonly slot: number;
  readonly path: string;
  readonly description: NodeDescription;
  readonly index: number;
  readonly home: TreeScope;
  readonly scopes: TreeScope[];
  own: Own | undefined;
  settledAt: number | undefined;
  settledAs: "completed" | "skipped" | "failed" | undefined;
  failure: Failure | undefined;
  /** An ensemble takes no more answers. */
  closedAt: number | undefined;
  /** All that it opened is undone. */
  stoppedAt: number | undefined;
  items: readonly unknown[] | undefined;
  readonly turns: Turn[];
  /** What a function made of its scopes. */
  made: { readonly value: unknown } | undefined;
  usd: number;
}

export class RunTree {
  readonly nodes: TreeNode[] = [];
  root: TreeScope | undefined;
  length = 0;
  stoppedAt: number | undefined;
  private readonly description: FlowDescription;

  constructor(description: FlowDescription, entries: Iterable<Entry> = []) {
    this.description = description;
    for (const entry of entries) this.add(entry);
  }

  add(entry: Entry): void {
    const at = this.length++;
    if (entry.kind === "run.started") this.root = this.enter(this.description, "", undefined, undefined);
    else if (entry.kind === "run.stopped") this.stoppedAt ??= at;
    else if ("slot" in entry && entry.slot !== undefined) {
      const node = this.nodes[entry.slot];
      if (node) this.tell(node, entry, at);
    }
  }

  private enter(
    description: ScopeDescription,
    prefix: string,
    owner: TreeNode | undefined,
    key: string | number | undefined,
  ): TreeScope {
    const nodes: TreeNode[] = [];
    const scope: TreeScope = {
      description,
      prefix,
      owner,
      key,
      nodes,
      stoppedAt: undefined,
      failedAt: undefined,
      failure: undefined,
    };
    for (const [index, node] of description.nodes.entries()) {
      const one = newNode(this.nodes.length, scope, node, index);
      nodes.push(one);
      this.nodes.push(one);
    }
    return scope;
  }

  private tell(node: TreeNode, entry: Entry, at: number): void {
    if ("cost" in entry && entry.cost) {
      for (let one: TreeNode | undefined = node; one; one = one.home.owner) one.usd += entry.cost.usd ?? 0;
    }
    switch (entry.kind) {
      case "scope.entered":
        node.scopes.push(this.enterFrom(node, entry));
        return;
      case "items.listed":
        node.items = entry.items.map((item) => open(item));
        return;
      case "turn.completed":
        node.turns.push({ value: open(entry.value), done: entry.done });
        return;
      case "scope.closed":
        node.closedAt = at;
        return;
      case "scope.stopped":
        if (entry.key === undefined) node.stoppedAt = at;
        else (node.scopes[entry.key] as TreeScope).stoppedAt = at;
        return;
      case "scope.failed": {
        const scope = node.scopes[entry.key] as TreeScope;
        scope.failedAt = at;
        scope.failure = entry.failure;
        return;
      }
      default:
        settleBy(node, entry, at);
    }
  }

  private enterFrom(owner: TreeNode, { key }: EntryOf<"scope.entered">): TreeScope {
    const { path, description } = owner;
    const [first] = scopesIn(description);
    const scope = description.kind === "branch" ? description.cases[key as string] : first?.[1];
    const suffix = key === undefined ? "." : typeof key === "number" ? `[${key}].` : `.${key}.`;
    return this.enter(scope ?? { nodes: [], answer: { kind: "constant", value: null } }, path + suffix, owner, key);
  }
}

function newNode(slot: number, home: TreeScope, description: NodeDescription, index: number): TreeNode {
  return {
    slot,
    path: home.prefix + description.name,
    description,
    index,
    home,
    scopes: [],
    own: undefined,
    settledAt: undefined,
    settledAs: undefined,
    failure: undefined,
    closedAt: undefined,
    stoppedAt: undefined,
    items: undefined,
    turns: [],
    made: undefined,
    usd: 0,
  };
}

/** Kinds of failure that follow from something else, so that the model works them out by itself. */
const derived: ReadonlySet<string> = new Set(["need", "scope", "quorum", "limit"]);

/** Entries that end a node. */
function settleBy(node: TreeNode, entry: Entry, at: number): void {
  switch (entry.kind) {
    case "step.completed":
    case "approval.decided":
    case "signal.answered":
      node.own = { kind: "gave", value: open(entry.value) };
      settled(node, at, "completed");
      return;
    case "call.answered":
      if (entry.value === undefined) return;
      node.own = { kind: "gave", value: open(entry.value) };
      settled(node, at, "completed");
      return;
    case "timer.fired":
      if (entry.timer !== "sleep") return;
      node.own = { kind: "gave", value: null };
      settled(node, at, "completed");
      return;
    case "scope.completed":
      if (entry.value !== undefined) node.made = { value: open(entry.value) };
      settled(node, at, "completed");
      return;
    case "step.skipped":
      if (entry.because === "when") node.own = { kind: "declined" };
      settled(node, at, "skipped");
      return;
    case "step.failed":
      node.failure = entry.failure;
      if (!derived.has(entry.failure.kind)) node.own = { kind: "failed" };
      settled(node, at, "failed");
  }
}

function settled(node: TreeNode, at: number, as: "completed" | "skipped" | "failed"): void {
  node.settledAt ??= at;
  node.settledAs ??= as;
}

/** True while new work may start there. */
export function isLiveIn(tree: RunTree, scope: TreeScope): boolean {
  if (tree.stoppedAt !== undefined) return false;
  for (let at: TreeScope | undefined = scope; at?.owner; at = at.owner.home) {
    const { owner } = at;
    if (at.stoppedAt !== undefined || at.failedAt !== undefined) return false;
    if (owner.closedAt !== undefined || owner.stoppedAt !== undefined || owner.settledAt !== undefined) return false;
  }
  return true;
}

/** True when the node lies in a scope that `owner` opened; with `within`, in that one. */
export function liesIn(node: TreeNode, owner: TreeNode, within?: TreeScope): boolean {
  for (let at: TreeScope | undefined = node.home; at?.owner; at = at.owner.home) {
    if (at.owner === owner) return within === undefined || at === within;
  }
  return false;
}

/** An effect, or a run that was called: what can be in the world. */
export function isEffect({ description }: TreeNode): boolean {
  return description.kind === "call" || (description.kind === "step" && description.stepKind === "effect");
}
