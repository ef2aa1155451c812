/**
 * A described flow as a real one, made by the real builder.
 *
 * Boundary: description in, flow out. Invariant: the functions are never called: the simulated world answers for them.
 */
import { type Flow, type FlowBuilder, firstOf, flow, optional, type Ref, type Schema } from "@plumbline/core";
import {
  belowValue,
  type EnsembleDescription,
  type FlowDescription,
  mapFields,
  type NodeDescription,
  type Reading,
  type ScopeDescription,
  type StepDescription,
  silence,
} from "./flow-description.ts";

/** Accepts everything: the simulated world says itself what breaks a contract. */
export const anything: Schema<never, never> = {
  "~standard": { version: 1, vendor: "plumbline-testing", validate: (value) => ({ value: value as never }) },
};

const deadlineMs = 20_000;

const never = () => {
  throw new Error("the simulation calls no user code");
};

/** Whatever simulated flows call: its runs are the world's affair. */
const called = flow("called", { input: anything as Schema, build: () => null });

/** A scope while it is built: what its readings may name. */
interface Building {
  readonly $: FlowBuilder;
  readonly references: Ref<unknown>[];
  readonly given: Readonly<Record<string, Ref<unknown>>>;
  readonly around: Building | undefined;
  readonly input: Ref<unknown>;
}

export function flowOf(description: FlowDescription): Flow<unknown, unknown> {
  const { deadline } = description;
  const made = flow("simulated", {
    input: anything as Schema,
    ...(deadline === "none"
      ? {}
      : { deadline: deadline === "fails" ? deadlineMs : { after: deadlineMs, answer: never } }),
    build: ($, input) =>
      buildScope(description, {
        $,
        references: [],
        given: {},
        around: undefined,
        input: input as Ref<unknown>,
      }),
  });
  return made as unknown as Flow<unknown, unknown>;
}

function buildScope(scope: ScopeDescription, building: Building): unknown {
  for (const node of scope.nodes) building.references.push(addNode(building, node));
  return written(scope.answer, building);
}

/** A function that builds a scope inside, as users write it. */
function inside(around: Building, scope: ScopeDescription, ...fields: readonly string[]) {
  return ($: FlowBuilder, ...given: readonly unknown[]) =>
    buildScope(scope, {
      $,
      references: [],
      given: Object.fromEntries(fields.map((field, index) => [field, given[index] as Ref<unknown>])),
      around,
      input: around.input,
    }) as never;
}

function addNode(building: Building, node: NodeDescription): Ref<unknown> {
  const { $ } = building;
  const needs = mapFields(node.needs, (reading) => written(reading, building));
  const after = node.after.map((reading) => written(reading, building)) as Ref<unknown>[];
  const placing = { ...(after.length > 0 ? { after } : {}), ...(node.when ? { when: never as () => boolean } : {}) };
  const placed = { needs, ...placing };
  switch (node.kind) {
    case "step":
      return $.step(node.name, { ...placed, output: anything, kind: node.stepKind, ...undoOf(node) }).by(
        ...rungsOf(node),
      ) as unknown as Ref<unknown>;
    case "branch": {
      const cases = mapFields(node.cases, (scope) => inside(building, scope));
      return $.branch(node.name, { ...placed, choose: never, cases }) as unknown as Ref<unknown>;
    }
    case "ensemble":
      return $.ensemble(node.name, { ...placed, ...ensembleOptions(node) } as never).by(
        Object.fromEntries(membersOf(node).map((member) => [member.name, rungsOf(member)])) as never,
      ) as unknown as Ref<unknown>;
    case "map": {
      const { concurrency, onFailure } = node;
      const each = inside(building, node.each, "item", "index");
      const options = { ...placing, over: needs.over, each, concurrency, onFailure };
      return $.map(node.name, options as never) as unknown as Ref<unknown>;
    }
    case "loop": {
      const body = inside(building, node.body, "previous", "turn", "turns");
      const options = {
        ...placing,
        ...("start" in needs ? { start: needs.start } : {}),
        output: anything,
        body,
        until: never,
        maxTurns: node.maxTurns,
        ...(node.maxUsd === undefined ? {} : { maxCost: { usd: node.maxUsd } }),
        atLimit: node.atLimit === "function" ? never : node.atLimit,
      };
      return $.loop(node.name, options as never) as unknown as Ref<unknown>;
    }
    default:
      return addWaiting(building, node, placed);
  }
}

