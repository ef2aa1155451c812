/**
 * A run in memory: takes facts in, folds them, decides, commits, and lets the performer do what is due.
 *
 * Boundary: the order of things for one run; what a command does is perform.ts, what follows from an entry is the core.
 * Invariants: entries are folded as they are made and committed in that order; a command starts only when everything
 * that was decided before it is durable, except questions to pure functions, pure steps, and reads that need the input
 * alone, in a new run without a key (rules 2, 3); a slot has at most one command under way, and what one that is not
 * wanted any more says changes nothing; a run that was dropped takes in and commits nothing, whoever still holds it.
 */
import {
  advance,
  type Command,
  type CommitItem,
  type CommitVerdict,
  type Entry,
  evolve,
  fireTimers,
  isDue,
  isLive,
  pathOf,
  type Register,
  type RunState,
  type RunSummary,
  slotAt,
  summaryOf,
} from "@plumbline/core";
import type { Committable } from "../committer.ts";
import type { NewBlob } from "../stores/value-keeper.ts";
import { DurabilityWaiters } from "./durability-waiters.ts";
import { mayStartEarly } from "./early-start.ts";
import type { BoundCode, Host, PerformingRun } from "./host.ts";
import { type Pending, PendingCommands, runSlot } from "./pending-commands.ts";
import { perform } from "./perform.ts";

/** What is committed with the next entries. */
interface Beside {
  readonly registers: (() => Register)[];
  readonly blobs: NewBlob[];
}

const nothing: Entry[] = [];

/** What is known of a run that is taken up from its journal. */
export interface TakenUp {
  /** The runs that it called are known to be under way. */
  readonly isSeen: boolean;
  /** The process that had it let go of it, and did not die. */
  readonly isBlameless: boolean;
}

export class ActiveRun implements Committable, PerformingRun {
  readonly state: RunState;
  readonly code: BoundCode;
  readonly host: Host;
  /** Set while the run's first commit is under way. */
  claim: { readonly inputHash: string } | undefined;
  /** Entries that are durable. */
  private durable: number;
  private collected = 0;
  /** As it was collected last. */
  private summary: RunSummary | undefined;
  private uncommitted: Entry[] = nothing;
  private beside: Beside | undefined;
  /** Known once a blob has come in; one that was taken up may have any. */
  mayHaveBlobs: boolean;
  /** Until their commit is acknowledged. */
  private unwritten: Map<string, Uint8Array> | undefined;
  private marked = false;
  private inbox: Entry[] = nothing;
  private turning = false;
  private paused = false;
  private readonly isTakenUp: boolean;
  /** Calls that stood when the run was taken up. */
  private calls: Map<number, "blameless" | "lost"> | undefined;
  private dropped: { readonly error: unknown } | undefined;
  /** Plumbline failed at it; until what had happened is durable it is still here. */
  private fault: { readonly error: unknown } | undefined;
  private readonly pending = new PendingCommands();
  private readonly durabilityWaiters = new DurabilityWaiters();
  private idleWaiters: (() => void)[] | undefined;
  /** How many work with this run just now: it stays in memory for them. */
  holds = 0;
  private readonly onRefused: (verdict: CommitVerdict) => void;

  constructor(host: Host, state: RunState, code: BoundCode, onRefused: (verdict: CommitVerdict) => void = () => {}) {
    this.host = host;
    this.state = state;
    this.code = code;
    this.durable = state.length;
    this.collected = state.length;
    this.isTakenUp = state.length > 0;
    this.mayHaveBlobs = this.isTakenUp;
    this.onRefused = onRefused;
  }

  get id(): string {
    return this.state.run;
  }

  /** True when nothing is under way and nothing is left to commit: the run may leave memory. */
  get isParked(): boolean {
    return this.pending.size === 0 && this.isQuiet;
  }

  private get isQuiet(): boolean {
    return this.uncommitted.length === 0 && this.durable === this.state.length && this.inbox.length === 0;
  }

  /** Something happened. Entries are folded in this order; what follows from them is decided at once. */
  receive(...entries: Entry[]): void {
    this.take(entries);
  }

  private take(entries: Entry[]): void {
    if (this.dropped || this.fault) return;
    if (this.inbox.length === 0) this.inbox = entries;
    else for (const entry of entries) this.inbox.push(entry);
    this.turn();
  }

  /** To be committed with the next entries; read when they leave, so that of two writers of one name neither is lost. */
  get keepRegister(): PerformingRun["keepRegister"] {
    return (register) => {
      this.beside ??= { registers: [], blobs: [] };
      this.beside.registers.push(register);
    };
  }

