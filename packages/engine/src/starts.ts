/**
 * Starts whose first commit is under way.
 *
 * Boundary: which runs are about to be there, and who is to be told when they never will be. Invariant: until its verdict
 * has come, a run that starts may be in the file already; nobody may load it from there beside the one that starts it.
 */
import type { ActiveRun } from "./runs/active-run.ts";

export class Starts {
  private readonly runs = new Map<ActiveRun, (error: unknown) => void>();
  private readonly byId = new Map<string, { count: number; readonly waiting: (() => void)[] }>();

  /** `reject` is called when the first commit will never come. */
  add(id: string, run: ActiveRun, reject: (error: unknown) => void): void {
    this.runs.set(run, reject);
    const same = this.byId.get(id);
    if (same) same.count++;
    else this.byId.set(id, { count: 1, waiting: [] });
  }

  /** The verdict of its first commit has come. */
  done(id: string, run: ActiveRun): void {
    if (!this.runs.delete(run)) return;
    const same = this.byId.get(id);
    if (!same || --same.count > 0) return;
    this.byId.delete(id);
    for (const resolve of same.waiting) resolve();
  }

  /** It will never be committed. */
  reject(run: ActiveRun, error: unknown): void {
    this.runs.get(run)?.(error);
    this.done(run.id, run);
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  /** Resolves when no start of this run is under way. */
  settled(id: string): Promise<void> {
    const same = this.byId.get(id);
    return same ? new Promise((resolve) => same.waiting.push(resolve)) : Promise.resolve();
  }

  get all(): ActiveRun[] {
    return [...this.runs.keys()];
  }

  /** Nothing of them will ever be committed. */
  rejectAll(error: unknown): void {
    for (const reject of this.runs.values()) reject(error);
    this.runs.clear();
    for (const { waiting } of this.byId.values()) for (const resolve of waiting) resolve();
    this.byId.clear();
  }
}