type Waiting = Extract<NodeDescription, { kind: "approval" | "call" | "sleep" | "signal" }>;
interface Placed {
  readonly needs: Record<string, unknown>;
  readonly after?: Ref<unknown>[];
  readonly when?: () => boolean;
}

function addWaiting({ $ }: Building, node: Waiting, placed: Placed): Ref<unknown> {
  switch (node.kind) {
    case "approval": {
      const declared = (value: object) => (node.byFunction ? never : (value as never));
      return $.approval(node.name, {
        ...placed,
        decision: anything,
        desk: node.desk,
        timeout: 5_000,
        onTimeout: declared({ approved: false }),
        ...(node.deskBreaker ? { breaker: { after: 2, openFor: 10_000, decide: declared({ approved: true }) } } : {}),
      }) as unknown as Ref<unknown>;
    }
    case "call": {
      const { needs, ...placing } = placed;
      return $.call(node.name, { ...placing, flow: called, input: needs.input as never }) as Ref<unknown>;
    }
    case "sleep": {
      const time = node.forMs === undefined ? { until: never } : { for: node.forMs };
      return $.sleep(node.name, { ...placed, ...time }) as unknown as Ref<unknown>;
    }
    case "signal": {
      const onTimeout = (node.byFunction ? never : silence) as never;
      const options = { ...placed, schema: anything, timeout: node.timeoutMs, onTimeout };
      return $.signal(node.name, options) as unknown as Ref<unknown>;
    }
  }
}

function undoOf({ undoable }: StepDescription): object {
  return undoable ? { compensate: { run: never, timeout: 1_000, retry: { maxAttempts: 3, delay: 10 } } } : {};
}

function rungsOf({ rungs }: StepDescription): [() => never] {
  return rungs.map((rung) => ({
    run: never,
    timeout: rung.timeoutMs,
    retry: { maxAttempts: rung.maxAttempts, delay: rung.delayMs },
    ...(rung.breaker === undefined ? {} : { breaker: { name: rung.breaker, after: 3, openFor: 2_000 } }),
  })) as unknown as [() => never];
}

function membersOf({ members }: EnsembleDescription): readonly StepDescription[] {
  return members.nodes as readonly StepDescription[];
}

function ensembleOptions(node: EnsembleDescription): object {
  const { quorum, settle, below } = node;
  return {
    output: anything,
    kind: membersOf(node)[0]?.stepKind,
    quorum,
    settle,
    combine: never,
    ...(below === "fails" ? {} : { below: below === "value" ? belowValue : never }),
  };
}

function levelAt(building: Building, up: number): Building {
  let at = building;
  for (let step = 0; step < up; step++) at = at.around as Building;
  return at;
}

function written(reading: Reading, building: Building): unknown {
  switch (reading.kind) {
    case "input":
      return building.input;
    case "constant":
      return reading.value;
    case "given":
      return levelAt(building, reading.up).given[reading.field];
    case "node": {
      const found = levelAt(building, reading.up).references[reading.node] as Ref<unknown>;
      return reading.field === undefined ? found : (found as unknown as Record<string, unknown>)[reading.field];
    }
    case "optional":
      return optional(written(reading.of, building) as Ref<unknown>, { onFailure: reading.onFailure });
    case "first":
      return firstOf(...(reading.of.map((one) => written(one, building)) as [Ref<unknown>]));
    case "object":
      return mapFields(reading.fields, (one) => written(one, building));
    case "list":
      return reading.of.map((one) => written(one, building));
  }
}
