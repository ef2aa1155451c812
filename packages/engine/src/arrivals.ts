/**
 * Decisions and signals that have arrived and are being held to their contract: they come before timers of their run (rule 19).
 *
 * Boundary: who has arrived; what is decided is the core's. Invariant: nothing is kept of a run when what came for it is
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

  /**
   * Settles, never rejects, when what has arrived for this run is over; undefined when there is nothing. What is said to
   * a run may be for a part of it: the id of a called run is that of its caller and a slot.
   */
  of(run: string): Promise<unknown> | undefined {
    for (let at = run; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
      const arrived = this.runs.get(at);
      if (arrived !== undefined) return arrived;
    }
    return undefined;
  }
}
