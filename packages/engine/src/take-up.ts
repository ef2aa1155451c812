/**
 * What an earlier process, or this one before its store failed, left unfinished: taken up once, page by page.
 *
 * Boundary: which runs are loaded at an opening, and what is known of one that is loaded later; what loading means is the
 * host's. Invariant: a run that calls others is looked after once, when it is taken up: what it called is under way then,
 * and tells it by itself; only one that could not be taken up is looked after when it is loaded the next time.
 */
import type { Store, UnfinishedRun } from "@plumbline/core";

export interface TakeUpHost {
  readonly store: Store;
  /** Takes a run into memory, and resolves when its losses are durable. */
  takeUpOne(run: UnfinishedRun): Promise<void>;
  warnStuck(message: string, run: string, error: unknown): void;
}

const page = 512;

export class TakeUp {
  private phase: "before" | "under way" | "over" = "before";
  private readonly missed = new Set<string>();

  /** Until it begins, runs may be loaded and told things, and nothing of them is performed. */
  get isBefore(): boolean {
    return this.phase === "before";
  }

  /** Asked when a run is loaded: true when those that it called are known to be under way. */
  hasSeen(id: string): boolean {
    return this.phase === "over" && !this.missed.delete(id);
  }

  begin(): void {
    this.phase = "under way";
  }

  async all(host: TakeUpHost): Promise<void> {
    let after: string | undefined;
    let before: Promise<unknown> = Promise.resolve();
    for (;;) {
      const runs = await host.store.unfinished(after, page);
      // Their losses are durable before anything else: together, in one commit.
      const taken = Promise.all(runs.map((run) => this.one(host, run)));
      await before; // the store reads one page while it writes another
      before = taken;
      if (runs.length < page) break;
      after = runs.at(-1)?.id;
    }
    await before;
    this.phase = "over";
  }

  private async one(host: TakeUpHost, run: UnfinishedRun): Promise<void> {
    try {
      await host.takeUpOne(run);
    } catch (error) {
      this.missed.add(run.id);
      host.warnStuck("a run cannot go on", run.id, error);
    }
  }
}
