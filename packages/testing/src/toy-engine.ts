/**
 * A small engine over the core: takes facts, folds, decides, commits, begins. In memory, in virtual time, by chance.
 *
 * Boundary: the order of things, as a real engine keeps it; how a command is carried out is toy-performer.ts, what the
 * outside does is world.ts, what may never happen is invariants.ts. Invariants: what is committed is text; a crash loses
 * all else, and the reload knows the plan as text and the entries as text and no user code; a slot has at most one
 * command under way.
 */
import {
  advance,
  breakerOf,
  type Command,
  type Entry,
  evolve,
  fireTimers,
  fold,
  isCurrent,
  isDue,
  isLive,
  newState,
  nextDueAt,
  type Plan,
  type PlanApproval,
  pathOf,
  type RunState,
  recordDecision,
  recordSignal,
  recover,
  type Slot,
  slotAt,
  summaryOf,
} from "@plumbline/core";
import type { Seeded } from "./seeded.ts";
import {
  type AttemptCommand,
  attemptEntry,
  type Flight,
  type Late,
  perform,
  supersededEntry,
} from "./toy-performer.ts";
import { sealed, type World } from "./world.ts";

export interface Pending {
  readonly command: Command;
  /** Begins when so many entries are durable. */
  readonly after: number;
  begun: boolean;
}

/** Looks over the engine's shoulder. */
export interface Watcher {
  onBegin(engine: ToyEngine, command: Command): void;
  onEntry(engine: ToyEngine, entry: Entry): void;
  onSignal(engine: ToyEngine, name: string, id: string, status: string): void;
  onDecided(engine: ToyEngine): void;
  onReload(engine: ToyEngine): void;
}

const runSlot = -1;

export class ToyEngine {
  readonly planText: string;
  readonly journal: string[] = [];
  /** The projection that was written with the last commit. */
  summary = "";
  state: RunState;
  now: number;
  pending: Map<number, Pending> = new Map();
  flights: (Flight & { readonly slot: number; readonly pending: Pending })[] = [];
  lates: Late[] = [];
  uncommitted: Entry[] = [];
  readonly world: World;
  readonly seeded: Seeded;
  /** After a crash nothing starts early: a poison would die each time before what led to it is durable (rule 5). */
  private takenUp = false;
  private readonly watcher: Watcher;

  constructor(plan: Plan, world: World, seeded: Seeded, watcher: Watcher, now: number) {
    this.planText = JSON.stringify(plan);
    this.state = newState(JSON.parse(this.planText) as Plan);
    this.world = world;
    this.seeded = seeded;
    this.watcher = watcher;
    this.now = now;
  }

  receive(entries: readonly Entry[]): void {
    const { state } = this;
    const { phase, closings } = state;
    for (const entry of entries) this.fold(entry);
    const decision = advance(state, { now: this.now, chance: this.seeded.next });
    for (const entry of decision.entries) this.noted(entry);
    if (phase !== state.phase || closings !== state.closings) this.giveUp();
    for (const command of decision.commands) this.take(command);
    this.watcher.onDecided(this);
  }

  private fold(entry: Entry): void {
    evolve(this.state, entry);
    this.noted(entry);
  }

  private noted(entry: Entry): void {
    this.uncommitted.push(entry);
    this.watcher.onEntry(this, entry);
  }

  private take(command: Command): void {
    const slot = "slot" in command ? command.slot : runSlot;
    if (this.pending.has(slot)) return;
    const early = command.kind === "ask-condition" || (command.kind === "attempt" && this.isPure(command.slot));
    this.pending.set(slot, { command, after: early && !this.takenUp ? 0 : this.state.length, begun: false });
  }

  private isPure(slot: number): boolean {
    const { node } = slotAt(this.state, slot);
    return node.kind === "step" && node.stepKind === "pure";
  }

  /** A part is closed: reads in it are given up; effects that began may end, or their grace does; undoing goes on. */
  private giveUp(): void {
    for (const [slot, { command, begun }] of this.pending) {
      if (!isDue(this.state, command)) {
        this.pending.delete(slot);
        this.flights = this.flights.filter((flight) => flight.slot !== slot);
        if (command.kind === "attempt" && begun) this.fold(supersededEntry(command, this.now));
      } else if (command.kind === "attempt" && begun && !isLive(this.state, slotAt(this.state, slot).frame)) {
        this.graceFor(slot, command);
      }
    }
  }

