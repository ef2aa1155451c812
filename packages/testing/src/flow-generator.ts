/**
 * Random flows through the real builder, beside a description of them that the reference model reads.
 *
 * Boundary: what a flow looks like; what its steps answer is the world's (world.ts). Invariants: every flow is valid; the
 * description is written on its own and not read off the plan, so that builder and plan are under test too.
 */
import {
  type Flow,
  type FlowBuilder,
  firstOf,
  flow,
  optional,
  type Ref,
  type Schema,
  type StepKind,
} from "@plumbline/core";
import type { Seeded } from "./seeded.ts";

/** How a node, or the answer, reads other nodes. */
export type Reading =
  | { readonly kind: "input" }
  | { readonly kind: "constant"; readonly value: unknown }
  | { readonly kind: "node"; readonly node: number; readonly field: boolean }
  | { readonly kind: "optional"; readonly of: Reading; readonly onFailure: boolean }
  | { readonly kind: "first"; readonly of: readonly Reading[] };

export interface RungDescription {
  readonly maxAttempts: number;
  readonly timeoutMs: number;
  readonly delayMs: number;
  readonly breaker?: string;
}

export interface NodeDescription {
  readonly name: string;
  readonly kind: "step" | "approval";
  readonly stepKind: StepKind;
  readonly needs: Readonly<Record<string, Reading>>;
  readonly after: readonly Reading[];
  readonly when: boolean;
  readonly rungs: readonly RungDescription[];
  readonly undoable: boolean;
  readonly desk: string;
  readonly deskBreaker: boolean;
  /** The declared decisions are functions, so that giving them runs user code. */
  readonly byFunction: boolean;
}

export interface FlowDescription {
  readonly nodes: readonly NodeDescription[];
  readonly answer: Readonly<Record<string, Reading>>;
  readonly deadline: "none" | "fails" | "answers";
}

export interface GeneratorOptions {
  readonly maxNodes: number;
  readonly deadlines: boolean;
  readonly breakers: boolean;
  readonly approvals: boolean;
}

/** Accepts everything: the simulated world says itself what breaks a contract. */
export const anything: Schema<never, never> = {
  "~standard": { version: 1, vendor: "plumbline-testing", validate: (value) => ({ value: value as never }) },
};

const deadlineMs = 20_000;

export function describeFlow(seeded: Seeded, options: GeneratorOptions): FlowDescription {
  const count = seeded.integer(1, options.maxNodes);
  const nodes: NodeDescription[] = [];
  for (let index = 0; index < count; index++) nodes.push(describeNode(seeded, index, options));
  const read = new Set(nodes.flatMap((node) => [...Object.values(node.needs), ...node.after].flatMap(nodesIn)));
  const answer: Record<string, Reading> = {};
  for (const [index, node] of nodes.entries()) {
    const mustBeRead = node.kind === "step" && node.stepKind !== "effect" && !read.has(index);
    if (mustBeRead || seeded.chance(0.25)) answer[`a${index}`] = describeReading(seeded, index, 1, [index]);
  }
  if (seeded.chance(0.3)) answer.mixed = describeReading(seeded, count, 0);
  const deadline = options.deadlines ? seeded.pick(["none", "none", "fails", "answers"] as const) : "none";
  return { nodes, answer, deadline };
}

function describeNode(seeded: Seeded, index: number, options: GeneratorOptions): NodeDescription {
  const kind = options.approvals && seeded.chance(0.15) ? "approval" : "step";
  const needs: Record<string, Reading> = {};
  const needCount = index === 0 ? 0 : seeded.integer(0, Math.min(3, index));
  for (let n = 0; n < needCount; n++)
    needs[seeded.chance(0.03) ? "__proto__" : `n${n}`] = describeReading(seeded, index, 0);
  const after = index > 0 && seeded.chance(0.15) ? [describeReading(seeded, index, 1)].filter(isReference) : [];
  const stepKind = seeded.pick(["pure", "read", "read", "effect", "effect"] as const);
  const rungCount = seeded.pick([1, 1, 2, 3]);
  const rungs = Array.from({ length: rungCount }, () => describeRung(seeded, options));
  return {
    name: `s${index}`,
    kind,
    stepKind,
    needs,
    after,
    when: seeded.chance(0.25),
    rungs,
    undoable: stepKind === "effect" && seeded.chance(0.7),
    desk: "desk",
    deskBreaker: options.breakers && seeded.chance(0.5),
    byFunction: seeded.chance(0.5),
  };
}

function describeRung(seeded: Seeded, { breakers }: GeneratorOptions): RungDescription {
  return {
    maxAttempts: seeded.integer(1, 3),
    timeoutMs: seeded.pick([100, 1_000, 5_000]),
    delayMs: seeded.pick([0, 10, 1_000]),
    ...(breakers && seeded.chance(0.2) ? { breaker: "backend" } : {}),
  };
}

