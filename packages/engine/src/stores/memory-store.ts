/**
 * A store that keeps everything in this process's memory: for `run(flow, input)`, tests and flows that need no more.
 *
 * Boundary: implements the Store port; what it keeps is gone with the process. Invariants: commits at once and in order;
 * entries are kept as they are given, which is safe because entries are never changed after they are made; of runs that have
 * ended, so many are kept (rule 32): what one commit has ended is there until the next one at least, a called run until its
 * caller has ended too, and what somebody has a view of for as long as that is kept; keys outlive runs (rule 25).
 */
import type {
  CommitItem,
  CommitVerdict,
  Entry,
  ListQuery,
  Page,
  Plan,
  Register,
  RunSummary,
  RunView,
  Store,
  StoredRun,
  UnfinishedRun,
} from "@plumbline/core";
import { matches, pageCursor, pageLimit } from "./list-query.ts";

interface Kept {
  summary: RunSummary;
  plan: Plan;
  readonly entries: Entry[];
  readonly blobs: Map<string, Uint8Array>;
  readonly inputHash: string;
  readonly order: number;
}

export interface MemoryOptions {
  /** How many runs are kept that have ended, the newest. Default 1,000. Those that go on are all kept. */
  readonly keep?: number;
}

const defaultKeep = 1_000;
/** Of runs that are forgotten: enough to know a request that is sent again, and some 20 MB. */
const maxKeys = 100_000;

export class MemoryStore implements Store {
  readonly durable = false;
  private readonly keep: number;
  private readonly runs = new Map<string, Kept>();
  private orders = 0;
  private readonly registers = new Map<string, Register>();
  /** Runs with a timer. */
  private readonly timed = new Set<string>();
  private readonly open = new Set<string>();
  /** Runs that have ended and may be forgotten, in the order of their end. */
  private readonly ended = new Set<string>();
  /** Goes through them once: a new look would begin at the places of all that were forgotten lately. */
  private readonly oldest = this.ended.values();
  /** Runs that have ended before the run that called them, by that. */
  private readonly called = new Map<string, string[]>();
  /** What forgotten runs with a key were started with, by id. */
  private readonly keys = new Map<string, string>();

  constructor({ keep = defaultKeep }: MemoryOptions = {}) {
    this.keep = keep;
  }

  /** What is kept, for guards on it. */
  get counts(): { readonly runs: number; readonly blobs: number; readonly keys: number } {
    const blobs = [...this.runs.values()].reduce((sum, kept) => sum + kept.blobs.size, 0);
    return { runs: this.runs.size, blobs, keys: this.keys.size };
  }

  commit(batch: readonly CommitItem[]): readonly CommitVerdict[] {
    this.forget();
    const claimed = new Set<string>();
    for (const item of batch) {
      const { id } = item.summary;
      if (item.claim) claimed.add(id);
      else if (!this.runs.has(id) && !claimed.has(id) && !isAfterword(item)) {
        throw new Error(`commit to a run that was never claimed: ${id}`); // before anything is kept
      }
    }
    return batch.map((item) => this.commitOne(item));
  }

  private commitOne(item: CommitItem): CommitVerdict {
    const { id, status, dueAt } = item.summary;
    const known = this.runs.get(id);
    const taken = item.claim && (known?.inputHash ?? this.keys.get(id));
    if (taken !== undefined) return { status: "taken", inputHash: taken };
    for (const register of item.registers ?? []) this.registers.set(register.name, register);
    if (!known && !item.claim) return { status: "ok" };
    const kept = known ?? this.newRun(item);
    for (const entry of item.entries) kept.entries.push(entry);
    for (const blob of item.blobs ?? []) kept.blobs.set(blob.id, blob.bytes);
    const hasEnded = status === "ended" && (kept.summary.status !== "ended" || !known);
    kept.summary = item.summary;
    if (dueAt === undefined) this.timed.delete(id);
    else this.timed.add(id);
    if (status !== "waiting" && status !== "ended") this.open.add(id);
    else this.open.delete(id);
    if (hasEnded) this.end(item.summary);
    return { status: "ok" };
  }

