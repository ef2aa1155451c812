/**
 * The host of active runs: what is committed, when to wake, how to recover, how to close.
 *
 * Boundary: the machinery behind embedded-engine.ts; knows the store and the clock, not the Engine port; who is in memory is
 * active-runs.ts's. Invariants: a failed store is fail-stop: everything in memory is dropped, the store opened again, runs
 * taken up (rule 4); closing waits for user code no longer than the grace, and says what for.
 */
import {
  type CommitItem,
  codeOf,
  type Entry,
  type Environment,
  failureOf,
  type PlumblineError,
  type RunResult,
  type RunState,
  type RunView,
  type Store,
  type UnfinishedRun,
} from "@plumbline/core";
import { ActiveRuns, type RunsHost } from "./active-runs.ts";
import { Arrivals } from "./arrivals.ts";
import { CalledRuns } from "./called-runs.ts";
import { type Clock, waitFor } from "./clock.ts";
import { Closing } from "./closing.ts";
import { Committer } from "./committer.ts";
import { EndWaiters, type FoundEnd } from "./end-waiters.ts";
import { closed, runForgotten, storeFailed } from "./engine-errors.ts";
import { saying } from "./engine-events.ts";
import type { EngineSettings } from "./engine-settings.ts";
import { FlowShelf } from "./flow-shelf.ts";
import { KeptRuns } from "./kept-runs.ts";
import type { ActiveRun } from "./runs/active-run.ts";
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

const maxReopens = 5;