  private graceFor(slot: number, command: AttemptCommand): void {
    const at = this.now + 500;
    this.flights = this.flights.map((flight) => {
      if (flight.slot !== slot || flight.at <= at) return flight;
      return { ...flight, at, land: () => [attemptEntry(command, { kind: "aborted", value: "" }, this.now)] };
    });
  }

  /** Writes what was decided. What is durable from now on may be acted on. */
  commit(): void {
    for (const entry of this.uncommitted) this.journal.push(JSON.stringify(entry));
    this.uncommitted = [];
    this.summary = JSON.stringify(summaryOf(this.state));
  }

  /** Starts one command that waits and may begin, if there is one. */
  begin(): boolean {
    const ready = [...this.pending].filter(([slot, one]) => !one.begun && this.mayBegin(slot, one));
    if (ready.length === 0) return false;
    const [slot, pending] = this.seeded.pick(ready);
    if (!isDue(this.state, pending.command)) {
      this.pending.delete(slot);
      return true;
    }
    pending.begun = true;
    this.watcher.onBegin(this, pending.command);
    const { late, ...flight } = perform(this, pending.command);
    if (late) this.lates.push(late);
    this.flights.push({ ...flight, slot, pending });
    return true;
  }

  /** Suspects run one at a time (rule 5). */
  private mayBegin(slot: number, { after, command }: Pending): boolean {
    if (after > this.journal.length) return false;
    if (slot === runSlot || command.kind === "compensate" || slotAt(this.state, slot).losses < 2) return true;
    return ![...this.pending].some(([other, one]) => other >= 0 && one.begun && slotAt(this.state, other).losses >= 2);
  }

  /** Lets one answer of the outside in, if one has come. */
  land(): boolean {
    const due = this.flights.filter((flight) => flight.at <= this.now);
    if (due.length === 0) return this.landLate();
    const flight = this.seeded.pick(due);
    this.flights = this.flights.filter((one) => one !== flight);
    if (this.pending.get(flight.slot) === flight.pending) this.pending.delete(flight.slot);
    this.receive(flight.land());
    return true;
  }

  private landLate(): boolean {
    const late = this.lates.find(({ at }) => at <= this.now);
    if (!late) return false;
    this.lates = this.lates.filter((one) => one !== late);
    const { slot, attempt } = late.command;
    if (isCurrent(this.state, late.command)) throw new Error(`what came late is current: ${JSON.stringify(late)}`);
    const cost = this.seeded.chance(0.5) ? { cost: { usd: 0.5, tokens: 3 } } : {};
    this.receive([{ kind: "attempt.late", at: this.now, slot, attempt, result: late.result, hash: "0", ...cost }]);
    return true;
  }

  /** Timers that are due. */
  fireTimers(): boolean {
    const fired = fireTimers(this.state, this.now);
    if (fired.length > 0) this.receive(fired);
    return fired.length > 0;
  }

  /** A person answers one of the approvals that wait. */
  personDecides(slot: Slot, id: string): void {
    const node = slot.node as PlanApproval;
    const value = sealed({ approved: true, note: id });
    const { status, entries } = recordDecision(this.state, { path: pathOf(slot), value, by: "ada", id }, this.now);
    if (status === "decided" && node.breaker) {
      this.world.vote(breakerOf(node), `${slot.id}/0/1`, this.now, slot.admission?.epoch ?? 0, "answered");
    }
    this.receive(entries);
  }

  /** The outside says something, perhaps before anybody waits for it, perhaps again. */
  signal(name: string, id: string): void {
    const { status, entries } = recordSignal(this.state, { name, id, value: sealed({ v: `${name} ${id}` }) }, this.now);
    this.watcher.onSignal(this, name, id, status);
    this.receive(entries);
  }

  /** The next instant at which something happens by itself. */
  nextInstant(): number | undefined {
    const instants = [...this.flights.map(({ at }) => at), ...this.lates.map(({ at }) => at)];
    const due = nextDueAt(this.state);
    if (due !== undefined) instants.push(due);
    return instants.length === 0 ? undefined : Math.min(...instants);
  }

  /** What a reader of the file finds. */
  reload(): RunState {
    const state = newState(JSON.parse(this.planText) as Plan);
    return fold(
      state,
      this.journal.map((text) => JSON.parse(text) as Entry),
    );
  }

  /** The process dies: only the committed text is left. */
  crash(): void {
    this.takenUp = true;
    this.pending = new Map();
    this.flights = [];
    this.lates = [];
    this.uncommitted = [];
    this.state = this.reload();
    this.watcher.onReload(this);
    if (this.journal.length === 0) return;
    this.state.touched = [...this.state.slots.keys()];
    this.receive(recover(this.state, this.now));
  }
}
