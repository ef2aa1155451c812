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
  isDue,
  isLive,
  type Plan,
  type Register,
  type RunState,
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

/** What is known of a run that is taken up from its journal. */
export interface TakenUp {
  /** The runs that it called are known to be under way. */
  readonly isSeen: boolean;
  /** The process that had it let go of it, and did not die. */
  readonly isBlameless: boolean;
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
  /** Calls that stood when the run was taken up. */
  private readonly calls = new Map<number, "blameless" | "lost">();
  private dropped: { readonly error: unknown } | undefined;
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
    if (this.dropped) return;
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

  /**
   * Goes on where the journal ends: what was lost is declared first, then everything is looked at again; but for calls whose
   * runs are known to be under way (`isSeen`): those tell of themselves, and looking at each for the sake of one would cost
   * by the square.
   */
  takeUp(losses: readonly Entry[], { isSeen, isBlameless }: TakenUp): void {
    const { slots } = this.state;
    const called = slots.filter(({ status }) => status === "called").map(({ id }) => id);
    if (!isSeen) for (const slot of called) this.calls.set(slot, isBlameless ? "blameless" : "lost");
    this.state.touched = slots.flatMap(({ id, status }) => (isSeen && status === "called" ? [] : [id]));
    this.receive(...losses);
  }

  /** Tells once of a call that stood when the run was taken up: its run may be under way, or may have been about to begin. */
  takeCall(slot: number): "blameless" | "lost" | undefined {
    const found = this.calls.get(slot);
    this.calls.delete(slot);
    return found;
  }

  private turn(): void {
    if (this.turning) return; // a step that answered at once: its entries are taken up by the turn that started it
    this.turning = true;
    try {
      do this.turnOnce();
      while (this.inbox.length > 0);
    } finally {
      this.turning = false;
    }
    this.markIfNeeded();
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
    const { entries, commands } = advance(state, this.host.env);
    for (const entry of entries) this.uncommitted.push(entry);
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
    pending.begun = true;
    const performance = perform(this, pending.command, (entries, blobs) => {
      if (this.pending.get(slot) !== pending) return;
      this.pending.delete(slot);
      if (blobs) this.keepBlobs(blobs);
      this.receive(...entries);
      this.tellIdle();
      if (entries.length === 0) this.host.leave(this);
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

  /** True while the run that the slot called is being stopped, or is about to be. */
  isStopping(slot: number): boolean {
    return this.pending.get(slot)?.command.kind === "stop-call";
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
    this.collected += entries.length;
    return {
      summary: summaryOf(this.state),
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
    if (!this.paused) this.beginDurable();
    this.markIfNeeded();
    this.tellDurable();
    this.host.onCommitted(this.id, from, item, this);
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
    this.beginDurable();
  }

  /** Begins nothing any more; what is under way may end. Resolves when nothing is. */
  pause(): Promise<void> {
    this.paused = true;
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  /** The engine closes: says so where something is still under way, so that it is not taken for a crash (rule 5). */
  leave(now: number): void {
    if (!this.isIdle && this.state.phase !== "ended") this.receive({ kind: "run.left", at: now });
  }

  private get isIdle(): boolean {
    return [...this.pending.values()].every(({ begun, performance }) => !begun || performance?.isStuck === true);
  }

  private tellIdle(): void {
    if (this.idleWaiters.length === 0 || !this.isIdle) return;
    for (const resolve of this.idleWaiters) resolve();
    this.idleWaiters = [];
  }
}
