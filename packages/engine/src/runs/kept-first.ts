/**
 * A look at what is kept before anybody is asked: a kept answer needs no backend, so neither its breaker nor its line.
 *
 * Boundary: in front of breakers.ts and limits.ts; keys and registers are kept-answer.ts's, and who makes an answer that many
 * miss attempt.ts's. Invariants: what is given again says nothing to a breaker and takes nothing from a resource; needs that
 * cannot be opened are left to the attempt, whose failure that is.
 */
import type { PlanStep, Slot } from "@plumbline/core";
import type { Done, Performance, PerformingRun } from "./host.ts";
import { findAnswer, givenAgain, questionOf } from "./kept-answer.ts";
import { isSuspect } from "./suspects.ts";
import { Stages, withValue } from "./user-code.ts";

/**
 * True when an answer may be there. Not of a suspect: writing down its question runs codecs, which are user code, and what
 * may end the process is not begun before the journal says so (rule 5).
 */
export function mayBeKept(slot: Slot): boolean {
  return (slot.node as PlanStep).cache !== undefined && slot.rung === 0 && !isSuspect(slot);
}

/** Ends the slot's next attempt with the answer that is kept; goes on with `otherwise` where there is none. */
export function unlessKept(
  run: PerformingRun,
  slot: Slot,
  done: Done,
  otherwise: () => Performance | undefined,
): Performance {
  const stages = new Stages();
  const { clock } = run.host;
  const begun = clock.monotonic();
  const goOn = () => {
    if (!stages.isSuperseded) stages.now = otherwise();
  };
  const look = (needs: unknown) => {
    const { maxAgeMs } = (slot.node as PlanStep).cache as NonNullable<PlanStep["cache"]>;
    findAnswer(run, nameOf(run, slot, needs), maxAgeMs).then(
      (found) => {
        const attempt = { slot: slot.id, rung: slot.rung, attempt: slot.attempts + 1 };
        if (!found || stages.isSuperseded) goOn();
        else done([givenAgain(found, attempt, clock.now(), clock.monotonic() - begun)], found.blobs);
      },
      (error) => run.host.readFailed(error),
    );
  };
  withValue(run, slot.frame, slot.node.needs, look, goOn);
  return stages;
}

/** A codec that throws is the attempt's affair. */
function nameOf(run: PerformingRun, slot: Slot, needs: unknown): string | undefined {
  try {
    return questionOf(run, slot, needs);
  } catch {
    return undefined;
  }
}
