/**
 * A run in memory: takes facts in, folds them, decides, commits, and lets the performer do what is due.
 *
 * Boundary: the order of things for one run; what a command does is perform.ts, what follows from an entry is the core.
 * Invariants: entries are folded as they are made and committed in that order; a command starts only when everything
 * that was decided before it is durable, except conditions, pure steps, and reads of a run without a key that need the
 * input alone (rules 2, 3); a slot has at most one command under way.
 */
import {
  advance,
  type Command,
  type CommitItem,
  type CommitVerdict,
  type Entry,
  evolve,
  isDue,
  type Plan,
  type Register,
  type RunState,
  slotAt,
  summaryOf,
} from "@plumbline/core";
import type { Committable } from "./committer.ts";
import type { BoundCode, Host, Performance, PerformingRun } from "./host.ts";
import { perform } from "./perform.ts";
import type { NewBlob } from "./value-keeper.ts";

/** What is under way or waits to begin, by slot; the run's own commands have slots of their own below zero. */
interface Pending {
  readonly command: Command;
  /** Begins when so many entries are durable. */
  readonly after: number;
  performance?: Performance;
}

const runSlot = -1;

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
  private registers: Register[] = [];
  private blobs: NewBlob[] = [];
  private marked = false;
  private inbox: Entry[] = [];
  private turning = false;
  private readonly pending = new Map<number, Pending>();
  private readonly onRefused: (verdict: CommitVerdict) => void;

  constructor(host: Host, state: RunState, code: BoundCode, onRefused: (verdict: CommitVerdict) => void = () => {}) {
    this.host = host;
    this.state = state;
    this.code = code;
    this.durable = state.length;
    this.collected = state.length;
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
    for (const entry of entries) this.inbox.push(entry);
    this.turn();
  }

  /** Committed together with the next entries. */
  keepRegister = (register: Register): void => {
    this.registers.push(register);
  };

  keepBlobs(blobs: readonly NewBlob[]): void {
    for (const blob of blobs) this.blobs.push(blob);
  }

  /** Looks at everything again: after a restart, or to be sure. */
  takeUp(): void {
    this.state.touched = [...this.state.slots.keys()];
    this.turn();
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
    if (this.uncommitted.length > 0 && !this.marked) {
      this.marked = true;
      this.host.mark(this);
    }
  }

  private turnOnce(): void {
    const { state } = this;
    const wasRunning = state.phase === "running";
    const received = this.inbox;
    this.inbox = [];
    for (const entry of received) {
      evolve(state, entry);
      this.uncommitted.push(entry);
    }
    const { entries, commands } = advance(state, this.host.env);
    for (const entry of entries) this.uncommitted.push(entry);
    if (wasRunning && state.phase !== "running") this.stopReads();
    for (const command of commands) this.take(command);
  }

  private take(command: Command): void {
    const slot = "slot" in command ? command.slot : runSlot;
    if (this.pending.has(slot)) return;
    const pending: Pending = { command, after: this.mayStartEarly(command) ? 0 : this.state.length };
    this.pending.set(slot, pending);
    if (pending.after <= this.durable) this.begin(slot, pending);
  }

  private mayStartEarly(command: Command): boolean {
    if (command.kind === "ask-condition") return true;
    if (command.kind !== "attempt") return false;
    const { node } = slotAt(this.state, command.slot);
    if (node.kind !== "step" || node.stepKind === "effect") return false;
    return node.stepKind === "pure" || (node.dependsOn.length === 0 && this.claim === undefined);
  }

  private begin(slot: number, pending: Pending): void {
    const performance = perform(this, pending.command, (entries) => {
      if (this.pending.get(slot) === pending) this.pending.delete(slot);
      this.receive(...entries);
    });
    if (performance && this.pending.get(slot) === pending) pending.performance = performance;
  }

  /** The run stops: reads are aborted, effects get a grace (rule 9). */
  private stopReads(): void {
    for (const [slot, pending] of this.pending) {
      const { command, performance } = pending;
      if (!performance || command.kind === "compensate") {
        if (!isDue(this.state, command)) this.pending.delete(slot);
        continue;
      }
      if (command.kind === "attempt" && slotAt(this.state, slot).status === "running") {
        performance.abortAfter(this.host.graceMs);
      } else {
        performance.supersede("the run was stopped");
        this.pending.delete(slot);
      }
    }
  }

  collect(): CommitItem | undefined {
    this.marked = false;
    if (this.uncommitted.length === 0) return undefined;
    const entries = this.uncommitted;
    const { claim, registers, blobs } = this;
    this.uncommitted = [];
    this.registers = [];
    this.blobs = [];
    const first = this.collected === 0;
    this.collected += entries.length;
    return {
      summary: summaryOf(this.state),
      entries,
      ...(first ? { claim: claim ?? { inputHash: "" }, plan: this.state.plan as Plan } : {}),
      ...(registers.length > 0 ? { registers } : {}),
      ...(blobs.length > 0 ? { blobs } : {}),
    };
  }

  committed(verdict: CommitVerdict, item: CommitItem): void {
    if (verdict.status === "taken") {
      this.drop("the key was taken");
      this.onRefused(verdict);
      return;
    }
    const from = this.durable;
    this.durable += item.entries.length;
    this.claim = undefined;
    if (from === 0) this.onRefused(verdict);
    for (const [slot, pending] of this.pending) {
      if (pending.performance || pending.after > this.durable) continue;
      if (isDue(this.state, pending.command)) this.begin(slot, pending);
      else this.pending.delete(slot);
    }
    this.host.onCommitted(this.id, from, item, this);
  }

  /** Lets go of everything at once, without a word to the journal: the process or the claim is gone. */
  drop(reason: string): void {
    for (const { performance } of this.pending.values()) performance?.supersede(reason);
    this.pending.clear();
    this.uncommitted = [];
  }

  /** Resolves when no attempt is under way any more, for a close within a grace. */
  get isIdle(): boolean {
    return [...this.pending.values()].every((pending) => pending.performance === undefined);
  }
}