  keepBlobs(blobs: readonly NewBlob[]): void {
    if (blobs.length === 0) return;
    this.mayHaveBlobs = true;
    this.beside ??= { registers: [], blobs: [] };
    this.unwritten ??= new Map();
    for (const blob of blobs) {
      this.beside.blobs.push(blob);
      this.unwritten.set(blob.id, blob.bytes);
    }
  }

  get blobs(): PerformingRun["blobs"] {
    return { blob: async (run, id) => this.unwritten?.get(id) ?? this.host.store.blob(run, id) };
  }

  /** Resolves when everything said so far is durable; rejects when it never will be. */
  durably(): Promise<void> {
    if (this.dropped) return Promise.reject(this.dropped.error);
    if (this.isQuiet) return Promise.resolve();
    return this.durabilityWaiters.wait(this.state.length + this.inbox.length);
  }

  /** Fires what is due by the clock. Resolves when what followed is durable. */
  async fire(now: number): Promise<void> {
    this.guarded(() => this.receive(...fireTimers(this.state, now)));
    await this.durably();
  }

  /**
   * Goes on where the journal ends: what was lost is declared first, then everything is looked at again; but for calls whose
   * runs are known to be under way (`isSeen`): those tell of themselves, and looking at each for the sake of one would cost
   * by the square.
   */
  takeUp(losses: readonly Entry[], { isSeen, isBlameless }: TakenUp): void {
    const { slots } = this.state;
    const called = slots.filter(({ status }) => status === "called");
    if (!isSeen) this.calls = new Map(called.map(({ id }) => [id, isBlameless ? "blameless" : "lost"]));
    this.state.touched = slots.flatMap(({ id, status }) => (isSeen && status === "called" ? [] : [id]));
    this.receive(...losses);
  }

  /** Tells once of a call that stood when the run was taken up: its run may be under way, or may have been about to begin. */
  takeCall(slot: number): "blameless" | "lost" | undefined {
    const found = this.calls?.get(slot);
    this.calls?.delete(slot);
    return found;
  }

  private turn(): void {
    if (this.turning) return; // a step that answered at once: its entries are taken up by the turn that started it
    this.turning = true;
    this.guarded(() => {
      do this.turnOnce();
      while (this.inbox.length > 0);
    });
    this.turning = false;
    this.markIfNeeded();
  }

  /** What throws in here is a fault of Plumbline: what user code throws ends in an entry (perform.ts). */
  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Plumbline itself has failed at this run: it goes no further, and what has happened is recorded as far as it was folded. */
  private fail(error: unknown): void {
    if (this.dropped) return;
    const isAgain = this.fault !== undefined; // what had happened cannot be recorded either
    this.fault ??= { error };
    this.pending.giveUp("Plumbline failed at this run");
    this.inbox = nothing;
    // An entry that was folded half-way is counted and not listed: what such a state says must not be written.
    const isWhole = this.state.length === this.collected + this.uncommitted.length;
    if (isWhole && !isAgain && !this.isQuiet) this.markIfNeeded();
    else this.host.fault(this, this.fault.error);
    this.tellIdle();
  }

  private markIfNeeded(): void {
    if (this.uncommitted.length === 0 || this.marked) return;
    this.marked = true;
    this.host.mark(this);
  }

  private turnOnce(): void {
    const { state } = this;
    const { phase, closings } = state;
    const received = this.inbox;
    this.inbox = nothing;
    if (this.uncommitted === nothing) this.uncommitted = [];
    for (const entry of received) {
      evolve(state, entry);
      this.uncommitted.push(entry);
    }
    const { commands } = advance(state, this.host.env, this.uncommitted);
    if (phase !== state.phase || closings !== state.closings) this.giveUp();
    for (const command of commands) this.expect(command);
    if (!this.paused) this.beginDurable();
  }

  private expect(command: Command): void {
    const pending = this.pending.add(command);
    if (!pending) return;
    if (this.isEarly(command) && !this.paused) this.begin(pending);
    else this.pending.wait(pending, this.state.length);
  }

  /**
   * Nothing of a run with a key is early: its key may turn out to be taken. Nor of one that was taken up: a poison step
   * would end the process before its loss is durable, each time anew.
   */
  private isEarly(command: Command): boolean {
    return this.claim === undefined && !this.isTakenUp && mayStartEarly(this, command);
  }

  private begin(pending: Pending): void {
    if (this.fault) return;
    pending.begun = true;
    const performance = perform(this, pending.command, (entries, blobs) => {
      if (!this.pending.holds(pending)) return;
      this.pending.delete(pending);
      if (blobs) this.keepBlobs(blobs);
      this.take(entries);
      this.tellIdle();
      if (entries.length === 0) this.host.leave(this);
    });
    if (performance && this.pending.holds(pending)) pending.performance = performance;
  }

