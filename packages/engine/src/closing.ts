/**
 * Waiting while an engine closes: for what is under way, within one grace, and not in silence.
 *
 * Boundary: waits and says what for; what is waited for, and in which order, is engine-host.ts's. Invariants: what takes long is
 * said once, with what it waits for by then; all waits for user code together take no longer than the grace.
 */
import { type Clock, type Timer, waitFor } from "./clock.ts";

/** A close that takes less is not worth a word. */
const sayAfterMs = 1_000;
const namedAtMost = 10;

type Say = (message: string, details: Readonly<Record<string, unknown>>) => void;

export class Closing {
  private readonly clock: Clock;
  private readonly say: Say;
  private readonly until: number;
  private hasNamedStore = false;

  constructor(clock: Clock, graceMs: number, say: Say) {
    this.clock = clock;
    this.say = say;
    this.until = clock.monotonic() + graceMs;
  }

  /** What is left of the grace. */
  private get leftMs(): number {
    return Math.max(0, this.until - this.clock.monotonic());
  }

  /** Waits for steps to end, at most for what is left of the grace. `underWay` names those that have not. */
  async forSteps(ended: Promise<unknown>, underWay: () => readonly string[]): Promise<void> {
    await this.aloud(waitFor(this.clock, this.leftMs, ended), () => {
      const steps = underWay();
      const more = steps.length - namedAtMost;
      const named = steps.slice(0, namedAtMost).join(", ");
      const details = { steps: more > 0 ? `${named}, and ${more} more` : named, atMostMs: Math.round(this.leftMs) };
      this.say("closing waits for steps in flight", details);
    });
  }

  /** Waits for what is to be recorded yet, at most for what is left of the grace: the next engine does the rest. */
  async withinGrace(recorded: Promise<unknown>): Promise<void> {
    await this.aloud(waitFor(this.clock, this.leftMs, recorded), () => this.sayStore());
  }

  /** Waits for the store, however long it takes: what it was given must not be torn from it. */
  async forStore(recorded: Promise<unknown>): Promise<void> {
    await this.aloud(recorded, () => this.sayStore());
  }

  private sayStore(): void {
    if (!this.hasNamedStore) this.say("closing waits for the store", {});
    this.hasNamedStore = true;
  }

  private async aloud(wait: Promise<unknown>, say: () => void): Promise<void> {
    const word: Timer = this.clock.timer(sayAfterMs, say);
    try {
      await wait;
    } finally {
      word.cancel();
    }
  }
}
