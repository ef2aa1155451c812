/**
 * A run while it is being watched: its folded state, and what only the entries know.
 *
 * Boundary: entries in, readings out; how it looks is frame.ts, who feeds it is follow.ts. Invariants: nothing is known
 * that is not in an entry; memory is bounded by the nodes that were
 * reached, whatever the length of the journal.
 */
import {
  type Entry,
  evolve,
  isLive,
  isSettled,
  newState,
  type Plan,
  type RunState,
  type Slot,
  summaryOf,
  userCodeOf,
} from "@plumbline/core";

export class LiveRun {
  readonly state: RunState;
  /** The last note of a running attempt, by slot. */
  readonly notes: Map<number, string> = new Map();
  /** Why steps were skipped, by slot. */
  readonly skipped: Map<number, "when" | number> = new Map();
  /** The runs that it called and waits for, by id, where they are watched as well. */
  readonly called: Map<string, LiveRun> = new Map();
  /** False while entries from before the watching began are still coming in. */
  isCaughtUp = true;
  /** When a slot came to stand as it does, by slot. */
  private readonly changes = new Map<number, { readonly status: Slot["status"]; readonly at: number }>();

  constructor(plan: Plan) {
    this.state = newState(plan);
  }

  receive(entry: Entry): void {
    const { state } = this;
    evolve(state, entry);
    for (const id of state.touched) this.remember(state.slots[id], entry.at);
    state.touched = [];
    if (entry.kind === "attempt.progressed" && entry.note !== undefined) this.notes.set(entry.slot, entry.note);
    if (entry.kind === "attempt.failed" || entry.kind === "rung.entered") this.notes.delete(entry.slot);
    if (entry.kind === "step.skipped") this.skipped.set(entry.slot, entry.because);
  }

  private remember(slot: Slot | undefined, at: number): void {
    if (slot && this.changes.get(slot.id)?.status !== slot.status)
      this.changes.set(slot.id, { status: slot.status, at });
  }

  /** Since when the slot stands as it does. */
  since(slot: Slot): number {
    return this.changes.get(slot.id)?.at ?? this.state.startedAt;
  }

  /** True when only a person or a signal can move the run, or nothing in it can any more. */
  get isParked(): boolean {
    const { phase, timers, slots } = this.state;
    if (phase !== "running") return phase !== "stopping";
    if (!this.isCaughtUp || (timers.size === 0 && this.called.size === 0)) return false;
    return this.isAsking && slots.every((slot) => this.isStill(slot));
  }

  private isStill(slot: Slot): boolean {
    const { state } = this;
    if (slot.undo === "started" || slot.undo === "due" || slot.undo === "waiting") return false;
    if (isSettled(slot) || stillStatuses.has(slot.status)) return true;
    if (slot.status === "open") return userCodeOf(state, slot) === undefined;
    if (slot.status === "called") return this.called.get(slot.call as string)?.isParked === true;
    return slot.status !== "running" && !isLive(state, slot.frame);
  }

  /** A person or a signal is waited for, here or in a run that it called. */
  private get isAsking(): boolean {
    if (this.asked.length > 0 || this.awaited.length > 0) return true;
    return [...this.called.values()].some((called) => called.isAsking);
  }

  /** This run and those that it called, as far as they are watched. */
  get family(): LiveRun[] {
    return [this, ...[...this.called.values()].flatMap((called) => called.family)];
  }

  /** Approvals that wait for a person. */
  get asked(): Slot[] {
    return this.withTimer("asked");
  }

  /** Nodes that wait for a signal. */
  get awaited(): Slot[] {
    return this.withTimer("awaiting");
  }

  /** Every wait has a timer; what lies in a part that is closed has none. */
  private withTimer(status: Slot["status"]): Slot[] {
    const slots = [...this.state.timers].map((id) => this.state.slots[id] as Slot);
    return slots.filter((slot) => slot.status === status).sort((a, b) => a.id - b.id);
  }

  /** Nothing but a person, a signal or a timer can move it. */
  get waits(): boolean {
    return summaryOf(this.state).status === "waiting";
  }
}

const stillStatuses: ReadonlySet<Slot["status"]> = new Set<Slot["status"]>(["pending", "asked", "awaiting"]);