  /** A part of the run is closed: what only reads there is given up, effects get a grace, undoing goes on (rule 9). */
  private giveUp(): void {
    for (const pending of this.pending.all()) {
      const { command, performance, slot } = pending;
      if (!isDue(this.state, command)) {
        performance?.supersede("the run was stopped, or goes on without it");
        this.pending.delete(pending);
      } else if (command.kind === "attempt" && !isLive(this.state, slotAt(this.state, slot).frame)) {
        performance?.abortAfter(this.host.graceMs);
      }
    }
  }

  /** True while the run that the slot called is being stopped, or is about to be. */
  isStopping(slot: number): boolean {
    return this.pending.at(slot)?.command.kind === "stop-call";
  }

  collect(): CommitItem | undefined {
    this.marked = false;
    if (this.uncommitted.length === 0) return undefined;
    // Until its claim is answered the id may be another run's: nothing more of this one may reach the file.
    if (this.claim !== undefined && this.collected > 0) return undefined;
    const { uncommitted: entries, beside } = this;
    this.uncommitted = nothing;
    this.beside = undefined;
    const summary = this.summarized();
    if (!summary) return undefined;
    const item: { -readonly [Field in keyof CommitItem]: CommitItem[Field] } = { summary, entries };
    if (this.summary) item.before = this.summary;
    this.summary = summary;
    if (this.collected === 0) {
      item.claim = this.claim ?? { inputHash: "" };
      item.plan = this.state.plan;
    }
    this.collected += entries.length;
    if (beside) {
      if (beside.registers.length > 0) item.registers = beside.registers.map((register) => register());
      if (beside.blobs.length > 0) item.blobs = beside.blobs;
    }
    return item;
  }

  private summarized(): RunSummary | undefined {
    try {
      return summaryOf(this.state);
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  committed(verdict: CommitVerdict, item: CommitItem): void {
    if (this.dropped) return;
    if (verdict.status === "taken") {
      this.drop("the key was taken");
      this.onRefused(verdict);
      return;
    }
    const from = this.durable;
    this.durable += item.entries.length;
    if (item.blobs) for (const { id } of item.blobs) this.unwritten?.delete(id);
    this.claim = undefined;
    if (from === 0) this.onRefused(verdict);
    if (!this.paused) this.guarded(() => this.beginDurable());
    this.markIfNeeded();
    this.durabilityWaiters.tell(this.durable);
    this.host.onCommitted(this.id, from, item, this);
    if (this.fault && this.isQuiet) this.host.fault(this, this.fault.error);
  }

  private beginDurable(): void {
    for (;;) {
      const pending = this.pending.next(this.durable);
      if (!pending) return;
      if (isDue(this.state, pending.command)) this.begin(pending);
      else this.pending.delete(pending);
    }
  }

  /** Lets go of everything at once, without a word to the journal: the process, the store or the claim is gone. */
  drop(reason: string, error: unknown = new Error(reason)): void {
    this.dropped ??= { error };
    this.pending.giveUp(reason);
    this.inbox = nothing;
    this.uncommitted = nothing;
    this.unwritten = undefined;
    this.durabilityWaiters.reject(error);
    this.tellIdle();
  }

  /** Begins nothing until `resume`: what must come first is still coming in. */
  hold(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.guarded(() => this.beginDurable());
  }

  /** Begins nothing any more; what is under way may end. Resolves when nothing is. */
  pause(): Promise<void> {
    this.paused = true;
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => {
      this.idleWaiters ??= [];
      this.idleWaiters.push(resolve);
    });
  }

  /**
   * The engine closes: what is still under way is given up, and says what it has cost; and so that neither that nor what was
   * to begin next is taken for a crash (rule 5), the run says that it was left.
   */
  leave(now: number): void {
    if (this.pending.size === 0 || this.state.phase === "ended") return;
    for (const { performance } of this.pending.all()) performance?.supersede("the engine is closing");
    this.receive({ kind: "run.left", at: now });
  }

  private get isIdle(): boolean {
    return this.pending.working.length === 0;
  }

  /** What is under way, for people. */
  get underWay(): string[] {
    return this.pending.working.map(
      ({ slot }) => `${this.id} ${slot === runSlot ? "its answer" : pathOf(slotAt(this.state, slot))}`,
    );
  }

  private tellIdle(): void {
    if (!this.idleWaiters || !this.isIdle) return;
    for (const resolve of this.idleWaiters) resolve();
    this.idleWaiters = undefined;
  }
}
