/**
 * The host of active runs: who is in memory, what is committed, when to wake, how to recover.
 *
 * Boundary: the machinery behind embedded-engine.ts; knows the store and the clock, not the Engine port. Invariants: a run
 * is in memory at most once; a run that only waits leaves memory (rule 22); a run that comes back is folded from the
 * journal and its lost attempts are declared before anything else happens to it (rule 5).
 */
import {
  type CommitItem,
  codeOf,
  type Entry,
  type Environment,
  failureOf,
  fireTimers,
  fold,
  newState,
  nextDueAt,
  type PlumblineError,
  type RunResult,
  type Store,
} from "@plumbline/core";
import { Arrivals } from "./arrivals.ts";
import { CalledRuns } from "./called-runs.ts";
import { type Clock, waitFor } from "./clock.ts";
import { Committer } from "./committer.ts";
import { EndWaiters } from "./end-waiters.ts";
import { closed, storeFailed } from "./engine-errors.ts";
import { saying } from "./engine-events.ts";
import type { EngineSettings } from "./engine-settings.ts";
import { FlowShelf } from "./flow-shelf.ts";
import { KeptRuns } from "./kept-runs.ts";
import { ActiveRun } from "./runs/active-run.ts";
import { type Breaker, Breakers } from "./runs/breakers.ts";
import type { Host } from "./runs/host.ts";
import { Limits } from "./runs/limits.ts";
import { Makers } from "./runs/makers.ts";
import { resultOf, storedResult } from "./runs/run-result.ts";
import { Suspects } from "./runs/suspects.ts";
import { Starts } from "./starts.ts";
import { TakeUp } from "./take-up.ts";
import { Timers } from "./timers.ts";
import { unknownRun, Watchers } from "./watchers.ts";

/** A run whose next timer is nearer than this stays in memory; one that could not be read is read again after it. */
const keepMs = 1_000;
const maxReopens = 5;

export class EngineHost implements Host {
  readonly clock: Clock;
  readonly env: Environment;
  readonly graceMs: number;
  readonly build: string | undefined;
  readonly warn: Host["warn"];
  readonly watchers: Watchers = new Watchers();
  readonly ends: EndWaiters = new EndWaiters();
  readonly flows: FlowShelf;
  readonly active: Map<string, ActiveRun> = new Map();
  readonly starts: Starts = new Starts();
  readonly called: CalledRuns = new CalledRuns(this);
  readonly kept: KeptRuns<ActiveRun>;
  readonly limits: Limits;
  makers: Makers = new Makers();
  timers: Timers;
  store: Store;
  private readonly settings: EngineSettings;
  private committer: Committer;
  private breakers: Breakers;
  private readonly loading = new Map<string, Promise<ActiveRun>>();
  readonly decisions: Arrivals = new Arrivals();
  private readonly suspects = new Suspects();
  /** Runs whose code is not here: they are not loaded again for every timer of theirs. */
  private readonly stuck = new Set<string>();
  private takingUp = new TakeUp();
  private opening: Promise<void> | undefined;
  private broken: PlumblineError | undefined;
  /** Why the store was opened again. */
  private failure: unknown;
  /** Counts failures: what was begun before one is not to be trusted after it. */
  private era = 0;
  /** From a failure until the next store is open: what is begun now could never be recorded. */
  private isDown = false;
  private closing: Promise<void> | undefined;
  private readonly closeAsked = Promise.withResolvers<void>();

  static async open(settings: EngineSettings): Promise<EngineHost> {
    return new EngineHost(settings, await settings.openStore());
  }

  private constructor(settings: EngineSettings, store: Store) {
    this.settings = settings;
    this.clock = settings.clock;
    this.graceMs = settings.graceMs;
    this.limits = new Limits(settings.clock);
    this.kept = new KeptRuns(settings.clock, (run) => this.leave(run));
    this.build = settings.build;
    this.warn = saying(settings.onWarning);
    this.env = {
      get now() {
        return settings.clock.now();
      },
      chance: settings.chance,
    };
    this.flows = new FlowShelf(settings.flows);
    this.store = store;
    this.breakers = new Breakers(store);
    this.committer = new Committer(store, (error) => this.failStop(error));
    this.timers = this.newTimers();
  }

  /** Resolves when the engine takes work; rejects when it never will again. */
  async ready(): Promise<void> {
    if (this.closing !== undefined) throw closed();
    if (this.opening !== undefined) await this.opening;
    if (this.broken) throw this.broken;
  }

  readonly mark: Host["mark"] = (run) => this.committer.mark(run);

  /** Reads from the store, again when it was replaced meanwhile. */
  async reading<T>(read: (store: Store) => Promise<T>): Promise<T> {
    for (;;) {
      await this.ready();
      const { era } = this;
      try {
        return await read(this.store);
      } catch (error) {
        if (this.closing !== undefined) throw closed();
        if (era === this.era) throw error;
      }
    }
  }

