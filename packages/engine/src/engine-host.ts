/**
 * The host of active runs: who is in memory, what is committed, when to wake, how to recover.
 *
 * Boundary: the machinery behind embedded-engine.ts; knows the store and the clock, not the Engine port. Invariants: a run
 * is in memory at most once; a run that only waits leaves memory (rule 22); a run that comes back is folded from the
 * journal and its lost attempts are declared before anything else happens to it (rule 5).
 */
import {
  type Admission,
  type BreakerVote,
  type Codec,
  type CommitItem,
  codeOf,
  type Entry,
  type Environment,
  type Flow,
  fireTimers,
  fold,
  newState,
  type PlanBreaker,
  PlumblineError,
  type Register,
  recover,
  type Store,
} from "@plumbline/core";
import { ActiveRun } from "./active-run.ts";
import { bind, isHold } from "./binding.ts";
import { Breakers } from "./breakers.ts";
import type { Clock } from "./clock.ts";
import { type Committable, Committer } from "./committer.ts";
import { EndWaiters } from "./end-waiters.ts";
import type { OnWarning } from "./engine-events.ts";
import type { Host } from "./host.ts";
import { resultOf } from "./run-result.ts";
import { Suspects } from "./suspects.ts";
import { Timers } from "./timers.ts";
import { unknownRun, Watchers } from "./watchers.ts";

/** How an engine is set up; openEngine fills in what users leave out. */
export interface EngineSettings {
  /** Opens the store, also again after it has failed. */
  readonly openStore: () => Promise<Store>;
  readonly flows: readonly Flow[];
  readonly clock: Clock;
  readonly chance: () => number;
  readonly graceMs: number;
  readonly clockJumpMs: number;
  readonly build: string | undefined;
  readonly onWarning: OnWarning;
  /** Resolves when what has reached this process from others has been handed to the engine (rule 19). */
  readonly takeIn: () => Promise<void>;
  /** How long timers that were overdue when the engine opened wait for what others may have to say. */
  readonly quietMs: number;
}

/** A run whose next timer is nearer than this stays in memory. */
const keepMs = 1_000;
const recoveryPage = 512;
const maxReopens = 5;

export class EngineHost implements Host {
  readonly clock: Clock;
  readonly env: Environment;
  readonly graceMs: number;
  readonly build: string | undefined;
  readonly watchers = new Watchers();
  readonly ends = new EndWaiters();
  readonly active = new Map<string, ActiveRun>();
  /** Starts whose first commit is under way, to be told when it will never come. */
  readonly starting = new Set<(error: unknown) => void>();
  timers: Timers;
  store: Store;
  private readonly settings: EngineSettings;
  private readonly flows = new Map<string, Flow>();
  private committer: Committer;
  private breakers: Breakers;
  private readonly loading = new Map<string, Promise<ActiveRun>>();
  /** Decisions that have arrived and are being held to their contract: they come before timers (rule 19). */
  private readonly decisions = new Map<string, Promise<unknown>>();
  private readonly suspects = new Suspects();
  private opening: Promise<void> | undefined;
  private broken: PlumblineError | undefined;
  /** Why the store was opened again, while it is being opened. */
  private failure: unknown;
  private closing: Promise<void> | undefined;

  static async open(settings: EngineSettings): Promise<EngineHost> {
    return new EngineHost(settings, await settings.openStore());
  }

