/**
 * A small engine over the core: takes facts, folds, decides, commits, performs. In memory, in virtual time, by chance.
 *
 * Boundary: the order of things, as a real engine keeps it; what the outside does is world.ts, what may never happen is
 * invariants.ts. Invariants: what is committed is text; a crash loses all else, and the reload knows the plan as text
 * and the entries as text and no user code; a slot has at most one command under way.
 */
import {
  admit,
  advance,
  breakerOf,
  type Command,
  type Entry,
  evolve,
  evolveBreaker,
  fireTimers,
  fold,
  isCurrent,
  isDue,
  newState,
  nextDueAt,
  open,
  type Plan,
  type PlanApproval,
  type PlanBreaker,
  pathOf,
  type RunState,
  recordDecision,
  recover,
  resolve,
  type Slot,
  slotAt,
  summaryOf,
  withVia,
} from "@plumbline/core";
import type { Seeded } from "./seeded.ts";
import { attemptEntry, sealed, type World } from "./world.ts";

export interface Pending {
  readonly command: Command;
  /** Begins when so many entries are durable. */
  readonly after: number;
  begun: boolean;
}

/** Something of the outside that will answer. */
interface Flight {
  readonly at: number;
  readonly slot: number;
  readonly pending: Pending;
  readonly land: () => Entry[];
}

interface Late {
  readonly at: number;
  readonly command: Extract<Command, { kind: "attempt" }>;
  readonly result: "value" | "failure";
}

/** Looks over the engine's shoulder. */
export interface Watcher {
  onBegin(engine: ToyEngine, command: Command): void;
  onEntry(engine: ToyEngine, entry: Entry): void;
  onDecided(engine: ToyEngine): void;
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
  flights: Flight[] = [];
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
    const phase = state.phase;
    for (const entry of entries) this.fold(entry);
    const decision = advance(state, { now: this.now, chance: this.seeded.next });
    for (const entry of decision.entries) this.noted(entry);
    if (phase === "running" && state.phase !== "running") this.stopReads();
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

  /** Reads are given up; effects that began keep their pending command until they end or their grace does. */
  private stopReads(): void {
    for (const [slot, { command, begun }] of this.pending) {
      if (isDue(this.state, command)) {
        if (command.kind === "attempt" && begun) this.graceFor(slot, command);
        continue;
      }
      this.pending.delete(slot);
      this.flights = this.flights.filter((flight) => flight.slot !== slot);
    }
  }

  private graceFor(slot: number, command: Extract<Command, { kind: "attempt" }>): void {
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
    this.perform(slot, pending);
    return true;
  }

  /** Suspects run one at a time (rule 5). */
  private mayBegin(slot: number, { after, command }: Pending): boolean {
    if (after > this.journal.length) return false;
    if (command.kind !== "attempt" && command.kind !== "ask-condition") return true;
    if (slotAt(this.state, slot).losses < 2) return true;
    return ![...this.pending].some(([other, one]) => other >= 0 && one.begun && slotAt(this.state, other).losses >= 2);
  }

  private perform(slot: number, pending: Pending): void {
    const { command } = pending;
    this.watcher.onBegin(this, command);
    switch (command.kind) {
      case "attempt":
        this.performAttempt(slot, pending, command);
        return;
      case "ask-condition":
        this.fly(slot, pending, 0, this.askCondition(command.slot));
        return;
      case "ask-breaker":
        this.fly(slot, pending, 0, () => this.askBreaker(command));
        return;
      case "declare-decision":
        this.fly(slot, pending, 0, () => this.declareDecision(command.slot, command.via));
        return;
      case "compensate":
        this.performUndo(slot, pending, command);
        return;
      case "answer":
      case "answer-deadline":
        this.fly(slot, pending, 0, () => this.answer(command.kind));
    }
  }

  private fly(slot: number, pending: Pending, afterMs: number, land: () => Entry[]): void {
    this.flights.push({ at: this.now + afterMs, slot, pending, land });
  }

