/**
 * Answers that are kept for the same question asked again: the cache of a step, and the last good answer of its ladder.
 *
 * Boundary: keys and registers; when they are used is attempt.ts, who makes an answer that many miss is makers.ts. Invariants: the key
 * covers flow, step, version, first rung, checks and needs, so that nobody is given the answer to somebody else's question;
 * only what the first rung gave is kept, in the same commit as the step's own entry; an answer carries where it came from
 * (rule 16).
 */
import { hash } from "node:crypto";
import {
  type AttemptCommand,
  type Entry,
  type PlanStep,
  type Provenance,
  pathOf,
  type Sealed,
  type Slot,
  seal,
} from "@plumbline/core";
import { keep, type NewBlob, needsBlobs, readerFor } from "../stores/value-keeper.ts";
import type { PerformingRun } from "./host.ts";

interface KeptAnswer {
  readonly value: Sealed;
  readonly from: Provenance;
}

/** The registers of all kept answers begin so; files of format 1 have them under the name of the first that kept any. */
export const answersPrefix = "last-good/";

/** Large answers are not kept: a register is no place for them. Blobs are named in it and stay with their run. */
const maxKeptLength = 65_536;

/** The name of the register for this question; undefined when the needs cannot be kept. */
export function questionOf(run: PerformingRun, slot: Slot, needs: unknown): string | undefined {
  const sealed = seal(needs, { codecs: run.code.flow.code.codecs, nonFinite: true });
  if ("refusal" in sealed) return undefined;
  const { version, rungs, checks, onDropped } = slot.node as PlanStep;
  // Items and turns of one step ask the same questions.
  const step = pathOf(slot).replace(/\[\d+\]/g, "");
  const parts = [run.state.plan.flow, step, version, rungs[0]?.name, checks, onDropped, sealed.sealed];
  return `${answersPrefix}${hash("sha256", JSON.stringify(parts), "hex")}`;
}

/** Keeps an answer of the first rung. */
export function keepAnswer(run: PerformingRun, slot: Slot, name: string, value: Sealed): void {
  if (value.length > maxKeptLength) return;
  const at = run.host.clock.now();
  const kept: KeptAnswer = { value, from: { run: run.id, path: pathOf(slot), at } };
  run.keepRegister(() => ({ name, value: JSON.stringify(kept), at }));
}

export interface FoundAnswer extends KeptAnswer {
  /** What the value names in blobs, to be kept with the run that is given it. */
  readonly blobs: readonly NewBlob[];
}

/** The entry of an attempt that is answered by what was made before, perhaps by another run. */
export function givenAgain(
  { value, from }: FoundAnswer,
  { slot, rung, attempt }: Omit<AttemptCommand, "kind">,
  at: number,
  ms: number,
): Entry {
  return { kind: "step.completed", at, slot, rung, attempt, ms: Math.round(ms * 1_000) / 1_000, value, from };
}

/** The answer to the same question that is at most `maxAgeMs` old. */
export async function findAnswer(
  run: PerformingRun,
  name: string | undefined,
  maxAgeMs: number,
): Promise<FoundAnswer | undefined> {
  if (name === undefined) return undefined;
  const { store, clock } = run.host;
  const register = await store.register(name);
  if (!register || clock.now() - register.at > maxAgeMs) return undefined;
  const kept = JSON.parse(register.value) as KeptAnswer;
  if (!needsBlobs([kept.value])) return { ...kept, blobs: [] };
  try {
    const { codecs } = run.code.flow.code;
    const read = await readerFor(store, kept.from.run, [kept.value], codecs);
    const again = keep(read(kept.value), { codecs, nonFinite: true });
    return "sealed" in again ? { value: again.sealed, from: kept.from, blobs: again.blobs } : undefined;
  } catch {
    return undefined; // the run that it came from is gone, and its blobs with it
  }
}
