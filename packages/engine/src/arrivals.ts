/**
 * Decisions that have arrived and are being held to their contract: they come before timers of their run (rule 19).
 *
 * Boundary: who has arrived; what is decided is the core's. Invariant: nothing is kept of a run when its decisions are
 * recorded or refused.
 */
export class Arrivals {
  private readonly runs = new Map<string, Promise<unknown>>();

  /** Counts a decision as arrived until it has settled. */
  add<T>(run: string, decision: Promise<T>): Promise<T> {
    const all = Promise.allSettled([this.runs.get(run), decision]);
    this.runs.set(run, all);
    void all.then(() => this.runs.get(run) === all && this.runs.delete(run));
    return decision;
  }

  /** Settles, never rejects, when the decisions of this run that have arrived are over; undefined when there are none. */
  of(run: string): Promise<unknown> | undefined {
    return this.runs.get(run);
  }
}
