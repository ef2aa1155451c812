/**
 * Runs that have just heard of another one, which called them or which they called: kept in memory while more may come.
 *
 * Boundary: who stays a moment longer; who may leave at all is the host's. Invariants: a run that hears nothing more is let
 * go of, and so is the one that was silent longest when there are many: what waits holds no memory (rule 22).
 */
import type { Clock, Timer } from "./clock.ts";

/** Without it, each answer of a called run would have the whole journal of its caller folded again. */
const keepMs = 1_000;
const most = 32;

export class KeptRuns<Run> {
  private readonly clock: Clock;
  private readonly letGo: (run: Run) => void;
  /** In the order in which they heard, with the instant until which each is kept. */
  private readonly kept = new Map<Run, number>();
  private timer: Timer | undefined;

  constructor(clock: Clock, letGo: (run: Run) => void) {
    this.clock = clock;
    this.letGo = letGo;
  }

  has(run: Run): boolean {
    return this.kept.has(run);
  }

  heard(run: Run): void {
    this.kept.delete(run);
    this.kept.set(run, this.clock.monotonic() + keepMs);
    const [silent] = this.kept.keys();
    if (this.kept.size > most && silent) this.forget(silent);
    this.timer ??= this.timerFor(keepMs);
  }

  /** Keeps none any more; nobody is let go of. */
  clear(): void {
    this.kept.clear();
    this.timer?.cancel();
    this.timer = undefined;
  }

  private timerFor(ms: number): Timer {
    const timer = this.clock.timer(ms, () => this.look());
    timer.unref?.();
    return timer;
  }

  private look(): void {
    this.timer = undefined;
    const now = this.clock.monotonic();
    for (const [run, until] of this.kept) {
      if (until > now) {
        this.timer = this.timerFor(until - now);
        return;
      }
      this.forget(run);
    }
  }

  private forget(run: Run): void {
    this.kept.delete(run);
    this.letGo(run);
  }
}