export class EngineHost implements RunsHost {
  readonly clock: Clock;
  readonly graceMs: number;
  readonly build: string | undefined;
  readonly warn: Host["warn"];
  readonly watchers: Watchers = new Watchers((run) => this.active.faultOf(run));
  readonly ends: EndWaiters = new EndWaiters();
  readonly flows: FlowShelf;
  readonly active: ActiveRuns = new ActiveRuns(this);
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
  readonly decisions: Arrivals = new Arrivals();
  private readonly suspects = new Suspects();
  private takingUp = new TakeUp();
  private opening: Promise<void> | undefined;
  private broken: PlumblineError | undefined;
  /** Why the store was opened again. */
  private failure: unknown;
  /** Counts failures: what was begun before one is not to be trusted after it. */
  era = 0;
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
    this.kept = new KeptRuns(settings.clock, (run) => this.active.leave(run));
    this.build = settings.build;
    this.warn = saying(settings.onWarning);
    this.flows = new FlowShelf(settings.flows);
    this.store = store;
    this.breakers = new Breakers(store);
    this.committer = new Committer(store, (error) => this.failStop(error));
    this.timers = this.newTimers();
  }

  /** The engine takes work just now. */
  get isReady(): boolean {
    return this.closing === undefined && this.opening === undefined && this.broken === undefined;
  }

  /** One instant for everything that is decided at once. */
  get env(): Environment {
    return { now: this.clock.now(), chance: this.settings.chance };
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
    if (from === 0) this.active.add(run);
    this.watchers.committed(id, from, item.entries);
    const { status, dueAt } = item.summary;
    if (dueAt !== undefined) this.timers.hint(dueAt);
    if (status === "ended") {
      this.ends.tell(id, () => {
        return resultOf(this.store.viewOf?.(id) ?? this.store, run.state, run.code.flow.code.codecs);
      });
    }
    this.called.onCommitted(run, item.entries);
    this.active.leave(run);
  }

  withRun<T>(id: string, work: (run: ActiveRun) => T | Promise<T>): Promise<T> {
    return this.active.withRun(id, work);
  }

  leave(run: ActiveRun): void {
    this.active.leave(run);
  }

  hasSeen(id: string): boolean {
    return this.takingUp.hasSeen(id);
  }

  /** Nothing is performed before what was left is taken up, nor any more when the engine closes. */
  get performs(): boolean {
    return !this.takingUp.isBefore && this.closing === undefined;
  }

  demandUp(era: number): void {
    if (era !== this.era || this.isDown) throw this.closing === undefined ? storeFailed(this.failure) : closed();
  }

  isBlameless(state: RunState): boolean {
    return this.suspects.isBlameless(state);
  }

  lossesOf(state: RunState, journal: readonly Entry[], isBlameless: boolean): Entry[] {
    return this.suspects.lossesOf(state, journal, this.clock.now(), isBlameless);
  }

  fault(run: ActiveRun, error: unknown): void {
    this.active.fault(run.id, error, run);
  }

  onFault(fault: PlumblineError, id: string, run: ActiveRun | undefined): void {
    const { code, found: error, mend, cause } = fault;
    const { stack } = failureOf(cause);
    this.warn("a fault in Plumbline: this run is stuck, the others go on", { code, run: id, error, mend, stack });
    if (run) this.starts.reject(run, fault);
    this.ends.reject(id, fault);
    this.watchers.wake(id);
  }

  hint(dueAt: number): void {
    this.timers.hint(dueAt);
  }

  /** Waits for the end of a run that is known, or finds that it has ended: in the store, or in the view of it. */
  async endOf(id: string, view?: RunView): Promise<RunResult> {
    const active = this.active.get(id);
    if (active && active.state.phase !== "ended" && this.isReady) return this.ends.wait(id);
    await this.ready();
    return this.ends.endOf(id, () => this.reading((store) => this.foundEnd(id, view ?? store)));
  }

  private async foundEnd(id: string, store: RunView = this.store): Promise<FoundEnd | undefined> {
    const active = this.active.get(id);
    if (active && active.state.phase !== "ended") return undefined;
    const stored = await store.load(id);
    if (!stored) throw this.store.viewOf ? runForgotten(id) : unknownRun(id);
    if (stored.summary.status !== "ended") {
      this.active.demandSound(id);
      return undefined;
    }
    return () => storedResult(store, stored, this.flows.codecsOf(stored.summary.flow));
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
    const active = this.active.get(id);
    if (active) {
      active.receive(entry);
      return;
    }
    this.ready()
      .then(() => this.withRun(id, (run) => run.receive(entry)))
      // Of a run that is forgotten nothing is recorded any more.
      .catch(
        (error) => codeOf(error) === "run-unknown" || this.warnStuck("a late answer could not be recorded", id, error),
      );
  }

  /** Takes up what an earlier process, or this one before its store failed, left unfinished. */
  async takeUp(): Promise<void> {
    this.takingUp.begin();
    for (const run of this.active.all) run.resume();
    await this.takingUp.all(this);
    this.active.takenUp();
    void this.timers.wake();
  }

  takeUpOne({ id, journal }: UnfinishedRun): Promise<void> {
    return this.active.withRun(id, (run) => run.durably(), journal);
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
    if (this.active.isStuck(id)) return;
    const decision = this.decisions.of(id);
    if (decision !== undefined) {
      // It came first (rule 19); timers of other runs do not wait for its contract.
      void decision.then(() => (this.closing === undefined ? this.fireOne(id, now) : undefined));
      return;
    }
    try {
      await this.withRun(id, (run) => run.fire(now));
    } catch (error) {
      this.warnStuck("a due timer cannot fire", id, error);
    }
  }

  readonly warnStuck: ActiveRuns["warnStuck"] = (message, run, error) => this.active.warnStuck(message, run, error);

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
    const runs = [...this.starts.all, ...this.active.all];
    this.suspects.letGo(runs.map(({ id }) => id));
    this.limits.sendAway();
    for (const run of this.starts.all) run.drop(reason, error);
    this.starts.rejectAll(error);
    this.active.drop(reason, error);
    this.kept.clear();
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
    const closing = new Closing(this.clock, this.graceMs, this.warn);
    await null; // so that `closing` is seen by whoever is woken now
    this.closeAsked.resolve();
    await closing.forStore(Promise.resolve(this.opening).catch(() => {}));
    await closing.forStore(this.timers.close());
    await this.attemptsEnded(closing);
    await closing.withinGrace(this.called.idle());
    await closing.forStore(this.committer.idle());
    this.dropAll("the engine is closing", closed());
    this.limits.close();
    this.watchers.fail(closed());
    this.ends.rejectAll(closed());
    this.isDown = true;
    await closing.forStore(this.store.close());
  }

  /** Attempts in flight may end by themselves within the grace; those that do not are lost and will be tried again. */
  private async attemptsEnded(closing: Closing): Promise<void> {
    // Before anybody gives a place back: who is in line begins in the next engine.
    this.limits.sendAway();
    this.suspects.sendAway();
    const runs = [...this.starts.all, ...this.active.all];
    const ended = Promise.all(runs.map((run) => run.pause()));
    await closing.forSteps(ended, () => runs.flatMap((run) => run.underWay));
    for (const run of runs) run.leave(this.clock.now());
  }
}
