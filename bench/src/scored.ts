/**
 * Keeps count of what was answered in a flood: exactly one answer for each payment, degraded exactly where a fault was injected.
 *
 * Boundary: judges results; who asks for them is a trial. Invariant: an answer that is wrong in any of its parts stops the trial.
 */
import type { RunResult } from "plumbline";
import type { InjectedFault } from "./flows/member-fault.ts";
import type { Scored } from "./flows/scoring.ts";

export interface Tally {
  answered: number;
  degraded: number;
}

export class ScoredPayments {
  readonly tally: Tally = { answered: 0, degraded: 0 };
  private readonly seen: Uint8Array;
  private readonly first: number;
  private readonly faults: ReadonlyMap<number, InjectedFault>;

  /** Payments from `first` on, `count` of them. */
  constructor(first: number, count: number, faults: ReadonlyMap<number, InjectedFault>) {
    this.first = first;
    this.faults = faults;
    this.seen = new Uint8Array(count);
  }

  take(id: number, { outcome, output }: RunResult<Scored>): void {
    const isFaulty = this.faults.has(id);
    const isRight =
      outcome === (isFaulty ? "degraded" : "succeeded") && output?.id === id && output.survivors === (isFaulty ? 2 : 3);
    if (!isRight) throw new Error(`payment ${id}: ${outcome} ${JSON.stringify(output)} ${this.faults.get(id)?.fault}`);
    if (this.seen[id - this.first] !== 0) throw new Error(`payment ${id} was answered twice`);
    this.seen[id - this.first] = 1;
    this.tally.answered++;
    if (isFaulty) this.tally.degraded++;
  }

  /** Refuses a flood in which somebody got no answer. */
  demandAll(count: number): void {
    const lost = this.seen.subarray(0, count).indexOf(0);
    if (lost !== -1) throw new Error(`payment ${this.first + lost} was never answered`);
  }
}
