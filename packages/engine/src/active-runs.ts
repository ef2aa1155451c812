/**
 * Who is in memory: runs are loaded when somebody needs them, leave when they only wait, and are not loaded in vain.
 *
 * Boundary: between the journal and the runs of one engine; when to wake and how to recover is engine-host.ts's. Invariants: a run
 * is in memory at most once; a run that only waits leaves memory (rule 22); a run that comes back is folded from the journal
 * and its lost attempts are declared before anything else happens to it (rule 5); one that cannot go on here (its code is
 * not here, or Plumbline itself failed at it) is said aloud once, and does not keep the others from going on.
 */
import {
  codeOf,
  type Entry,
  failureOf,
  fold,
  newState,
  nextDueAt,
  type PlumblineError,
  type RunState,
  type UnfinishedRun,
} from "@plumbline/core";
import type { CalledRuns } from "./called-runs.ts";
import { runFault } from "./engine-errors.ts";
import type { FlowShelf } from "./flow-shelf.ts";
import type { KeptRuns } from "./kept-runs.ts";
import { ActiveRun } from "./runs/active-run.ts";
import type { Host } from "./runs/host.ts";
import type { Starts } from "./starts.ts";
import { unknownRun } from "./watchers.ts";

/** A run whose next timer is nearer than this stays in memory; one that could not be read is read again after it. */
const keepMs = 1_000;
const maxFaults = 1_000;

type Journal = UnfinishedRun["journal"];

/** What runs in memory need of the engine. */
export interface RunsHost extends Host {
  readonly flows: FlowShelf;
  readonly starts: Starts;
  readonly called: CalledRuns;
  readonly kept: KeptRuns<ActiveRun>;
  /** Counts failures of the store: what was begun before one is not to be trusted after it. */
  readonly era: number;
  /** @throws PlumblineError when the store has failed since that era, or is closed */
  demandUp(era: number): void;
  /** False when runs may be loaded and told things, and nothing of them is performed. */
  readonly performs: boolean;
  /** True when those that it called are known to be under way. */
  hasSeen(id: string): boolean;
  /** The process that had it let go of it, and did not die. */
  isBlameless(state: RunState): boolean;
  lossesOf(state: RunState, journal: readonly Entry[], isBlameless: boolean): Entry[];
  /** Plumbline failed at a run: whoever waits for it or watches it is told. */
  onFault(fault: PlumblineError, id: string, run: ActiveRun | undefined): void;
  /** A timer may be due at this instant. */
  hint(dueAt: number): void;
}

export class ActiveRuns {
  private readonly host: RunsHost;
  private readonly active = new Map<string, ActiveRun>();
  private readonly loading = new Map<string, Promise<ActiveRun>>();
  /** Runs that Plumbline itself failed at, the newest: they are not tried again in this process. */
  private readonly faults = new Map<string, PlumblineError>();
  /** Until all that was left is taken up: who came into memory in another way. What a page of runs says of them may be old. */
  private ahead: Set<string> | undefined = new Set();
  /** Runs whose code is not here: they are not loaded again for every timer of theirs. */
  private readonly stuck = new Set<string>();

  constructor(host: RunsHost) {
    this.host = host;
  }

  get(id: string): ActiveRun | undefined {
    return this.active.get(id);
  }

  has(id: string): boolean {
    return this.active.has(id);
  }

  get all(): ActiveRun[] {
    return [...this.active.values()];
  }

  /** Runs in memory, for guards on what is kept. */
  get size(): number {
    return this.active.size;
  }

  /** One that has been started, and is in the journal from now on. */
  add(run: ActiveRun): void {
    this.active.set(run.id, run);
    this.ahead?.add(run.id);
  }

  /** All that was left is taken up. */
  takenUp(): void {
    this.ahead = undefined;
  }

  /** A run that only waits, and not for a timer that is near, has no place in memory (rule 22). */
  leave(run: ActiveRun): void {
    if (run.holds > 0 || !run.isParked || this.active.get(run.id) !== run || this.host.kept.has(run)) return;
    const dueAt = nextDueAt(run.state);
    if (dueAt === undefined || dueAt - this.host.clock.now() > keepMs) this.active.delete(run.id);
  }

