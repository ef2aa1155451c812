/**
 * Starts whose first commit is under way.
 *
 * Boundary: which runs are about to be there, and who is to be told when they never will be. Invariant: until its verdict
 * has come, a run that starts may be in the file already; nobody may load it from there beside the one that starts it.
 */
import type { ActiveRun } from "./runs/active-run.ts";

interface Start {
  readonly run: ActiveRun;
  readonly reject: (error: unknown) => void;
  /** Another start of the same id: at most one of them will be the run. */
  readonly other: Start | undefined;
}

export class Starts {
  private readonly byId = new Map<string, Start>();
  private readonly waiting = new Map<string, (() => void)[]>();

  /** `reject` is called when the first commit will never come. */
  add(id: string, run: ActiveRun, reject: (error: unknown) => void): void {
    this.byId.set(id, { run, reject, other: this.byId.get(id) });
  }

  /** The verdict of its first commit has come. */
  done(id: string, run: ActiveRun): void {
    const first = this.byId.get(id);
    if (!first) return;
    const left = without(first, run);
    if (left) {
      this.byId.set(id, left);
      return;
    }
    this.byId.delete(id);
    this.tell(id);
  }

  /** It will never be committed. */
  reject(run: ActiveRun, error: unknown): void {
    for (const start of this.list()) if (start.run === run) start.reject(error);
    this.done(run.id, run);
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  /** Resolves when no start of this run is under way. */
  settled(id: string): Promise<void> {
    if (!this.byId.has(id)) return Promise.resolve();
    return new Promise((resolve) => this.waiting.set(id, [...(this.waiting.get(id) ?? []), resolve]));
  }

  get all(): ActiveRun[] {
    return this.list().map(({ run }) => run);
  }

  /** Nothing of them will ever be committed. */
  rejectAll(error: unknown): void {
    for (const { reject } of this.list()) reject(error);
    this.byId.clear();
    for (const id of [...this.waiting.keys()]) this.tell(id);
  }

  private tell(id: string): void {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id);
    for (const resolve of waiting) resolve();
  }

  private list(): Start[] {
    const found: Start[] = [];
    for (const first of this.byId.values()) {
      for (let start: Start | undefined = first; start; start = start.other) found.push(start);
    }
    return found;
  }
}

function without(start: Start, run: ActiveRun): Start | undefined {
  if (start.run === run) return start.other;
  return { ...start, other: start.other && without(start.other, run) };
}
