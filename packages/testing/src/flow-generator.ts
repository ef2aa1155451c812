/**
 * Random flows, as descriptions: steps, people, waits, and scopes inside each other.
 *
 * Boundary: what a flow looks like; what its steps answer is the world's (world.ts). Invariants: every flow is valid, and
 * small enough that its runs end soon: at most `maxNodes` nodes, three turns, three items.
 */
import type { StepKind } from "@plumbline/core";
import {
  type FlowDescription,
  type GivenField,
  type NodeDescription,
  outsideTouchesOf,
  type Reading,
  type RungDescription,
  readingsOf,
  type ScopeDescription,
  type StepDescription,
  scopesIn,
  touchesOf,
} from "./flow-description.ts";
import type { Seeded } from "./seeded.ts";

export interface GeneratorOptions {
  readonly maxNodes: number;
  /** Scopes inside each other; 0 for none. */
  readonly maxDepth: number;
  readonly deadlines: boolean;
  readonly breakers: boolean;
  readonly approvals: boolean;
  /** Sleeps, signals and calls. */
  readonly waits: boolean;
}

/** What a scope that is being made may read: the nodes of it that there are, and those of the scopes around it. */
interface Place {
  readonly depth: number;
  readonly visible: readonly (readonly NodeDescription[])[];
  readonly given: readonly (readonly GivenField[])[];
}

export function describeFlow(seeded: Seeded, options: GeneratorOptions): FlowDescription {
  const scope = new Generator(seeded, options).scope({ depth: 0, visible: [[]], given: [[]] });
  const deadline = options.deadlines ? seeded.pick(["none", "none", "fails", "answers"] as const) : "none";
  return { ...scope, deadline };
}

const signalNames = ["go", "stop"];

class Generator {
  private readonly seeded: Seeded;
  private readonly options: GeneratorOptions;
  private left: number;

  constructor(seeded: Seeded, options: GeneratorOptions) {
    this.seeded = seeded;
    this.options = options;
    this.left = seeded.integer(1, options.maxNodes);
  }

  scope(place: Place): ScopeDescription {
    const { seeded } = this;
    const nodes: NodeDescription[] = [];
    const most = place.depth === 0 ? this.left : seeded.pick([0, 1, 2, 2, 3, 4]);
    const here = (): Place => ({ ...place, visible: [[...nodes], ...place.visible.slice(1)] });
    while (this.left > 0 && nodes.length < most) {
      this.left--;
      nodes.push(this.node(nodes, here()));
    }
    return { nodes, answer: this.answer(nodes, here()) };
  }

  /** Reads what nobody else reads, and a few more; or is a constant where nothing must be read. */
  private answer(nodes: readonly NodeDescription[], place: Place): Reading {
    const { seeded } = this;
    const touches = nodes.flatMap((node) => [
      ...readingsOf(node).flatMap((reading) => touchesOf(reading)),
      ...outsideTouchesOf(node),
    ]);
    const read = new Set(touches.filter(({ up }) => up === 0).map(({ node }) => node));
    const fields: Record<string, Reading> = {};
    for (const [index, node] of nodes.entries()) {
      const mustBeRead = isForItsAnswer(node) && !read.has(index);
      if (mustBeRead || seeded.chance(0.25)) fields[`a${index}`] = this.answered(node, index, place);
    }
    if (place.depth > 0 && Object.keys(fields).length === 0 && seeded.chance(0.4)) {
      return { kind: "constant", value: seeded.pick<unknown>(["constant", null, { v: 1, list: [2] }]) };
    }
    if (seeded.chance(0.3)) fields.mixed = this.reading(place, 0);
    const given = this.givens(place).filter(({ up }) => up === 0);
    if (given.length > 0 && seeded.chance(0.5)) fields.given = seeded.pick(given);
    return { kind: "object", fields };
  }

  /** A node in an answer; one that opens scopes is often done without when it fails. */
  private answered(node: NodeDescription, index: number, place: Place): Reading {
    if (scopesIn(node).length === 0 || this.seeded.chance(0.4)) return this.reading(place, 1, [index]);
    return { kind: "optional", of: { kind: "node", up: 0, node: index }, onFailure: true };
  }

  private node(before: readonly NodeDescription[], place: Place): NodeDescription {
    const { seeded, options } = this;
    const name = `s${before.length}`;
    const drawn = seeded.next();
    if (place.depth < options.maxDepth && drawn < 0.35) return this.owner(name, place);
    if (options.approvals && drawn < 0.45) {
      const deskBreaker = options.breakers && seeded.chance(0.5);
      return { ...this.base(name, place), kind: "approval", desk: "desk", deskBreaker, byFunction: seeded.chance(0.5) };
    }
    if (options.waits && drawn < 0.6) return this.waiting(name, before, place);
    const stepKind = seeded.pick(["pure", "read", "read", "effect", "effect", "effect"] as const);
    return this.step(name, stepKind, place);
  }