function isReference(reading: Reading): boolean {
  return reading.kind !== "constant" && reading.kind !== "input";
}

/** A reading of nodes before `limit`; `among` narrows the choice. */
function describeReading(seeded: Seeded, limit: number, depth: number, among?: readonly number[]): Reading {
  const node = (): Reading => ({
    kind: "node",
    node: among ? seeded.pick(among) : seeded.integer(0, limit - 1),
    field: seeded.chance(0.3),
  });
  const drawn = seeded.next();
  if (drawn < 0.5) return node();
  if (drawn < 0.75) {
    const of = depth < 2 ? describeReading(seeded, limit, depth + 2, among) : node();
    return { kind: "optional", of: isReference(of) ? of : node(), onFailure: seeded.chance(0.5) };
  }
  if (drawn < 0.93 && !among) {
    const of = Array.from({ length: seeded.integer(2, 3) }, () => describeReading(seeded, limit, depth + 2));
    return { kind: "first", of: of.map((one) => (isReference(one) ? one : node())) };
  }
  if (among || depth > 0) return node();
  return drawn < 0.97 ? { kind: "input" } : { kind: "constant", value: { fixed: [1, undefined, -0] } };
}

/** Every node that a reading names. */
export function nodesIn(reading: Reading): number[] {
  switch (reading.kind) {
    case "node":
      return [reading.node];
    case "optional":
      return nodesIn(reading.of);
    case "first":
      return reading.of.flatMap(nodesIn);
    default:
      return [];
  }
}

/** The description as a real flow. The functions are never called: the simulated world answers for them. */
export function flowOf(description: FlowDescription): Flow<unknown, unknown> {
  const never = () => {
    throw new Error("the simulation calls no user code");
  };
  const { deadline } = description;
  const made = flow("simulated", {
    input: anything as Schema,
    ...(deadline === "none"
      ? {}
      : { deadline: deadline === "fails" ? deadlineMs : { after: deadlineMs, answer: never } }),
    build: ($, input) => {
      const references: Ref<unknown>[] = [];
      const read = (reading: Reading): unknown => written(reading, input as Ref<unknown>, references);
      for (const node of description.nodes) references.push(addNode($, node, read, never));
      return mapFields(description.answer, read);
    },
  });
  return made as unknown as Flow<unknown, unknown>;
}

function addNode(
  $: FlowBuilder,
  node: NodeDescription,
  read: (reading: Reading) => unknown,
  never: () => never,
): Ref<unknown> {
  const placing = {
    needs: mapFields(node.needs, read),
    ...(node.after.length > 0 ? { after: node.after.map(read) as Ref<unknown>[] } : {}),
    ...(node.when ? { when: never as () => boolean } : {}),
  };
  if (node.kind === "approval") {
    const declared = (value: object) => (node.byFunction ? never : (value as never));
    return $.approval(node.name, {
      ...placing,
      decision: anything,
      desk: node.desk,
      timeout: 5_000,
      onTimeout: declared({ approved: false }),
      ...(node.deskBreaker ? { breaker: { after: 2, openFor: 10_000, decide: declared({ approved: true }) } } : {}),
    }) as unknown as Ref<unknown>;
  }
  const rungs = node.rungs.map((rung) => ({
    run: never,
    timeout: rung.timeoutMs,
    retry: { maxAttempts: rung.maxAttempts, delay: rung.delayMs },
    ...(rung.breaker === undefined ? {} : { breaker: { name: rung.breaker, after: 3, openFor: 2_000 } }),
  }));
  return $.step(node.name, {
    ...placing,
    output: anything,
    kind: node.stepKind,
    ...(node.undoable ? { compensate: { run: never, timeout: 1_000, retry: { maxAttempts: 3, delay: 10 } } } : {}),
  }).by(...(rungs as unknown as [() => never])) as unknown as Ref<unknown>;
}

/** Keeps a field called `__proto__` a field. */
export function mapFields<T, U>(fields: Readonly<Record<string, T>>, map: (field: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, map(field)]));
}

function written(reading: Reading, input: Ref<unknown>, references: readonly Ref<unknown>[]): unknown {
  switch (reading.kind) {
    case "input":
      return input;
    case "constant":
      return reading.value;
    case "node": {
      const reference = references[reading.node] as Ref<unknown> & { readonly v: Ref<unknown> };
      return reading.field ? reference.v : reference;
    }
    case "optional":
      return optional(written(reading.of, input, references) as Ref<unknown>, { onFailure: reading.onFailure });
    case "first":
      return firstOf(...(reading.of.map((one) => written(one, input, references)) as [Ref<unknown>]));
  }
}