  private newRun({ summary, plan, claim }: CommitItem): Kept {
    const { inputHash } = claim as NonNullable<CommitItem["claim"]>;
    const kept: Kept = {
      summary,
      plan: plan as Plan,
      entries: [],
      blobs: new Map(),
      inputHash,
      order: this.orders++,
    };
    this.runs.set(summary.id, kept);
    return kept;
  }

  private end({ id, parent }: RunSummary): void {
    const caller = parent === undefined ? undefined : this.runs.get(parent);
    if (caller && caller.summary.status !== "ended") {
      const others = this.called.get(caller.summary.id);
      if (others) others.push(id);
      else this.called.set(caller.summary.id, [id]);
    } else {
      for (const called of this.called.get(id) ?? []) this.ended.add(called);
      this.called.delete(id);
      this.ended.add(id);
    }
  }

  private forget(): void {
    while (this.ended.size > this.keep) {
      const id = this.oldest.next().value as string;
      const { summary, inputHash } = this.runs.get(id) as Kept;
      this.ended.delete(id);
      this.runs.delete(id);
      if (summary.key !== undefined) this.keys.set(id, inputHash);
    }
    for (const [oldest] of this.keys) {
      if (this.keys.size <= maxKeys) return;
      this.keys.delete(oldest);
    }
  }

  viewOf(run: string): RunView | undefined {
    const kept = this.runs.get(run);
    return kept && { load: async () => storedRun(kept), blob: async (_, id) => kept.blobs.get(id) };
  }

  async load(run: string): Promise<StoredRun | undefined> {
    const kept = this.runs.get(run);
    return kept && storedRun(kept);
  }

  async list(query: ListQuery): Promise<Page<RunSummary>> {
    const limit = pageLimit(query);
    const before = query.cursor === undefined ? Number.POSITIVE_INFINITY : pageCursor(query.cursor);
    const found = [...this.runs.values()]
      .filter((kept) => kept.order < before && matches(kept.summary, query))
      .reverse();
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map((kept) => kept.summary),
      ...(last && found.length > limit ? { next: String(last.order) } : {}),
    };
  }

  async due(now: number, limit: number): Promise<readonly string[]> {
    const due = [...this.timed].filter((id) => this.dueAtOf(id) <= now);
    return due.sort((a, b) => this.dueAtOf(a) - this.dueAtOf(b) || this.orderOf(a) - this.orderOf(b)).slice(0, limit);
  }

  async nextDueAt(after: number): Promise<number | undefined> {
    let earliest: number | undefined;
    for (const id of this.timed) {
      const dueAt = this.dueAtOf(id);
      if (dueAt > after && (earliest === undefined || dueAt < earliest)) earliest = dueAt;
    }
    return earliest;
  }

  private dueAtOf(id: string): number {
    return this.runs.get(id)?.summary.dueAt ?? Number.POSITIVE_INFINITY;
  }

  private orderOf(id: string): number {
    return this.runs.get(id)?.order ?? 0;
  }

  async unfinished(after: string | undefined, limit: number): Promise<readonly UnfinishedRun[]> {
    return [...this.open]
      .sort()
      .filter((id) => after === undefined || id > after)
      .slice(0, limit)
      .map((id) => ({ id, journal: storedRun(this.runs.get(id) as Kept) }));
  }

  async register(name: string): Promise<Register | undefined> {
    return this.registers.get(name);
  }

  async forgetRegisters(prefix: string, before: number, limit: number): Promise<number> {
    const old = [...this.registers.values()].filter(({ name, at }) => at < before && name.startsWith(prefix));
    const forgotten = old.slice(0, limit);
    for (const { name } of forgotten) this.registers.delete(name);
    return forgotten.length;
  }

  async plans(): Promise<readonly Plan[]> {
    return [...new Map([...this.runs.values()].map(({ plan }) => [plan.fingerprint, plan])).values()];
  }

  async blob(run: string, id: string): Promise<Uint8Array | undefined> {
    return this.runs.get(run)?.blobs.get(id);
  }

  async close(): Promise<void> {}
}

/** What comes late of a run that had ended before: that may be forgotten, and this with it. */
function isAfterword({ summary, entries }: CommitItem): boolean {
  return summary.status === "ended" && entries.every(({ kind }) => kind !== "run.ended");
}

function storedRun({ summary, plan, entries }: Kept): StoredRun {
  return { summary, plan, entries: entries.slice(), head: "" };
}