  private step(name: string, stepKind: StepKind, place: Place): StepDescription {
    const { seeded } = this;
    const undoable = stepKind === "effect" && seeded.chance(0.75);
    return { ...this.base(name, place), kind: "step", stepKind, rungs: this.rungs(place), undoable };
  }

  /** Short ladders inside, so that scopes fail often enough. */
  private rungs({ depth }: Place): RungDescription[] {
    const { seeded, options } = this;
    return Array.from({ length: seeded.pick(depth > 0 ? [1, 1, 1, 2] : [1, 1, 2, 3]) }, () => ({
      maxAttempts: seeded.pick(depth > 0 ? [1, 1, 2] : [1, 2, 3]),
      timeoutMs: seeded.pick([100, 1_000, 5_000]),
      delayMs: seeded.pick([0, 10, 1_000]),
      ...(options.breakers && seeded.chance(0.2) ? { breaker: "backend" } : {}),
    }));
  }

  private base(name: string, place: Place) {
    const { seeded } = this;
    const needs: Record<string, Reading> = {};
    const count = seeded.integer(0, Math.min(3, this.nodesIn(place)));
    for (let n = 0; n < count; n++) needs[seeded.chance(0.03) ? "__proto__" : `n${n}`] = this.reading(place, 0);
    return { name, needs, after: this.after(place), when: seeded.chance(0.2) };
  }

  private after(place: Place): Reading[] {
    if (this.nodesIn(place) === 0 || !this.seeded.chance(0.15)) return [];
    return [this.reading(place, 1)].filter(isReference);
  }

  private nodesIn({ visible }: Place): number {
    return visible.reduce((sum, nodes) => sum + nodes.length, 0);
  }

  private waiting(name: string, before: readonly NodeDescription[], place: Place): NodeDescription {
    const { seeded } = this;
    const kind = seeded.pick(["sleep", "signal", "signal", "call", "call"] as const);
    switch (kind) {
      case "sleep": {
        const time = seeded.chance(0.5) ? { forMs: seeded.pick([0, 50, 3_000]) } : {};
        return { ...this.base(name, place), kind, ...time };
      }
      case "signal": {
        const free = signalNames.filter((one) => before.every((node) => node.name !== one));
        const timeoutMs = seeded.pick([100, 5_000]);
        const base = this.base(free.length > 0 ? seeded.pick(free) : name, place);
        return { ...base, kind, timeoutMs, byFunction: seeded.chance(0.5) };
      }
      case "call":
        return { name, needs: { input: this.reading(place, 0) }, after: this.after(place), when: false, kind };
    }
  }

  /** A node that opens scopes; what those may read is what the node may read, and what it gives them. */
  private owner(name: string, place: Place): NodeDescription {
    const { seeded } = this;
    const inner = (given: readonly GivenField[] = []) =>
      this.scope({
        depth: place.depth + 1,
        visible: [[], ...place.visible],
        given: [given, ...place.given],
      });
    const kind = seeded.pick(["branch", "map", "map", "loop", "ensemble"] as const);
    switch (kind) {
      case "branch": {
        const keys = ["x", "y", "z"].slice(0, seeded.integer(1, 3));
        const cases = Object.fromEntries(keys.map((key) => [key, inner()]));
        return { ...this.base(name, place), kind, cases };
      }
      case "map": {
        const onFailure = seeded.pick(["fail", "drop", "drop", "collect"] as const);
        const needs = { over: this.array(place) };
        const concurrency = seeded.integer(1, 4);
        const each = inner(["item", "index"]);
        return { name, needs, after: this.after(place), when: false, kind, each, concurrency, onFailure };
      }
      case "loop": {
        const needs: Record<string, Reading> = seeded.chance(0.5) ? { start: this.reading(place, 0) } : {};
        return {
          name,
          needs,
          after: this.after(place),
          when: false,
          kind,
          body: inner(["previous", "turn", "turns"]),
          maxTurns: seeded.integer(1, 3),
          ...(seeded.chance(0.3) ? { maxUsd: seeded.pick([0.5, 1, 2]) } : {}),
          atLimit: seeded.pick(["fail", "last", "function"] as const),
        };
      }
      case "ensemble":
        return this.ensemble(name, place);
    }
  }

