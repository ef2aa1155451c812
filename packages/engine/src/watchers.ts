/**
 * Who looks at runs: watchers of entries.
 *
 * Boundary: told of commits by the engine; reads the past from the store. Invariants: only committed entries are seen,
 * each once, in order, from any point on (rule 1): where a commit was not told because the store failed, what it held is
 * read; a watcher that does not keep up is cut off with an error instead of growing without bound (rule 32); watching
 * ends without an error only when the run has ended or the watcher has given up.
 */
import { type Entry, PlumblineError, type StoredRun, type WatchedEntry, type WatchOptions } from "@plumbline/core";

const maxBacklog = 10_000;

interface Watcher {
  backlog: WatchedEntry[];
  wake: () => void;
  overrun: boolean;
  /** Something may be in the store that was never told. */
  stale: boolean;
}

export class Watchers {
  private readonly watchers = new Map<string, Set<Watcher>>();
  private failure: PlumblineError | undefined;
  /** Why nothing more will be seen of a run, when that is so. */
  private readonly faultOf: (run: string) => PlumblineError | undefined;

  constructor(faultOf: (run: string) => PlumblineError | undefined) {
    this.faultOf = faultOf;
  }

  /** Entries of a run are durable; `from` is the index of the first. */
  committed(run: string, from: number, entries: readonly Entry[]): void {
    const watchers = this.watchers.get(run);
    if (!watchers) return;
    for (const watcher of watchers) {
      watcher.overrun ||= watcher.backlog.length + entries.length > maxBacklog;
      if (!watcher.overrun)
        for (let i = 0; i < entries.length; i++) watcher.backlog.push({ index: from + i, entry: entries[i] as Entry });
      watcher.wake();
    }
  }

  /** The store was opened again: what it holds may be more than was told. */
  lookAgain(): void {
    for (const watchers of this.watchers.values()) {
      for (const watcher of watchers) {
        watcher.stale = true;
        watcher.wake();
      }
    }
  }

  /** Whoever watches the run looks what has become of it. */
  wake(run: string): void {
    for (const watcher of this.watchers.get(run) ?? []) watcher.wake();
  }

  /** There will be nothing more to see. */
  fail(error: PlumblineError): void {
    this.failure = error;
    for (const watchers of this.watchers.values()) for (const watcher of watchers) watcher.wake();
  }

  /** Counts who watches, for guards on what is kept. */
  get size(): number {
    return this.watchers.size;
  }

  async *watch(
    load: () => Promise<StoredRun | undefined>,
    run: string,
    { from = 0, signal }: WatchOptions,
  ): AsyncGenerator<WatchedEntry> {
    const watcher: Watcher = { backlog: [], wake: () => {}, overrun: false, stale: true };
    const watchers = this.watchers.get(run) ?? new Set();
    this.watchers.set(run, watchers.add(watcher)); // before reading, so that nothing falls between past and live
    const onAbort = () => watcher.wake();
    signal?.addEventListener("abort", onAbort);
    let next = from;
    try {
      while (!signal?.aborted) {
        const { seen, ended } = watcher.stale ? await past(watcher, load, run) : live(watcher, next, run);
        for (const watched of seen) {
          if (watched.index < next) continue;
          next = watched.index + 1;
          yield watched;
          if (signal?.aborted) return;
          if (watched.entry.kind === "run.ended") return;
        }
        if (ended) return;
        if (watcher.backlog.length > 0 || watcher.overrun || watcher.stale) continue;
        const failure = this.failure ?? this.faultOf(run);
        if (failure) throw failure;
        await new Promise<void>((resolve) => {
          watcher.wake = resolve;
          if (this.failure || signal?.aborted) resolve();
        });
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      watchers.delete(watcher);
      if (watchers.size === 0) this.watchers.delete(run);
    }
  }
}

interface Look {
  readonly seen: readonly WatchedEntry[];
  /** The run has ended, whether or not its end is among what is wanted. */
  readonly ended: boolean;
}

async function past(watcher: Watcher, load: () => Promise<StoredRun | undefined>, run: string): Promise<Look> {
  watcher.stale = false;
  const stored = await load();
  if (!stored) throw unknownRun(run);
  const seen = stored.entries.map((entry, index) => ({ index, entry }));
  return { seen, ended: stored.entries.some((entry) => entry.kind === "run.ended") };
}

/** What was told since the last look. Where something is missing in between, the store is asked first. */
function live(watcher: Watcher, next: number, run: string): Look {
  const { backlog } = watcher;
  const first = backlog[0];
  if (first && first.index > next && !watcher.overrun) {
    watcher.stale = true;
    return nothing;
  }
  watcher.backlog = [];
  if (watcher.overrun && backlog.length === 0) throw tooSlow(run);
  return { seen: backlog, ended: backlog.some(({ entry }) => entry.kind === "run.ended") };
}

const nothing: Look = { seen: [], ended: false };

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