  /**
   * Does something with a run that is in memory while it is done. `journal` is what a page of runs says of it.
   * @throws PlumblineError `run-unknown`, `run-held`, `run-fault`, `flow-unknown`
   */
  async withRun<T>(id: string, work: (run: ActiveRun) => T | Promise<T>, journal?: Journal): Promise<T> {
    const { era } = this.host;
    for (let read = journal; ; read = undefined) {
      this.host.demandUp(era);
      this.demandSound(id);
      const run = this.active.get(id) ?? (await this.demand(id, read));
      if (this.active.get(id) !== run) continue; // it has left again between the loading and now
      run.holds++;
      try {
        return await work(run);
      } finally {
        run.holds--;
        this.leave(run);
      }
    }
  }

  private demand(id: string, read?: Journal): Promise<ActiveRun> {
    let loading = this.loading.get(id);
    if (!loading) {
      loading = this.load(id, read).finally(() => this.loading.get(id) === loading && this.loading.delete(id));
      this.loading.set(id, loading);
    }
    return loading;
  }

  private async load(id: string, read?: Journal): Promise<ActiveRun> {
    const { host } = this;
    const { era, starts } = host;
    // A start whose verdict is on its way knows the run better than the file does: two of one run must never be.
    await starts.settled(id);
    const known = this.ahead?.has(id) ? undefined : read;
    if (!known) this.ahead?.add(id);
    const stored = this.active.has(id) ? undefined : (known ?? (await host.store.load(id)));
    host.demandUp(era);
    if (starts.has(id)) return this.load(id);
    const started = this.active.get(id);
    if (started) return started;
    if (!stored) throw unknownRun(id);
    const state = this.soundly(id, () => fold(newState(stored.plan), stored.entries));
    const code = host.flows.codeFor(id, state);
    const isBlameless = host.isBlameless(state);
    const losses = this.soundly(id, () =>
      state.phase === "ended" ? [] : host.lossesOf(state, stored.entries, isBlameless),
    );
    const run = new ActiveRun(host, state, code);
    this.active.set(id, run);
    if (state.phase === "ended") return run;
    if (!host.performs) run.hold();
    const isSeen = host.hasSeen(id);
    run.takeUp(losses, { isSeen, isBlameless });
    if (!isSeen) host.called.takenUp(run);
    return run;
  }

  /** What the core throws at a run that is not in memory yet is a fault of Plumbline all the same. */
  private soundly<T>(id: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.fault(id, error);
    }
  }

  /** Plumbline itself failed at a run: it is stuck, loudly, and the others go on. */
  fault(id: string, error: unknown, run?: ActiveRun): PlumblineError {
    const fault = runFault(id, error);
    this.faults.set(id, fault);
    const [oldest] = this.faults.keys();
    if (oldest !== undefined && this.faults.size > maxFaults) this.faults.delete(oldest);
    if (this.active.get(id) === run) this.active.delete(id);
    run?.drop("Plumbline failed at this run", fault);
    this.host.onFault(fault, id, run);
    return fault;
  }

  faultOf(id: string): PlumblineError | undefined {
    return this.faults.get(id);
  }

  /** @throws PlumblineError `run-fault` */
  demandSound(id: string): void {
    const fault = this.faults.get(id);
    if (fault) throw fault;
  }

  isStuck(id: string): boolean {
    return this.stuck.has(id) || this.faults.has(id);
  }

  /** Says once why a run cannot go on; a failing store is told elsewhere. */
  warnStuck(message: string, run: string, error: unknown): void {
    const code = codeOf(error);
    if (code === "store-failed" || code === "engine-closed" || this.isStuck(run)) return;
    if (code === "run-held" || code === "flow-unknown") this.stuck.add(run);
    else this.host.hint(this.host.clock.now() + keepMs); // it could not be read, say: that may pass
    this.host.warn(message, { run, error: failureOf(error).message });
  }

  /** Everything in memory goes, without a word to the journal. */
  drop(reason: string, error: PlumblineError): void {
    for (const run of this.all) run.drop(reason, error);
    this.active.clear();
    this.loading.clear();
    this.ahead = new Set();
  }
}