  onCommitted(id: string, from: number, item: CommitItem, run: ActiveRun): void {
    if (from === 0) this.active.set(id, run);
    this.watchers.committed(id, from, item.entries);
    const { status, dueAt } = item.summary;
    if (dueAt !== undefined) this.timers.hint(dueAt);
    if (status === "ended") {
      this.ends.tell(id, () => resultOf(this.store, run.state, run.code.flow.code.codecs));
    }
    this.called.onCommitted(run, item.entries);
    this.leave(run);
  }

  /** A run that only waits, and not for a timer that is near, has no place in memory (rule 22). */
  leave(run: ActiveRun): void {
    if (run.holds > 0 || !run.isParked || this.active.get(run.id) !== run || this.kept.has(run)) return;
    const dueAt = nextDueAt(run.state);
    if (dueAt === undefined || dueAt - this.clock.now() > keepMs) this.active.delete(run.id);
  }

  /**
   * Does something with a run that is in memory while it is done.
   * @throws PlumblineError `run-unknown`, `run-held`, `flow-unknown`
   */
  async withRun<T>(id: string, work: (run: ActiveRun) => T | Promise<T>): Promise<T> {
    const { era } = this;
    for (;;) {
      if (era !== this.era || this.isDown) throw this.downError();
      const run = this.active.get(id) ?? (await this.demand(id));
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

  private demand(id: string): Promise<ActiveRun> {
    let loading = this.loading.get(id);
    if (!loading) {
      loading = this.load(id).finally(() => this.loading.get(id) === loading && this.loading.delete(id));
      this.loading.set(id, loading);
    }
    return loading;
  }

  private async load(id: string): Promise<ActiveRun> {
    const { era } = this;
    // A start whose verdict is on its way knows the run better than the file does: two of one run must never be.
    await this.starts.settled(id);
    const stored = this.active.has(id) ? undefined : await this.store.load(id);
    if (era !== this.era || this.isDown) throw storeFailed(this.failure);
    if (this.starts.has(id)) return this.load(id);
    const started = this.active.get(id);
    if (started) return started;
    if (!stored) throw unknownRun(id);
    const state = fold(newState(stored.plan), stored.entries);
    const run = new ActiveRun(this, state, this.flows.codeFor(id, state));
    this.active.set(id, run);
    if (state.phase === "ended") return run;
    if (this.takingUp.isBefore || this.closing !== undefined) run.hold();
    const isSeen = this.takingUp.hasSeen(id);
    const isBlameless = this.suspects.isBlameless(state);
    const losses = this.suspects.lossesOf(state, stored.entries, this.clock.now(), isBlameless);
    run.takeUp(losses, { isSeen, isBlameless });
    if (!isSeen) this.called.takenUp(run);
    return run;
  }

  /** Waits for the end of a run, or finds that it has ended. */
  async endOf(id: string): Promise<RunResult> {
    await this.ready();
    return this.ends.endOf(id, () => this.reading(() => this.foundEnd(id)));
  }

  private async foundEnd(id: string): Promise<RunResult | undefined> {
    const active = this.active.get(id);
    if (active && active.state.phase !== "ended") return undefined;
    const stored = await this.store.load(id);
    if (!stored) throw unknownRun(id);
    if (stored.summary.status !== "ended") return undefined;
    return storedResult(this.store, stored, this.flows.codecsOf(stored.summary.flow));
  }

  /** A breaker that cannot be read is a failed store: whoever asked would wait for ever. */
  async breaker(name: string): Promise<Breaker> {
    const { era } = this;
    try {
      return await this.breakers.find(name);
    } catch (error) {
      if (era === this.era) this.readFailed(error);
      throw error;
    }
  }

  readFailed(error: unknown): void {
    if (!this.isDown && this.closing === undefined) this.failStop(error);
  }

  readonly alone: Host["alone"] = (work) => this.suspects.alone(work);

  late(id: string, entry: Entry): void {
    this.ready()
      .then(() => this.withRun(id, (run) => run.receive(entry)))
      .catch((error) => this.warnStuck("a late answer could not be recorded", id, error));
  }

  /** Takes up what an earlier process, or this one before its store failed, left unfinished. */
  async takeUp(): Promise<void> {
    this.takingUp.begin();
    for (const run of this.active.values()) run.resume();
    await this.takingUp.all(this);
    void this.timers.wake();
  }

  takeUpOne(id: string): Promise<void> {
    return this.withRun(id, (run) => run.durably());
  }

  private newTimers(): Timers {
    const host = {
      store: this.store,
      clock: this.clock,
      fire: (ids: readonly string[], now: number) => this.fire(ids, now),
      breathe: this.settings.takeIn,
      warn: (message: string, details?: Readonly<Record<string, unknown>>) => this.warn(message, details),
    };
    return new Timers(host, this.settings.clockWatch, this.settings.quietMs);
  }

  /** Resolves when what followed is durable, so that what is due no more is not found due again. */
  private async fire(ids: readonly string[], now: number): Promise<void> {
    await Promise.all(ids.map((id) => this.fireOne(id, now)));
  }

  private async fireOne(id: string, now: number): Promise<void> {
    if (this.stuck.has(id)) return;
    const decision = this.decisions.of(id);
    if (decision !== undefined) {
      // It came first (rule 19); timers of other runs do not wait for its contract.
      void decision.then(() => (this.closing === undefined ? this.fireOne(id, now) : undefined));
      return;
    }
    try {
      await this.withRun(id, (run) => {
        const entries = fireTimers(run.state, now);
        if (entries.length === 0) return;
        run.receive(...entries);
        return run.durably();
      });
    } catch (error) {
      this.warnStuck("a due timer cannot fire", id, error);
    }
  }

  /** Says once why a run cannot go on; a failing store is told elsewhere. */
  warnStuck(message: string, run: string, error: unknown): void {
    const code = codeOf(error);
    if (code === "store-failed" || code === "engine-closed" || this.stuck.has(run)) return;
    if (code === "run-held" || code === "flow-unknown") this.stuck.add(run);
    else this.timers.hint(this.clock.now() + keepMs); // it could not be read, say: that may pass
    this.warn(message, { run, error: failureOf(error).message });
  }

  /** Nothing in memory can be trusted any more: drop it, open the store again, take up what the journal says (rule 4). */
  private failStop(error: unknown): void {
    this.era++;
    this.isDown = true;
    this.failure = error;
    this.warn("the store failed: starting again from the journal", { error: failureOf(error).message });
    this.dropAll("the store failed", storeFailed(error));
    void this.timers.close();
    // While it is being opened again, or closed, whoever does that finds the failure.
    if (this.opening !== undefined || this.closing !== undefined) return;
    this.opening = this.reopen();
    this.opening.catch(() => {}); // told to everybody who asks for `ready`
  }

  private dropAll(reason: string, error: PlumblineError): void {
    const runs = [...this.starts.all, ...this.active.values()];
    this.suspects.letGo(runs.map(({ id }) => id));
    this.limits.sendAway();
    for (const run of runs) run.drop(reason, error);
    this.starts.rejectAll(error);
    this.active.clear();
    this.kept.clear();
    this.loading.clear();
  }

  private async reopen(): Promise<void> {
    for (let attempt = 0; attempt < maxReopens && this.mayReopen; attempt++) {
      await this.store.close().catch(() => {});
      await waitFor(this.clock, 100 * 2 ** attempt, this.closeAsked.promise);
      if (!this.mayReopen) break;
      const { era } = this;
      try {
        await this.openAgain();
        await this.ends.tellMissed((id) => this.foundEnd(id));
      } catch (error) {
        this.failure = error;
        continue;
      }
      if (era !== this.era) continue; // it has failed again meanwhile, and left the opening to us
      this.opening = undefined; // at once: the next failure must find that nobody is opening
      this.watchers.lookAgain();
      return;
    }
    this.broken = this.closing === undefined ? storeFailed(this.failure) : closed();
    this.ends.rejectAll(this.broken);
    this.watchers.fail(this.broken);
    throw this.broken;
  }

  private get mayReopen(): boolean {
    return this.closing === undefined && codeOf(this.failure) !== "ownership-lost";
  }

  private async openAgain(): Promise<void> {
    this.store = await this.settings.openStore();
    this.breakers = new Breakers(this.store);
    this.makers = new Makers();
    this.takingUp = new TakeUp();
    this.committer = new Committer(this.store, (error) => this.failStop(error));
    this.timers = this.newTimers();
    this.isDown = false;
    await this.takeUp();
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    await null; // so that `closing` is seen by whoever is woken now
    this.closeAsked.resolve();
    await this.opening?.catch(() => {});
    await this.timers.close();
    await this.attemptsEnded();
    await waitFor(this.clock, this.graceMs, this.called.idle());
    await this.committer.idle();
    this.dropAll("the engine is closing", closed());
    this.limits.close();
    this.watchers.fail(closed());
    this.ends.rejectAll(closed());
    this.isDown = true;
    await this.store.close();
  }

  private downError(): PlumblineError {
    return this.closing === undefined ? storeFailed(this.failure) : closed();
  }

  /** Attempts in flight may end by themselves within the grace; those that do not are lost and will be tried again. */
  private async attemptsEnded(): Promise<void> {
    const runs = [...this.starts.all, ...this.active.values()];
    const idle = Promise.all(runs.map((run) => run.pause()));
    await waitFor(this.clock, this.graceMs, idle);
    for (const run of runs) run.leave(this.clock.now());
  }
}
