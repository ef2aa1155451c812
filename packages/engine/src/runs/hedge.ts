/**
 * An attempt with a hedge: when the first choice is slow, the next rung is tried beside it; the first good answer wins.
 *
 * Boundary: two attempts to one end; what an attempt does is attempt.ts. Invariants: `done` is called once; the one that did
 * not win is aborted, and what it says later is recorded as late; when both fail, the failure is the first choice's.
 */
import type { AttemptCommand, Entry } from "@plumbline/core";
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
    this.timer = this.run.host.clock.timer(this.afterMs, () => this.startHedge());
    this.first.begin();
  }

  private startHedge(): void {
    if (this.over) return;
    const { slot, rung, attempt } = this.command;
    const at = this.run.host.clock.now();
    this.run.receive({ kind: "hedge.started", at, slot, rung: rung + 1, attempt });
    this.hedge = new Attempt(this.run, { ...this.command, rung: rung + 1 }, (entries, blobs) =>
      this.onHedge(entries, blobs),
    );
    this.hedge.begin();
  }

  private onFirst(entries: Entry[], blobs: readonly NewBlob[] | undefined): void {
    if (this.hedge && isFailure(entries)) this.failed = { entries, blobs };
    else this.end(entries, blobs);
  }

  private onHedge(entries: Entry[], blobs: readonly NewBlob[] | undefined): void {
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
    this.first.supersede("another rung was faster");
    this.hedge?.supersede("another rung was faster");
    this.done(entries, blobs);
  }

  supersede(reason: string): void {
    this.over = true;
    this.timer?.cancel();
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
