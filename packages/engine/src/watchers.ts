/**
 * Who looks at runs: watchers of entries and waiters for the end.
 *
 * Boundary: told of commits by the engine; reads the past from the store. Invariants: only committed entries are seen,
 * each once, in order, from any point on (rule 1); a watcher that does not keep up is cut off with an error instead of
 * growing without bound (rule 32).
 */
import { type Entry, PlumblineError, type Store, type WatchedEntry, type WatchOptions } from "@plumbline/core";

const maxBacklog = 10_000;

interface Watcher {
  readonly backlog: WatchedEntry[];
  wake: () => void;
  overrun: boolean;
}

export class Watchers {
  private readonly watchers = new Map<string, Set<Watcher>>();
  private closed = false;

  /** Entries of a run are durable; `from` is the index of the first. */
  committed(run: string, from: number, entries: readonly Entry[]): void {
    const watchers = this.watchers.get(run);
    if (!watchers) return;
    for (const watcher of watchers) {
      if (watcher.backlog.length + entries.length > maxBacklog) watcher.overrun = true;
      else
        for (let i = 0; i < entries.length; i++) watcher.backlog.push({ index: from + i, entry: entries[i] as Entry });
      watcher.wake();
    }
  }

  close(): void {
    this.closed = true;
    for (const watchers of this.watchers.values()) for (const watcher of watchers) watcher.wake();
  }

  async *watch(store: Store, run: string, { from = 0, signal }: WatchOptions): AsyncGenerator<WatchedEntry> {
    const watcher: Watcher = { backlog: [], wake: () => {}, overrun: false };
    const watchers = this.watchers.get(run) ?? new Set();
    this.watchers.set(run, watchers.add(watcher)); // before reading, so that nothing falls between past and live
    try {
      const past = (await store.load(run))?.entries;
      if (!past) throw unknownRun(run);
      let next = from;
      for (; next < past.length; next++) {
        const entry = past[next] as Entry;
        yield { index: next, entry };
        if (entry.kind === "run.ended") return;
      }
      if (past.at(-1)?.kind === "run.ended") return;
      yield* this.live(watcher, next, run, signal);
    } finally {
      watchers.delete(watcher);
      if (watchers.size === 0) this.watchers.delete(run);
    }
  }

  private async *live(
    watcher: Watcher,
    first: number,
    run: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<WatchedEntry> {
    let next = first;
    const onAbort = () => watcher.wake();
    signal?.addEventListener("abort", onAbort);
    try {
      while (!this.closed && !signal?.aborted) {
        for (const watched of watcher.backlog.splice(0)) {
          if (watched.index < next) continue;
          next = watched.index + 1;
          yield watched;
          if (watched.entry.kind === "run.ended") return;
        }
        if (watcher.overrun) throw tooSlow(run);
        if (watcher.backlog.length > 0) continue;
        await new Promise<void>((resolve) => {
          watcher.wake = resolve;
          if (this.closed || signal?.aborted) resolve();
        });
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

export function unknownRun(run: string): PlumblineError {
  return new PlumblineError("run-unknown", "there is no such run", {
    path: run,
    expected: "the id of a run in this store",
    found: run,
    mend: "list runs with `plumbline runs`, and look whether --db names the right file",
  });
}

function tooSlow(run: string): PlumblineError {
  return new PlumblineError("watch-too-slow", "a watcher did not keep up and was cut off", {
    path: run,
    expected: `fewer than ${maxBacklog} entries unread`,
    found: "more",
    mend: "watch again from the last index that was seen",
  });
}