  private constructor(settings: EngineSettings, store: Store) {
    this.settings = settings;
    this.clock = settings.clock;
    this.graceMs = settings.graceMs;
    this.build = settings.build;
    this.env = {
      get now() {
        return settings.clock.now();
      },
      chance: settings.chance,
    };
    for (const flow of settings.flows) this.flows.set(flow.name, flow);
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

  flow(target: Flow<never> | string): Flow {
    const name = typeof target === "string" ? target : target.name;
    const known = this.flows.get(name);
    if (known && (typeof target === "string" || target.plan.fingerprint === known.plan.fingerprint)) return known;
    throw new PlumblineError("flow-unknown", known ? "another flow has this name" : "this engine has no such flow", {
      path: name,
      expected: `one of ${[...this.flows.keys()].join(", ") || "no flows at all"}`,
      found: name,
      mend: "give the flow to openEngine({ flows: [...] })",
    });
  }

  codecsOf(flow: string): readonly Codec<never>[] {
    return this.flows.get(flow)?.code.codecs ?? [];
  }

  mark(run: Committable): void {
    this.committer.mark(run);
  }

  /** Resolves when everything said so far is durable; rejects when the store has failed meanwhile. */
  async settled(): Promise<void> {
    const { committer } = this;
    await committer.idle();
    if (this.broken) throw this.broken;
    if (committer !== this.committer) throw storeFailed(undefined);
  }

  onCommitted(id: string, from: number, item: CommitItem, run: ActiveRun): void {
    if (from === 0) this.active.set(id, run);
    this.watchers.committed(id, from, item.entries);
    const { status, dueAt } = item.summary;
    if (dueAt !== undefined) this.timers.hint(dueAt);
    if (status === "ended" && run.state.phase === "ended") {
      this.ends.tell(id, () => resultOf(this.store, run.state, run.code.flow.code.codecs));
    }
    if (run.isParked && (status === "ended" || dueAt === undefined || dueAt - this.clock.now() > keepMs)) {
      if (this.active.get(id) === run) this.active.delete(id);
    }
  }

  /** The run in memory, from the journal where it must. @throws PlumblineError `run-unknown`, `run-held`, `flow-unknown` */
  async demand(id: string): Promise<ActiveRun> {
    const active = this.active.get(id);
    if (active) return active;
    let loading = this.loading.get(id);
    if (!loading) {
      loading = this.load(id).finally(() => this.loading.delete(id));
      this.loading.set(id, loading);
    }
    return loading;
  }

  /** Does something with a run that is in memory while it is done. */
  async withRun<T>(id: string, work: (run: ActiveRun) => T | Promise<T>): Promise<T> {
    for (;;) {
      const run = await this.demand(id);
      // It may have left memory again between the loading and now.
      if (this.active.get(id) === run || run.state.phase === "ended") return work(run);
    }
  }

  private async load(id: string): Promise<ActiveRun> {
    const stored = await this.store.load(id);
    if (!stored) throw unknownRun(id);
    const known = this.flows.get(stored.summary.flow);
    if (!known) this.flow(stored.summary.flow);
    const state = fold(newState(stored.plan), stored.entries);
    const bound = bind(state, known as Flow);
    if (isHold(bound)) throw held(id, bound.path, bound.reason);
    const run = new ActiveRun(this, state, bound);
    if (state.phase === "ended") return run;
    this.active.set(id, run);
    const lost = recover(state, this.clock.now());
    if (lost.length > 0) run.receive(...lost);
    else run.takeUp();
    return run;
  }

  /** Marks a decision as arrived until it is recorded or refused. */
  arrived<T>(id: string, decision: Promise<T>): Promise<T> {
    const before = this.decisions.get(id);
    const all = Promise.allSettled([before, decision]);
    this.decisions.set(id, all);
    void all.then(() => this.decisions.get(id) === all && this.decisions.delete(id));
    return decision;
  }

  admit(
    policy: PlanBreaker,
    request: { readonly id: string; readonly now: number; readonly lapseMs: number },
    keep: (register: Register) => void,
  ): Promise<Admission> {
    return this.breakers.admit(policy, request, keep);
  }

  vote(policy: PlanBreaker, outcome: BreakerVote, keep: (register: Register) => void): Promise<boolean> {
    return this.breakers.vote(policy, outcome, keep);
  }

  alone(work: (release: () => void) => void): void {
    this.suspects.alone(work);
  }

  late(id: string, entry: Entry): void {
    if (this.closing !== undefined || this.broken) return;
    this.withRun(id, (run) => run.receive(entry)).catch((error) =>
      this.warn("a late answer could not be recorded", { run: id, error: String(error) }),
    );
  }

  warn(message: string, details: Readonly<Record<string, unknown>> = {}): void {
    try {
      this.settings.onWarning({ message, details });
    } catch {
      // whoever listens must not be able to stop a run
    }
  }

  /** Takes up what an earlier process, or this one before its store failed, left unfinished. */
  async takeUp(): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.store.unfinished(after, recoveryPage);
      for (const id of page) {
        await this.demand(id).catch((error) => this.warn("a run cannot go on", { run: id, error: String(error) }));
      }
      if (page.length < recoveryPage) break;
      after = page.at(-1);
    }
    void this.timers.wake();
  }

  private newTimers(): Timers {
    const { clockJumpMs, quietMs, takeIn } = this.settings;
    const host = {
      store: this.store,
      clock: this.clock,
      fire: (ids: readonly string[], now: number) => this.fire(ids, now),
      breathe: takeIn,
      warn: (message: string, details?: Readonly<Record<string, unknown>>) => this.warn(message, details),
    };
    return new Timers(host, { jumpBoundMs: clockJumpMs, quietMs });
  }

  private async fire(ids: readonly string[], now: number): Promise<void> {
    for (const id of ids) {
      try {
        await this.decisions.get(id);
        await this.withRun(id, (run) => {
          const entries = fireTimers(run.state, now);
          if (entries.length > 0) run.receive(...entries);
        });
      } catch (error) {
        this.warn("a due timer cannot fire", { run: id, error: String(error) });
      }
    }
    await this.committer.idle();
  }

  /** Nothing in memory can be trusted any more: drop it, open the store again, take up what the journal says (rule 4). */
  private failStop(error: unknown): void {
    if (this.closing !== undefined) return;
    this.failure = error;
    this.warn("the store failed: starting again from the journal", { error: String(error) });
    for (const reject of this.starting) reject(storeFailed(error));
    this.starting.clear();
    for (const run of this.active.values()) run.drop("the store failed");
    this.active.clear();
    this.loading.clear();
    this.timers.close();
    if (this.opening !== undefined) return; // it failed again while being taken up: the loop below sees that
    this.opening = this.reopen().finally(() => {
      this.opening = undefined;
    });
    this.opening.catch(() => {}); // told to everybody who asks for `ready`
  }

  private async reopen(): Promise<void> {
    for (let attempt = 0; attempt < maxReopens && codeOf(this.failure) !== "ownership-lost"; attempt++) {
      await this.store.close().catch(() => {});
      await new Promise<void>((resolve) => this.clock.timer(100 * 2 ** attempt, resolve));
      this.failure = undefined;
      try {
        this.store = await this.settings.openStore();
        this.breakers = new Breakers(this.store);
        this.committer = new Committer(this.store, (error) => this.failStop(error));
        this.timers = this.newTimers();
        await this.takeUp();
        await this.committer.idle();
      } catch (error) {
        this.failure ??= error;
      }
      if (this.failure === undefined) return;
    }
    this.broken = storeFailed(this.failure);
    this.ends.rejectAll(this.broken);
    throw this.broken;
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    this.timers.close();
    await this.attemptsEnded();
    await this.committer.idle();
    for (const run of this.active.values()) run.drop("the engine is closing");
    this.active.clear();
    this.watchers.close();
    this.ends.rejectAll(closed());
    await this.store.close();
  }

  /** Attempts in flight may end by themselves within the grace; those that do not are lost and will be tried again. */
  private async attemptsEnded(): Promise<void> {
    const until = this.clock.monotonic() + this.graceMs;
    while (this.clock.monotonic() < until && [...this.active.values()].some((run) => !run.isIdle)) {
      await new Promise<void>((resolve) => this.clock.timer(10, resolve));
    }
  }
}

function closed(): PlumblineError {
  return new PlumblineError("engine-closed", "the engine is closed", {
    expected: "an open engine",
    found: "close() was called",
    mend: "open an engine; runs that had not ended go on there",
  });
}

function storeFailed(cause: unknown): PlumblineError {
  return new PlumblineError("store-failed", "the store failed; what was not acknowledged may or may not be recorded", {
    expected: "a commit",
    found: String(cause ?? "the store was opened again meanwhile"),
    mend: "look at disk and file; with a key, starting again is safe",
    cause,
  });
}

function held(run: string, path: string, reason: string): PlumblineError {
  return new PlumblineError(
    "run-held",
    "the run began with another version of its flow and cannot go on with this one",
    {
      path: `${run} ${path}`,
      expected: "the step as it was when the run began",
      found: reason,
      mend: "bring the step back, or cancel the run with the code that it began with",
    },
  );
}
