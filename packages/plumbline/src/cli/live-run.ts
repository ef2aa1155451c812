/**
 * A run while it is being watched: its folded state, and what only the entries know.
 *
 * Boundary: entries in, readings out; how it looks is frame.ts, who feeds it is follow.ts. Invariants: nothing is known
 * that is not in an entry; memory is bounded by the plan, whatever the length of the journal.
 */
import { type Entry, evolve, isSettled, newState, type Plan, type RunState, type Slot } from "@plumbline/core";

export class LiveRun {
  readonly state: RunState;
  /** The last note of a running attempt, by slot. */
  readonly notes: Map<number, string> = new Map();
  /** Why steps were skipped, by slot. */
  readonly skipped: Map<number, "when" | number> = new Map();
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

  /** True when only a person can move the run, or nothing can any more. */
  get isParked(): boolean {
    const { phase, slots } = this.state;
    if (phase !== "running") return phase === "ended";
    return (
      slots.every((slot) => isSettled(slot) || slot.status === "pending" || slot.status === "asked") && this.isAsking
    );
  }

  /** True while a person is asked for something. */
  get isAsking(): boolean {
    return this.state.slots.some(({ status }) => status === "asked");
  }
}
