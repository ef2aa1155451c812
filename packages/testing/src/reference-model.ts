/**
 * What should have become of every node and of the answer, worked out a second time.
 *
 * Boundary: written from the rules (2, 9, 15) over the description of a flow and the facts of its journal; it reads
 * neither plan nor state, so that it cannot share their mistakes. Facts are what each node did by itself: gave a value,
 * was skipped by its own condition, or failed by itself.
 */
import { type FlowDescription, mapFields, type NodeDescription, nodesIn, type Reading } from "./flow-generator.ts";

export type Own =
  | { readonly kind: "gave"; readonly value: unknown }
  | { readonly kind: "declined" }
  | { readonly kind: "failed" };

export type Fate =
  | { readonly kind: "gave"; readonly value: unknown }
  | { readonly kind: "skipped" }
  | { readonly kind: "failed"; readonly by: "itself" | "a need" }
  | { readonly kind: "open" };

/** What a reading comes to: a value (undefined where something was absorbed), or what is passed on. */
type Read = { readonly kind: "value"; readonly value: unknown } | { readonly kind: "skip" | "fail" | "open" };

const open = { kind: "open" } as const;

/** The fate of each node, from what each did by itself. */
export function fatesOf(description: FlowDescription, own: ReadonlyMap<number, Own>, input: unknown): Fate[] {
  const fates: Fate[] = [];
  for (const [index, node] of description.nodes.entries()) fates.push(fateOf(node, own.get(index), fates, input));
  return fates;
}

function fateOf(node: NodeDescription, own: Own | undefined, fates: readonly Fate[], input: unknown): Fate {
  const reads = [...Object.values(node.needs), ...node.after].map((reading) => readingOf(reading, fates, input));
  if (reads.some((read) => read.kind === "fail")) return { kind: "failed", by: "a need" };
  if (reads.some((read) => read.kind === "open")) return open;
  if (reads.some((read) => read.kind === "skip")) return { kind: "skipped" };
  if (!own) return open;
  if (own.kind === "declined") return { kind: "skipped" };
  return own.kind === "failed" ? { kind: "failed", by: "itself" } : own;
}

/**
 * One reading. A node that has not settled leaves it open, also where an alternative is there already: which one
 * `firstOf` takes is known only when all have settled.
 */
function readingOf(reading: Reading, fates: readonly Fate[], input: unknown): Read {
  switch (reading.kind) {
    case "input":
      return { kind: "value", value: input };
    case "constant":
      return { kind: "value", value: reading.value };
    case "node": {
      const fate = fates[reading.node] ?? open;
      if (fate.kind === "open") return open;
      if (fate.kind === "failed") return { kind: "fail" };
      if (fate.kind === "skipped") return { kind: "skip" };
      return { kind: "value", value: reading.field ? (fate.value as { v?: unknown }).v : fate.value };
    }
    case "optional": {
      const of = readingOf(reading.of, fates, input);
      if (of.kind === "skip") return { kind: "value", value: undefined };
      if (!reading.onFailure) return of;
      if (nodesIn(reading.of).some((node) => (fates[node] ?? open).kind === "open")) return open;
      return of.kind === "fail" ? { kind: "value", value: ranAnyway(reading.of, fates, input) } : of;
    }
    case "first":
      return firstReading(reading.of, fates, input);
  }
}

function firstReading(members: readonly Reading[], fates: readonly Fate[], input: unknown): Read {
  const reads = members.map((member) => readingOf(member, fates, input));
  const passedOn = reads.find((read) => read.kind === "fail") ?? reads.find((read) => read.kind === "open");
  if (passedOn) return passedOn;
  const ran = members.findIndex((member) => didRun(member, fates));
  const absorbed = reads.find((read) => read.kind === "value");
  return reads[ran] ?? absorbed ?? { kind: "skip" };
}

/** Below `optional(..., { onFailure: true })`: an alternative that ran is taken though another one failed. */
function ranAnyway(reading: Reading, fates: readonly Fate[], input: unknown): unknown {
  if (reading.kind === "optional") return ranAnyway(reading.of, fates, input);
  if (reading.kind === "first") {
    const ran = reading.of.find((member) => didRun(member, fates));
    return ran && ranAnyway(ran, fates, input);
  }
  const read = readingOf(reading, fates, input);
  return read.kind === "value" ? read.value : undefined;
}

function didRun(reading: Reading, fates: readonly Fate[]): boolean {
  if (reading.kind === "node") return fates[reading.node]?.kind === "gave";
  if (reading.kind === "optional") return didRun(reading.of, fates);
  return reading.kind === "first" ? reading.of.some((member) => didRun(member, fates)) : true;
}

/** What a node is given. */
export function needsOf(node: NodeDescription, fates: readonly Fate[], input: unknown): unknown {
  return mapFields(node.needs, (reading) => readValue(readingOf(reading, fates, input)));
}

/** What the flow answers, where nothing failed on the way: a skipped part is undefined. */
export function answerOf(description: FlowDescription, fates: readonly Fate[], input: unknown): unknown {
  return mapFields(description.answer, (reading) => readValue(readingOf(reading, fates, input)));
}

function readValue(read: Read): unknown {
  return read.kind === "value" ? read.value : undefined;
}

/** How one node is read by another node or by the answer, with whether its failure is absorbed there. */
export function readersOf(
  description: FlowDescription,
  node: number,
): { readonly reader: number | "answer"; readonly absorbs: boolean }[] {
  const found: { readonly reader: number | "answer"; readonly absorbs: boolean }[] = [];
  const look = (reader: number | "answer", reading: Reading) => {
    for (const absorbs of absorptions(reading, node, false)) found.push({ reader, absorbs });
  };
  for (const [index, other] of description.nodes.entries()) {
    for (const reading of [...Object.values(other.needs), ...other.after]) look(index, reading);
  }
  for (const reading of Object.values(description.answer)) look("answer", reading);
  return found;
}

function absorptions(reading: Reading, node: number, absorbed: boolean): boolean[] {
  switch (reading.kind) {
    case "node":
      return reading.node === node ? [absorbed] : [];
    case "optional":
      return absorptions(reading.of, node, absorbed || reading.onFailure);
    case "first":
      return reading.of.flatMap((member) => absorptions(member, node, absorbed));
    default:
      return [];
  }
}

/** All who read the node do without it, and somebody does. */
export function isAbsorbed(description: FlowDescription, node: number): boolean {
  const readers = readersOf(description, node);
  return readers.length > 0 && readers.every(({ absorbs }) => absorbs);
}

/** A failure that nobody is left to do without ends the run. */
export function isFatal(description: FlowDescription, node: number): boolean {
  const readers = readersOf(description, node);
  return readers.length === 0 || readers.some(({ reader, absorbs }) => reader === "answer" && !absorbs);
}
