/**
 * The commands of one run that are under way or wait to begin, by slot.
 *
 * Boundary: who is there and whose turn it is; when a command may begin is active-run.ts's. Invariants: a slot has at most
 * one; those that wait begin in the order in which they came, which is the order in which what they wait for becomes durable;
 * neither looking one up nor finding the next costs more in a run with many.
 */
import type { Command } from "@plumbline/core";
import type { Performance } from "./host.ts";

export interface Pending {
  readonly slot: number;
  readonly command: Command;
  /** Begins when so many entries are durable. */
  after: number;
  begun: boolean;
  performance: Performance | undefined;
  /** Who came after it and waits as well. */
  next: Pending | undefined;
}

/** The slot of commands of the run itself. */
export const runSlot = -1;

export class PendingCommands {
  /** At slot + 1. */
  private readonly bySlot: (Pending | undefined)[] = [];
  private first: Pending | undefined;
  private last: Pending | undefined;
  size = 0;

  /** Adds a command, unless its slot has one. */
  add(command: Command): Pending | undefined {
    const slot = "slot" in command ? command.slot : runSlot;
    if (this.bySlot[slot + 1] !== undefined) return undefined;
    const pending: Pending = { slot, command, after: 0, begun: false, performance: undefined, next: undefined };
    this.bySlot[slot + 1] = pending;
    this.size++;
    return pending;
  }

  /** Lets it wait until so many entries are durable, which are no fewer than those that the others wait for. */
  wait(pending: Pending, after: number): void {
    pending.after = after;
    if (this.last) this.last.next = pending;
    else this.first = pending;
    this.last = pending;
  }

  at(slot: number): Pending | undefined {
    return this.bySlot[slot + 1];
  }

  /** True while this one has neither ended nor been given up. */
  holds(pending: Pending): boolean {
    return this.bySlot[pending.slot + 1] === pending;
  }

  delete(pending: Pending): void {
    if (!this.holds(pending)) return;
    this.bySlot[pending.slot + 1] = undefined;
    this.size--;
  }

  /** Takes the next one that may begin when so many entries are durable out of the line. */
  next(durable: number): Pending | undefined {
    for (let pending = this.first; pending && pending.after <= durable; pending = this.first) {
      this.first = pending.next;
      if (!this.first) this.last = undefined;
      pending.next = undefined; // or one that takes long would keep all that came after it
      if (this.holds(pending)) return pending;
    }
    return undefined;
  }

  /** All that are there, begun or not. */
  all(): Pending[] {
    return this.bySlot.filter((pending) => pending !== undefined);
  }

  /** Those that have begun, but for those that wait for a place or another run, or for nothing that will come. */
  get working(): Pending[] {
    return this.all().filter(({ begun, performance: { isWaiting, isStuck } = {} }) => begun && !isWaiting && !isStuck);
  }

  /** None of them is wanted any more. */
  giveUp(reason: string): void {
    for (const { performance } of this.all()) performance?.supersede(reason);
    this.bySlot.length = 0;
    this.first = undefined;
    this.last = undefined;
    this.size = 0;
  }
}
