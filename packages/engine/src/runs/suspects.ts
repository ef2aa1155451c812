/**
 * Attempts that were lost with their process before run one at a time, so that the next crash says which it was (rule 5).
 *
 * Boundary: a queue of one lane, and what a recovery makes of those that stood in it. Invariants: the lane is free again
 * when an attempt has ended or is not wanted any more, however often it says so; a suspect has its mark in the journal
 * before it begins, so one without a mark waited and is not lost: the poison does not take the innocent with it.
 */
import { type AttemptCommand, type Entry, type RunState, recover, type Slot, slotAt } from "@plumbline/core";

const suspectLosses = 2;

/** Attempts of it were lost with their process before. */
export function isSuspect(slot: Slot): boolean {
  return slot.losses >= suspectLosses;
}

/** Says in the journal that this suspect begins. */
export function runsAlone({ slot, attempt }: AttemptCommand, at: number): Entry {
  return { kind: "attempt.progressed", at, slot, attempt, fraction: 0, note: "runs alone: it was lost before" };
}

export class Suspects {
  private readonly queue: ((release: () => void) => void)[] = [];
  private running = false;
  /** Runs that this process dropped when its store failed: nothing of theirs ended a process. */
  private readonly dropped = new Set<string>();

  letGo(runs: readonly string[]): void {
    for (const run of runs) this.dropped.add(run);
  }

  /** Asked once of a run that is loaded: true when nothing of it ended a process. */
  isBlameless(state: RunState): boolean {
    return this.dropped.delete(state.run) || state.left;
  }

  /** What has to be declared of a run that is loaded: what was lost, without suspects that only waited for their turn. */
  lossesOf(state: RunState, journal: readonly Entry[], now: number, isBlameless: boolean): Entry[] {
    return recover(state, now, isBlameless).filter((entry) => {
      if (entry.kind !== "attempt.lost") return true;
      const slot = slotAt(state, entry.slot);
      const { node } = slot;
      if (!isSuspect(slot) || node.kind !== "step" || (node.when && !slot.conditionMet)) return true;
      return journal.some(
        (mark) => mark.kind === "attempt.progressed" && mark.slot === entry.slot && mark.attempt === entry.attempt,
      );
    });
  }

  /** Calls `work` when no other suspect runs; it must call `release` when it is over. The answer takes it out of the queue. */
  alone(work: (release: () => void) => void): () => void {
    this.queue.push(work);
    this.next();
    return () => {
      const at = this.queue.indexOf(work);
      if (at !== -1) this.queue.splice(at, 1);
    };
  }

  /** Whoever waits is dropped: nobody of them begins any more. */
  sendAway(): void {
    this.queue.length = 0;
  }

  private next(): void {
    if (this.running) return;
    const work = this.queue.shift();
    if (!work) return;
    this.running = true;
    let released = false;
    work(() => {
      if (released) return;
      released = true;
      this.running = false;
      this.next();
    });
  }
}
