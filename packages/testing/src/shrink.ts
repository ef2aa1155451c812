/**
 * Makes a failing run smaller: fewer kinds of faults, fewer nodes, as long as it still breaks a rule.
 *
 * Boundary: runs the simulation again and again over descriptions with a node less; what is wrong with them is the checks'.
 * Invariant: what comes out fails, and is no larger than what went in.
 */
import {
  type FlowDescription,
  mapFields,
  type NodeDescription,
  type Reading,
  type ScopeDescription,
} from "./flow-description.ts";
import { type SimulationOptions, type SimulationResult, simulate } from "./simulation.ts";
import type { Faults } from "./world.ts";

/** Seeds that are tried with each smaller flow: another order of things may be needed to fail. */
const seedsEach = 12;

/** `again` runs it once more; a test of this file has its own idea of what fails. */
export function shrink(failing: SimulationResult, again: typeof simulate = simulate): SimulationResult {
  const quiet = withFewerFaults(failing, again);
  let smallest = quiet;
  for (let next: SimulationResult | undefined = quiet; next; ) {
    smallest = next;
    next = undefined;
    for (const description of smallerThan(smallest.description)) {
      next = firstFailing(smallest.options, failing.options.seed, description as FlowDescription, again);
      if (next) break;
    }
  }
  return smallest;
}

function withFewerFaults(failing: SimulationResult, again: typeof simulate): SimulationResult {
  let smallest = failing;
  for (const fault of Object.keys(failing.options.faults) as (keyof Faults)[]) {
    const faults = { ...smallest.options.faults, [fault]: false };
    const result = again({ ...smallest.options, faults });
    if (result.problems.length > 0 && result.journal.length <= smallest.journal.length) smallest = result;
  }
  return smallest;
}

function firstFailing(
  options: SimulationOptions,
  seed: number,
  description: FlowDescription,
  again: typeof simulate,
): SimulationResult | undefined {
  for (let near = 0; near < seedsEach; near++) {
    try {
      const result = again({ ...options, seed: seed + near }, description);
      if (result.problems.length > 0) return result;
    } catch {
      return undefined; // the builder refuses it: a step is left that nobody reads
    }
  }
  return undefined;
}

/** The same scope with one node less, here or further in. */
function smallerThan(scope: ScopeDescription): ScopeDescription[] {
  const here = scope.nodes.map((_, index) => ({
    ...scope,
    nodes: scope.nodes.filter((_, other) => other !== index).map((node) => nodeWithout(node, 0, index)),
    answer: without(scope.answer, 0, index) ?? nothing,
  }));
  const inside = scope.nodes.flatMap((node, index) =>
    smallerNodes(node).map((smaller) => ({ ...scope, nodes: scope.nodes.with(index, smaller) })),
  );
  return [...here, ...inside];
}

/** The same node with one node less in one of its scopes. An ensemble keeps its members: their number says what it does. */
function smallerNodes(node: NodeDescription): NodeDescription[] {
  switch (node.kind) {
    case "branch":
      return Object.entries(node.cases).flatMap(([key, scope]) =>
        smallerThan(scope).map((smaller) => ({ ...node, cases: { ...node.cases, [key]: smaller } })),
      );
    case "map":
      return smallerThan(node.each).map((each) => ({ ...node, each }));
    case "loop":
      return smallerThan(node.body).map((body) => ({ ...node, body }));
    default:
      return [];
  }
}

const nothing: Reading = { kind: "constant", value: null };

/** The node, reading nothing of the one that is gone, which is `up` scopes out. */
function nodeWithout(node: NodeDescription, up: number, gone: number): NodeDescription {
  const needs = mapFields(node.needs, (reading) => without(reading, up, gone) ?? nothing);
  const after = node.after.flatMap((reading) => without(reading, up, gone) ?? []);
  const inner = (scope: ScopeDescription): ScopeDescription => ({
    nodes: scope.nodes.map((one) => nodeWithout(one, up + 1, gone)),
    answer: without(scope.answer, up + 1, gone) ?? nothing,
  });
  const placed = { needs, after };
  switch (node.kind) {
    case "branch":
      return { ...node, ...placed, cases: mapFields(node.cases, inner) };
    case "ensemble":
      return { ...node, ...placed, members: inner(node.members) };
    case "map":
      return { ...node, ...placed, each: inner(node.each), needs: { over: withList(needs.over) } };
    case "loop":
      return { ...node, ...placed, body: inner(node.body) };
    default:
      return { ...node, ...placed };
  }
}

/** A map goes over references. */
function withList(over: Reading | undefined): Reading {
  return over === undefined || over.kind === "constant" ? { kind: "list", of: [] } : over;
}

function without(reading: Reading, up: number, gone: number): Reading | undefined {
  const all = (readings: readonly Reading[]) => readings.flatMap((one) => without(one, up, gone) ?? []);
  switch (reading.kind) {
    case "node":
      if (reading.up !== up || reading.node < gone) return reading;
      return reading.node === gone ? undefined : { ...reading, node: reading.node - 1 };
    case "optional": {
      const of = without(reading.of, up, gone);
      return of && { ...reading, of };
    }
    case "first": {
      const of = all(reading.of);
      return of.length === 0 ? undefined : { ...reading, of };
    }
    case "list":
      return { ...reading, of: all(reading.of) };
    case "object":
      return {
        kind: "object",
        fields: Object.fromEntries(
          Object.entries(reading.fields).flatMap(([key, field]) => {
            const kept = without(field, up, gone);
            return kept ? [[key, kept]] : [];
          }),
        ),
      };
    default:
      return reading;
  }
}
