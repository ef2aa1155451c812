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
  type Plan,
  pathOf,
  type Register,
  type RunState,
  type RunSummary,
  slotAt,
  summaryOf,
} from "@plumbline/core";
import type { Committable } from "../committer.ts";
import type { NewBlob } from "../stores/value-keeper.ts";
import { hasContract } from "./answer.ts";
import type { BoundCode, Host, Performance, PerformingRun } from "./host.ts";
import { perform } from "./perform.ts";

/** What is under way or waits to begin, by slot; the run's own commands have slots of their own below zero. */
interface Pending {
  readonly command: Command;
  /** Begins when so many entries are durable. */
  readonly after: number;
  begun: boolean;
  performance?: Performance;
}

/** Somebody who goes on when so many entries are durable. */
interface DurabilityWaiter {
  readonly length: number;
  resolve(): void;
  reject(error: unknown): void;
}

const runSlot = -1;

/** Functions of values that change nothing and look at nothing, like pure steps: they may be asked before all is durable. */
const questions: ReadonlySet<Command["kind"]> = new Set([
  "ask-condition",
  "ask-choice",
  "ask-instant",
  "list-items",
  "judge-turn",
  "combine",
]);

export class ActiveRun implements Committable, PerformingRun {
  readonly state: RunState;
  readonly code: BoundCode;
  readonly host: Host;
  /** Set while the run's first commit is under way. */
  claim: { readonly inputHash: string } | undefined;
  /** Entries that are durable. */
  private durable: number;
  private collected = 0;
  private uncommitted: Entry[] = [];
  private registers: (() => Register)[] = [];
  private newBlobs: NewBlob[] = [];
  /** Known once a blob has come in; one that was taken up may have any. */
  mayHaveBlobs: boolean;
  /** Until their commit is acknowledged. */
  private readonly unwritten = new Map<string, Uint8Array>();
  readonly blobs: PerformingRun["blobs"] = {
    blob: async (run, id) => this.unwritten.get(id) ?? this.host.store.blob(run, id),
  };
  private marked = false;
  private inbox: Entry[] = [];
  private turning = false;
  private paused = false;
  private readonly isTakenUp: boolean;
  private dropped: { readonly error: unknown } | undefined;
  /** Plumbline failed at it; until what had happened is durable it is still here. */
  private fault: { readonly error: unknown } | undefined;
  private readonly pending = new Map<number, Pending>();
  private durabilityWaiters: DurabilityWaiter[] = [];
  private idleWaiters: (() => void)[] = [];
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
    if (this.dropped || this.fault) return;
    for (const entry of entries) this.inbox.push(entry);
    this.turn();
  }

  /** To be committed with the next entries; read when they leave, so that of two writers of one name neither is lost. */
  keepRegister = (register: () => Register): void => {
    this.registers.push(register);
  };

  keepBlobs(blobs: readonly NewBlob[]): void {
    for (const blob of blobs) {
      this.mayHaveBlobs = true;
      this.newBlobs.push(blob);
      this.unwritten.set(blob.id, blob.bytes);
    }
  }

  /** Resolves when everything said so far is durable; rejects when it never will be. */
  durably(): Promise<void> {
    if (this.dropped) return Promise.reject(this.dropped.error);
    if (this.isQuiet) return Promise.resolve();
    const length = this.state.length + this.inbox.length;
    return new Promise((resolve, reject) => this.durabilityWaiters.push({ length, resolve, reject }));
  }

  /** Fires what is due by the clock. Resolves when what followed is durable. */
  async fire(now: number): Promise<void> {
    this.guarded(() => this.receive(...fireTimers(this.state, now)));
    await this.durably();
  }

  /** Goes on after a restart: what was lost is declared first, then everything is looked at again. */
  takeUp(losses: readonly Entry[]): void {
    this.state.touched = [...this.state.slots.keys()];
    this.receive(...losses);
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
    for (const { performance } of this.pending.values()) performance?.supersede("Plumbline failed at this run");
    this.pending.clear();
    this.inbox = [];
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
    this.inbox = [];
    for (const entry of received) {
      evolve(state, entry);
      this.uncommitted.push(entry);
    }
    const { commands } = advance(state, this.host.env, this.uncommitted);
    if (phase !== state.phase || closings !== state.closings) this.giveUp();
    for (const command of commands) this.take(command);
  }

  private take(command: Command): void {
    const slot = "slot" in command ? command.slot : runSlot;
    if (this.pending.has(slot)) return;
    const pending: Pending = { command, after: this.mayStartEarly(command) ? 0 : this.state.length, begun: false };
    this.pending.set(slot, pending);
    if (pending.after <= this.durable && !this.paused) this.begin(slot, pending);
  }

  /**
   * Nothing of a run with a key is early: its key may turn out to be taken. Nor of one that was taken up: a poison step
   * would end the process before its loss is durable, each time anew.
   */
  private mayStartEarly(command: Command): boolean {
    if (this.claim !== undefined || this.isTakenUp) return false;
    if (questions.has(command.kind)) return true;
    // An answer without a contract of its own is made of what is there already: no user code, nothing outside.
    if (command.kind === "answer") return !hasContract(this);
    if (command.kind !== "attempt") return false;
    const { node, attempts, frame } = slotAt(this.state, command.slot);
    if (node.kind !== "step" || node.stepKind === "effect") return false;
    // A read is early with the run's start only: a later attempt would leave no trace if the process died under it.
    const needsInputAlone = frame.owner === undefined && node.dependsOn.length === 0;
    return node.stepKind === "pure" || (needsInputAlone && attempts === 0);
  }

  private begin(slot: number, pending: Pending): void {
    if (this.fault) return;
    pending.begun = true;
    const performance = perform(this, pending.command, (entries, blobs) => {
      if (this.pending.get(slot) !== pending) return;
      this.pending.delete(slot);
      if (blobs) this.keepBlobs(blobs);
      this.receive(...entries);
      this.tellIdle();
    });
    if (performance && this.pending.get(slot) === pending) pending.performance = performance;
  }

  /** A part of the run is closed: what only reads there is given up, effects get a grace, undoing goes on (rule 9). */
  private giveUp(): void {
    for (const [slot, { command, performance }] of [...this.pending]) {
      if (!isDue(this.state, command)) {
        performance?.supersede("the run was stopped, or goes on without it");
        this.pending.delete(slot);
      } else if (command.kind === "attempt" && !isLive(this.state, slotAt(this.state, slot).frame)) {
        performance?.abortAfter(this.host.graceMs);
      }
    }
  }

  /** True while a command for the slot waits or is under way. */
  isPerforming(slot: number): boolean {
    return this.pending.has(slot);
  }

  collect(): CommitItem | undefined {
    this.marked = false;
    if (this.uncommitted.length === 0) return undefined;
    // Until its claim is answered the id may be another run's: nothing more of this one may reach the file.
    if (this.claim !== undefined && this.collected > 0) return undefined;
    const entries = this.uncommitted;
    const { claim, registers, newBlobs: blobs } = this;
    this.uncommitted = [];
    this.registers = [];
    this.newBlobs = [];
    const first = this.collected === 0;
    let summary: RunSummary | undefined;
    this.guarded(() => {
      summary = summaryOf(this.state);
    });
    if (!summary) return undefined;
    this.collected += entries.length;
    return {
      summary,
      entries,
      ...(first ? { claim: claim ?? { inputHash: "" }, plan: this.state.plan as Plan } : {}),
      ...(registers.length > 0 ? { registers: registers.map((register) => register()) } : {}),
      ...(blobs.length > 0 ? { blobs } : {}),
    };
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
    for (const { id } of item.blobs ?? []) this.unwritten.delete(id);
    this.claim = undefined;
    if (from === 0) this.onRefused(verdict);
    if (!this.paused) this.guarded(() => this.beginDurable());
    this.markIfNeeded();
    this.tellDurable();
    this.host.onCommitted(this.id, from, item, this);
    if (this.fault && this.isQuiet) this.host.fault(this, this.fault.error);
  }

  private beginDurable(): void {
    for (const [slot, pending] of [...this.pending]) {
      if (pending.begun || pending.after > this.durable || this.pending.get(slot) !== pending) continue;
      if (isDue(this.state, pending.command)) this.begin(slot, pending);
      else this.pending.delete(slot);
    }
  }

  private tellDurable(): void {
    if (this.durabilityWaiters.length === 0) return;
    const waiting = this.durabilityWaiters;
    this.durabilityWaiters = waiting.filter(({ length }) => length > this.durable);
    for (const { length, resolve } of waiting) if (length <= this.durable) resolve();
  }

  /** Lets go of everything at once, without a word to the journal: the process, the store or the claim is gone. */
  drop(reason: string, error: unknown = new Error(reason)): void {
    this.dropped ??= { error };
    for (const { performance } of this.pending.values()) performance?.supersede(reason);
    this.pending.clear();
    this.inbox = [];
    this.uncommitted = [];
    this.unwritten.clear();
    for (const { reject } of this.durabilityWaiters) reject(error);
    this.durabilityWaiters = [];
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
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  /**
   * The engine closes: what is still under way is given up, and says what it has cost; and so that neither that nor what was
   * to begin next is taken for a crash (rule 5), the run says that it was left.
   */
  leave(now: number): void {
    if (this.pending.size === 0 || this.state.phase === "ended") return;
    for (const { performance } of this.pending.values()) performance?.supersede("the engine is closing");
    this.receive({ kind: "run.left", at: now });
  }

  private get isIdle(): boolean {
    return this.working.length === 0;
  }

  /** What has begun, but for those that only wait for a place or another run. */
  private get working(): number[] {
    const slots: number[] = [];
    for (const [slot, { begun, performance }] of this.pending) if (begun && !performance?.isWaiting) slots.push(slot);
    return slots;
  }

  /** What is under way, for people. */
  get underWay(): string[] {
    return this.working.map(
      (slot) => `${this.id} ${slot === runSlot ? "its answer" : pathOf(slotAt(this.state, slot))}`,
    );
  }

  private tellIdle(): void {
    if (this.idleWaiters.length === 0 || !this.isIdle) return;
    for (const resolve of this.idleWaiters) resolve();
    this.idleWaiters = [];
  }
}