  private ensemble(name: string, place: Place): NodeDescription {
    const { seeded } = this;
    const base = this.base(name, place);
    const stepKind = seeded.pick(["pure", "read"] as const);
    const count = seeded.integer(1, 4);
    const nodes = Array.from({ length: count }, (_, index) => ({
      name: `m${index}`,
      kind: "step" as const,
      needs: Object.fromEntries(Object.entries(base.needs).map(([key, reading]) => [key, fromInside(reading)])),
      after: [],
      when: false,
      stepKind,
      rungs: this.rungs(place),
      undoable: false,
    }));
    const fields = nodes.map(({ name: member }, node) => {
      const of = { kind: "node" as const, up: 0, node };
      return [member, { kind: "optional" as const, of, onFailure: true }] as const;
    });
    return {
      ...base,
      kind: "ensemble",
      members: { nodes, answer: { kind: "object", fields: Object.fromEntries(fields) } },
      quorum: seeded.integer(1, count),
      settle: seeded.pick(["quorum", "all"] as const),
      below: seeded.pick(["fails", "value", "function"] as const),
    };
  }

  /** What is an array at run time, most of the time. */
  private array(place: Place): Reading {
    const { seeded } = this;
    const listing = place.visible.flatMap((nodes, up) =>
      nodes.flatMap(({ kind }, node) => (kind === "step" || kind === "call" ? [{ up, node }] : [])),
    );
    if (listing.length === 0 || seeded.chance(0.3)) {
      return { kind: "list", of: Array.from({ length: seeded.integer(0, 3) }, () => this.reading(place, 0)) };
    }
    const of = { kind: "node" as const, ...seeded.pick(listing), field: "list" as const };
    if (seeded.chance(0.85)) return of;
    return seeded.chance(0.5)
      ? { kind: "first", of: [of, { ...this.named(place), field: "list" }] }
      : { kind: "optional", of, onFailure: seeded.chance(0.5) };
  }

  private givens({ given }: Place): Extract<Reading, { kind: "given" }>[] {
    return given.flatMap((fields, up) => fields.map((field) => ({ kind: "given" as const, up, field })));
  }

  /** Names a node: mostly of the own scope, else of one around it. */
  private named({ visible }: Place, among?: readonly number[]): Extract<Reading, { kind: "node" }> {
    const { seeded } = this;
    const levels = visible.flatMap((nodes, up) => (nodes.length > 0 ? [up] : []));
    const up = among || (levels[0] === 0 && seeded.chance(0.6)) ? 0 : seeded.pick(levels);
    const node = among ? seeded.pick(among) : seeded.integer(0, (visible[up]?.length ?? 0) - 1);
    return { kind: "node", up, node, ...(seeded.chance(0.25) ? { field: "v" } : {}) };
  }

  /** A reading of nodes that are there already; `among` narrows the choice. */
  private reading(place: Place, depth: number, among?: readonly number[]): Reading {
    const { seeded } = this;
    const drawn = seeded.next();
    const givens = this.givens(place);
    if (!among && depth === 0) {
      if (givens.length > 0 && drawn > 0.85) return seeded.pick(givens);
      if (drawn > 0.95 || this.nodesIn(place) === 0) {
        return drawn < 0.5 ? { kind: "input" } : { kind: "constant", value: { fixed: [1, undefined, -0] } };
      }
    }
    if (drawn < 0.5) return this.named(place, among);
    if (drawn < 0.72) {
      const of = depth < 2 ? this.reading(place, depth + 2, among) : this.named(place, among);
      return { kind: "optional", of: isReference(of) ? of : this.named(place, among), onFailure: seeded.chance(0.5) };
    }
    if (among || drawn > 0.88) return this.named(place, among);
    const of = Array.from({ length: seeded.integer(2, 3) }, () => this.reading(place, depth + 2));
    return { kind: "first", of: of.map((one) => (isReference(one) ? one : this.named(place))) };
  }
}

function isReference(reading: Reading): boolean {
  return reading.kind === "node" || reading.kind === "optional" || reading.kind === "first";
}

/** The same reading, one scope further in. */
function fromInside(reading: Reading): Reading {
  switch (reading.kind) {
    case "given":
    case "node":
      return { ...reading, up: reading.up + 1 };
    case "optional":
      return { ...reading, of: fromInside(reading.of) };
    case "first":
    case "list":
      return { ...reading, of: reading.of.map(fromInside) };
    case "object":
      return {
        kind: "object",
        fields: Object.fromEntries(Object.entries(reading.fields).map(([key, one]) => [key, fromInside(one)])),
      };
    default:
      return reading;
  }
}

/** What changes nothing and waits for nobody: a flow in which nobody reads it is refused. */
function isForItsAnswer(node: NodeDescription): boolean {
  if (node.kind === "step") return node.stepKind !== "effect";
  const scopes = scopesIn(node);
  return scopes.length > 0 && scopes.every(([, scope]) => scope.nodes.every(isForItsAnswer));
}
