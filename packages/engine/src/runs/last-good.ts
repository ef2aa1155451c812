/**
 * The last good answers of steps whose ladder has a `lastGood` rung.
 *
 * Boundary: keys and registers; when the rung is tried is the core's. Invariants: the key covers flow, step, version,
 * first rung, checks and needs, so that nobody is given the answer to somebody else's question; only what the first rung gave
 * is kept, in the same commit as the step's own entry; an answer carries where it came from (rule 16).
 */
import { hash } from "node:crypto";
import { type PlanStep, type Provenance, pathOf, type Sealed, type Slot, seal } from "@plumbline/core";
import type { PerformingRun } from "./host.ts";

interface KeptAnswer {
  readonly value: Sealed;
  readonly from: Provenance;
}

/** Large answers are not kept: a register is no place for them. */
const maxKeptLength = 65_536;

function keyOf(run: PerformingRun, slot: Slot, needs: unknown): string | undefined {
  const sealed = seal(needs, { codecs: run.code.flow.code.codecs, nonFinite: true });
  if ("refusal" in sealed) return undefined;
  const { version, rungs, checks, onDropped } = slot.node as PlanStep;
  const parts = [run.state.plan.flow, pathOf(slot), version, rungs[0]?.name, checks, onDropped, sealed.sealed];
  return `last-good/${hash("sha256", JSON.stringify(parts), "hex")}`;
}

/** Keeps an answer of the first rung. `needs` is undefined where no rung will ever ask for it. */
export function keepLastGood(run: PerformingRun, slot: Slot, needs: (() => unknown) | undefined, value: Sealed): void {
  if (!needs || value.length > maxKeptLength || value.includes('"$":"blob"') || value.startsWith('{"$":"stored"'))
    return;
  const name = keyOf(run, slot, needs());
  if (name === undefined) return;
  const at = run.host.clock.now();
  const kept: KeptAnswer = { value, from: { run: run.id, path: pathOf(slot), at } };
  run.keepRegister(() => ({ name, value: JSON.stringify(kept), at }));
}

/** The last good answer to the same needs that is at most `maxAgeMs` old. */
export async function findLastGood(
  run: PerformingRun,
  slot: Slot,
  needs: unknown,
  maxAgeMs: number,
): Promise<KeptAnswer | undefined> {
  const name = keyOf(run, slot, needs);
  const register = name === undefined ? undefined : await run.host.store.register(name);
  if (!register || run.host.clock.now() - register.at > maxAgeMs) return undefined;
  return JSON.parse(register.value) as KeptAnswer;
}
