/**
 * A store that keeps everything in this process's memory: for `run(flow, input)`, tests and flows that need no more.
 *
 * Boundary: implements the Store port; what it keeps is gone with the process. Invariants: commits at once and in order;
 * entries are kept as they are given, which is safe because entries are never changed after they are made.
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
  Store,
  StoredRun,
} from "@plumbline/core";
import { matches, pageCursor, pageLimit } from "./list-query.ts";

interface Kept {
  summary: RunSummary;
  plan: Plan;
  readonly entries: Entry[];
  readonly inputHash: string;
  readonly order: number;
}

export class MemoryStore implements Store {
  readonly durable = false;
  private readonly runs = new Map<string, Kept>();
  private readonly registers = new Map<string, Register>();
  private readonly blobs = new Map<string, Map<string, Uint8Array>>();
  /** Runs with a timer. */
  private readonly timed = new Set<string>();
  private readonly open = new Set<string>();

  commit(batch: readonly CommitItem[]): readonly CommitVerdict[] {
    const claimed = new Set<string>();
    for (const { summary, claim } of batch) {
      if (claim) claimed.add(summary.id);
      else if (!this.runs.has(summary.id) && !claimed.has(summary.id)) {
        throw new Error(`commit to a run that was never claimed: ${summary.id}`); // before anything is kept
      }
    }
    return batch.map((item) => this.commitOne(item));
  }

  private commitOne(item: CommitItem): CommitVerdict {
    const { id, status, dueAt } = item.summary;
    const known = this.runs.get(id);
    if (item.claim && known) return { status: "taken", inputHash: known.inputHash };
    const kept = known ?? this.newRun(item);
    for (const entry of item.entries) kept.entries.push(entry);
    kept.summary = item.summary;
    if (dueAt === undefined) this.timed.delete(id);
    else this.timed.add(id);
    if (status !== "waiting" && status !== "ended") this.open.add(id);
    else this.open.delete(id);
    for (const register of item.registers ?? []) this.registers.set(register.name, register);
    if (item.blobs) {
      const blobs = this.blobs.get(id) ?? new Map<string, Uint8Array>();
      this.blobs.set(id, blobs);
      for (const blob of item.blobs) blobs.set(blob.id, blob.bytes);
    }
    return { status: "ok" };
  }

  private newRun({ summary, plan, claim }: CommitItem): Kept {
    const { inputHash } = claim as NonNullable<CommitItem["claim"]>;
    const kept: Kept = { summary, plan: plan as Plan, entries: [], inputHash, order: this.runs.size };
    this.runs.set(summary.id, kept);
    return kept;
  }

  async load(run: string): Promise<StoredRun | undefined> {
    const kept = this.runs.get(run);
    return kept && { summary: kept.summary, plan: kept.plan, entries: kept.entries.slice(), head: "" };
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

  async unfinished(after: string | undefined, limit: number): Promise<readonly string[]> {
    return [...this.open]
      .sort()
      .filter((id) => after === undefined || id > after)
      .slice(0, limit);
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
    return this.blobs.get(run)?.get(id);
  }

  async close(): Promise<void> {}
}