  private performAttempt(slot: number, pending: Pending, command: Extract<Command, { kind: "attempt" }>): void {
    if (this.state.phase !== "running") {
      // Marked as started, and never begun: so it is proven that nothing was applied.
      this.fly(slot, pending, 0, () => [attemptEntry(command, { kind: "not-applied", value: "" }, this.now)]);
      return;
    }
    const stood = this.world.standing.has(`${slot}/${command.rung}`);
    const plan = this.world.attempt(command);
    if (plan.late) this.lates.push({ at: this.now + plan.late.afterMs, command, result: plan.late.result });
    if (plan.kind === "not-applied") this.world.wasNotApplied(slot, command.rung, stood);
    this.fly(slot, pending, plan.afterMs, () => {
      this.voteFor(slotAt(this.state, slot), command, plan.kind);
      return [attemptEntry(command, plan, this.now)];
    });
  }

  private voteFor(slot: Slot, { rung, attempt }: { rung: number; attempt: number }, kind: string): void {
    const breaker = slot.node.kind === "step" ? slot.node.rungs[rung]?.breaker : undefined;
    if (!breaker || !slot.admission) return;
    const result = kind === "value" ? "success" : "failure";
    this.world.vote(breaker, `${slot.id}/${rung}/${attempt}`, this.now, slot.admission.epoch, result);
  }

  private performUndo(slot: number, pending: Pending, { attempt }: { attempt: number }): void {
    const failure = this.world.undo(slot, slotAt(this.state, slot).rung);
    this.fly(slot, pending, this.seeded.integer(0, 900), () => {
      const entry = { at: this.now, slot, attempt, ms: 1 };
      return [
        failure ? { kind: "compensation.failed", ...entry, failure } : { kind: "compensation.completed", ...entry },
      ];
    });
  }

  private askCondition(slot: number): () => Entry[] {
    const answer = this.world.condition(slot);
    return () => {
      const said = { at: this.now, slot };
      if (answer === "throws") {
        return [{ kind: "step.failed", ...said, failure: { kind: "predicate", message: "when threw" } }];
      }
      if (answer) return [{ kind: "condition.answered", ...said, answer }];
      return [{ kind: "step.skipped", ...said, because: "when" }];
    };
  }

  private askBreaker({ slot, breaker }: { slot: number; breaker: PlanBreaker }): Entry[] {
    const state = this.world.breaker(breaker);
    const { rung, attempts } = slotAt(this.state, slot);
    const id = `${slot}/${rung}/${attempts + 1}`;
    const { admission, epoch, entries } = admit(state, { id, now: this.now, lapseMs: 6_000 });
    for (const entry of entries) evolveBreaker(state, entry);
    return [{ kind: "admission.answered", at: this.now, slot, breaker: breaker.name, epoch, admission }];
  }

  private declareDecision(id: number, via: "timeout" | "breaker"): Entry[] {
    const slot = slotAt(this.state, id);
    const node = slot.node as PlanApproval;
    let by = via;
    if (via === "timeout" && node.breaker) {
      const epoch = slot.admission?.epoch ?? 0;
      if (this.world.vote(breakerOf(node), `${id}/0/1`, this.now, epoch, "failure")) by = "breaker";
    }
    const declared = (by === "breaker" ? node.breaker?.decide : node.onTimeout) ?? sealed({ approved: false });
    return [{ kind: "approval.decided", at: this.now, slot: id, via: by, value: withVia(declared, by) }];
  }

  private answer(kind: "answer" | "answer-deadline"): Entry[] {
    const { state } = this;
    const frame = state.frames[0];
    if (!frame) throw new Error("a run without a frame has no answer");
    if (kind === "answer-deadline") {
      return [{ kind: "run.ended", at: this.now, outcome: "degraded", output: sealed("too late") }];
    }
    if (this.seeded.chance(0.05)) {
      const failure = { kind: "contract" as const, message: "the answer breaks the flow's contract" };
      return [{ kind: "run.stopped", at: this.now, cause: "failure", failure }];
    }
    const output = sealed(resolve(state, frame, frame.scope.answer, open));
    const outcome = state.degradations.length > 0 ? "degraded" : "succeeded";
    return [{ kind: "run.ended", at: this.now, outcome, output }];
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
    this.receive([{ kind: "attempt.late", at: this.now, slot, attempt, result: late.result, hash: "0" }]);
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
    if (this.journal.length > 0) this.receive(recover(this.state, this.now));
  }
}
