/**
 * An attempt with a hedge: when the first choice is slow, the next rung is tried beside it; the first good answer wins.
 *
 * Boundary: two attempts to one end; what an attempt does is attempt.ts. Invariants: `done` is called once; the one that did
 * not win is given up before that, so that what it has cost is counted first; when both fail, the failure is the first
 * choice's; a hedge at a limited resource waits in line like everybody else.
 */
import { type AttemptCommand, type Entry, type PlanRung, type PlanStep, slotAt } from "@plumbline/core";
import type { Timer } from "../clock.ts";
import type { NewBlob } from "../stores/value-keeper.ts";
import { Attempt } from "./attempt.ts";
import type { Done, Performance, PerformingRun } from "./host.ts";

export class HedgedAttempt implements Performance {
  private readonly run: PerformingRun;
  private readonly command: AttemptCommand;
  private readonly done: Done;
  private readonly afterMs: number;
  private readonly first: Attempt;
  private hedge: Attempt | undefined;
  private timer: Timer | undefined;
  private readonly running = new Set<Attempt>();
  /** Takes the hedge out of the line for its resource, or gives its place there back. */
  private freeHedge = () => {};
  /** How the first choice failed while the hedge was under way. */
  private failed: { readonly entries: Entry[]; readonly blobs: readonly NewBlob[] | undefined } | undefined;
  private over = false;

  constructor(run: PerformingRun, command: AttemptCommand, afterMs: number, done: Done) {
    this.run = run;
    this.command = command;
    this.afterMs = afterMs;
    this.done = done;
    this.first = new Attempt(run, command, (entries, blobs) => this.onFirst(entries, blobs));
  }

  begin(): void {
    this.timer = this.run.host.clock.timer(this.afterMs, () => this.lineUp());
    this.running.add(this.first);
    this.first.begin();
  }

  private lineUp(): void {
    if (this.over) return;
    const { slot, rung } = this.command;
    const { limit } = (slotAt(this.run.state, slot).node as PlanStep).rungs[rung + 1] as PlanRung;
    if (!limit) {
      this.startHedge();
      return;
    }
    let isIn = false;
    const leave = this.run.host.limits.enter(limit, (release) => {
      isIn = true;
      this.freeHedge = release;
      if (this.over) release();
      else this.startHedge();
    });
    if (!isIn) this.freeHedge = leave;
  }

  private startHedge(): void {
    const { slot, rung, attempt } = this.command;
    const at = this.run.host.clock.now();
    this.run.receive({ kind: "hedge.started", at, slot, rung: rung + 1, attempt });
    if (this.over) return;
    const hedge = new Attempt(this.run, { ...this.command, rung: rung + 1 }, (entries, blobs) =>
      this.onHedge(entries, blobs),
    );
    this.hedge = hedge;
    this.running.add(hedge);
    hedge.begin();
  }

  private onFirst(entries: Entry[], blobs: readonly NewBlob[] | undefined): void {
    this.running.delete(this.first);
    if (this.hedge && isFailure(entries)) this.failed = { entries, blobs };
    else this.end(entries, blobs);
  }

  private onHedge(entries: Entry[], blobs: readonly NewBlob[] | undefined): void {
    this.running.delete(this.hedge as Attempt);
    this.freeHedge();
    if (!isFailure(entries)) {
      this.end([...aside(this.failed?.entries ?? []), ...entries], [...(this.failed?.blobs ?? []), ...(blobs ?? [])]);
    } else if (this.failed) {
      this.end([...aside(entries), ...this.failed.entries], [...(this.failed.blobs ?? []), ...(blobs ?? [])]);
    } else {
      this.hedge = undefined;
      this.run.receive(...aside(entries));
    }
  }

  private end(entries: Entry[], blobs: readonly NewBlob[] | undefined): void {
    if (this.over) return;
    this.over = true;
    this.timer?.cancel();
    for (const loser of this.running) loser.supersede("another rung was faster");
    this.freeHedge();
    this.done(entries, blobs);
  }

  supersede(reason: string): void {
    this.over = true;
    this.timer?.cancel();
    this.freeHedge();
    this.first.supersede(reason);
    this.hedge?.supersede(reason);
  }

  abortAfter(ms: number): void {
    this.first.abortAfter(ms);
    this.hedge?.abortAfter(ms);
  }
}

function isFailure(entries: readonly Entry[]): boolean {
  return entries.some(({ kind }) => kind === "attempt.failed");
}

/** What failed beside the attempt that decides: recorded with its cost, without its value. */
function aside(entries: readonly Entry[]): Entry[] {
  return entries.map((entry) => {
    if (entry.kind !== "attempt.failed") return entry;
    const { value: _value, ...rest } = entry;
    return { ...rest, hedge: true };
  });
}
