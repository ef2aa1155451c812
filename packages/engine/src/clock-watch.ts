/**
 * Whether the wall clock can be trusted: how far it has moved against the monotonic one since it was last found right.
 *
 * Boundary: measures; what pauses is timers.ts. Invariants: one for the life of an engine, so that a jump while the store
 * is opened again is seen by the timers that come after (rule 21); only a clock within the bound, or somebody who says
 * that it is right, moves the base.
 */
import type { Clock } from "./clock.ts";

export class ClockWatch {
  readonly boundMs: number;
  private readonly clock: Clock;
  private baseWall: number;
  private baseMonotonic: number;

  constructor(clock: Clock, boundMs: number) {
    this.clock = clock;
    this.boundMs = boundMs;
    this.baseWall = clock.now();
    this.baseMonotonic = clock.monotonic();
  }

  /** What the wall clock has gained on the monotonic one; below zero when it was set back. */
  get driftMs(): number {
    return this.clock.now() - this.baseWall - (this.clock.monotonic() - this.baseMonotonic);
  }

  get hasJumped(): boolean {
    return Math.abs(this.driftMs) > this.boundMs;
  }

  /** The wall clock is right as it is now. */
  trust(): void {
    this.baseWall = this.clock.now();
    this.baseMonotonic = this.clock.monotonic();
  }
}
