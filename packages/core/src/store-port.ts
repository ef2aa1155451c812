/**
 * The lower port: what the embedded engine needs from a place that keeps journals.
 *
 * Boundary: types only; stores keep and find, they know no rules of runs. Invariants: `commit` alone adds, and is atomic
 * as a whole: entries, projection, key claims, registers, plans and blobs of a batch are durable together or not
 * at all; a run's entries are appended in order and never rewritten; what `commit` has answered is what readers find.
 */
import type { ListQuery, Page } from "./engine-port.ts";
import type { Entry } from "./entries.ts";
import type { Plan } from "./plan.ts";
import type { RunSummary } from "./report.ts";

/** What one run adds in one commit: one link of its hash chain. */
export interface CommitItem {
  /** The projection after these entries; it names the run. */
  readonly summary: RunSummary;
  /** The projection as this engine had it committed before; absent when it has not, and anything may be there. */
  readonly before?: RunSummary;
  readonly entries: readonly Entry[];
  /** For a run's first commit: refuses the item when the id is taken, instead of adding to it. */
  readonly claim?: { readonly inputHash: string };
  readonly plan?: Plan;
  readonly registers?: readonly Register[];
  readonly blobs?: readonly { readonly id: string; readonly bytes: Uint8Array }[];
}

/** A named value outside runs: a breaker's state, a last good answer. The last write wins. */
export interface Register {
  readonly name: string;
  readonly value: string;
  readonly at: number;
}

/** `taken`: the claimed id exists; `inputHash` says with which input it was started. */
export type CommitVerdict = { readonly status: "ok" } | { readonly status: "taken"; readonly inputHash: string };

export interface StoredRun {
  readonly summary: RunSummary;
  readonly plan: Plan;
  readonly entries: readonly Entry[];
  readonly head: string;
}

/** A run that a restart has to take up again. */
export interface UnfinishedRun {
  readonly id: string;
  /** Absent where it could not be read with the others: `load` says why. */
  readonly journal?: Pick<StoredRun, "plan" | "entries">;
}

/** What is read of one run. */
export type RunView = Pick<Store, "load" | "blob">;

export interface Store {
  /** True when what was committed survives the death of the process. */
  readonly durable: boolean;
  /** Gives one verdict per item. A rejection means that nothing is known: the engine must reopen (rule 4). */
  commit(batch: readonly CommitItem[]): readonly CommitVerdict[] | Promise<readonly CommitVerdict[]>;
  load(run: string): Promise<StoredRun | undefined>;
  /** Of a store that forgets runs: one as it can be read by whoever keeps this, also when it is forgotten. */
  viewOf?(run: string): RunView | undefined;
  list(query: ListQuery): Promise<Page<RunSummary>>;
  /** Runs whose timer is due, earliest first. */
  due(now: number, limit: number): Promise<readonly string[]>;
  /** The earliest instant later than `after` at which a timer is due, over all runs. */
  nextDueAt(after: number): Promise<number | undefined>;
  /**
   * Runs that were neither ended nor waiting when last committed, with their journals. One that cannot be read keeps no other
   * from being given.
   */
  unfinished(after: string | undefined, limit: number): Promise<readonly UnfinishedRun[]>;
  register(name: string): Promise<Register | undefined>;
  /**
   * Deletes registers whose name begins so and that were written before an instant, at most `limit` at a time, so that
   * commits do not wait long. Gives how many it deleted: fewer than `limit` when there are no more.
   */
  forgetRegisters(prefix: string, before: number, limit: number): Promise<number>;
  /** Every plan that a run in here began with, each once. */
  plans(): Promise<readonly Plan[]>;
  blob(run: string, id: string): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}
