/**
 * What one attempt says to the journal: its end, however it ends, what came late, and how far it is.
 *
 * Boundary: makes entries and keeps the attempt's time; when each is said is attempt.ts's affair. Invariants: what the attempt
 * left behind (cost, log, evidence) is in one entry, and what it spends after that in the next; progress is kept sparsely
 * (rule 32).
 */
import type { AttemptCommand, AttemptRecord, Entry, Failure, Sealed } from "@plumbline/core";
import { type AttemptContext, nothingLeft } from "./attempt-context.ts";
import type { PerformingRun } from "./host.ts";

const progressEveryMs = 500;
const maxProgressEntries = 200;

export class AttemptEntries {
  private readonly run: PerformingRun;
  private readonly command: AttemptCommand;
  private readonly context: AttemptContext;
  /** When it had its place; the time before is not its own. */
  private begun = 0;
  private progressAt = Number.NEGATIVE_INFINITY;
  private progressEntries = 0;

  constructor(run: PerformingRun, command: AttemptCommand, context: AttemptContext) {
    this.run = run;
    this.command = command;
    this.context = context;
  }

  begin(): void {
    this.begun = this.run.host.clock.monotonic();
  }

  get elapsedMs(): number {
    return Math.round((this.run.host.clock.monotonic() - this.begun) * 1_000) / 1_000;
  }

  completed(value: Sealed, dropped: readonly string[]): Entry {
    const { rung, attempt, slot } = this.command;
    const left = this.context.end();
    const at = this.run.host.clock.now();
    const entry: Entry = { kind: "step.completed", at, slot, rung, attempt, ms: this.elapsedMs, value };
    if (left === nothingLeft && dropped.length === 0) return entry; // as most do
    return { ...entry, ...left, ...(dropped.length > 0 ? { dropped } : {}) };
  }

  failed(failure: Failure, retryable: boolean, dropped: readonly string[], value: Sealed | undefined): Entry {
    const given = value === undefined ? {} : { value };
    return { kind: "attempt.failed", ...this.said(), ...this.record(dropped), failure, retryable, ...given };
  }

  /** Nothing to be said of one that has cost nothing. */
  superseded(because: string): Entry | undefined {
    const record = this.record([]);
    return record.cost && { kind: "attempt.superseded", ...this.said(), ...record, because };
  }

  /** It heard its signal: only what that has cost is worth an entry. */
  late(result: "value" | "failure" | undefined, hash: string | undefined): Entry | undefined {
    const spent = this.context.takeCost();
    if (result === undefined && !spent.cost) return undefined;
    const { attempt } = this.command;
    const what = { ...(result === undefined ? {} : { result }), ...(hash === undefined ? {} : { hash }) };
    return { kind: "attempt.late", ...this.said(), attempt, ...what, ...spent };
  }

  progressed(fraction: number, note: string | undefined): Entry | undefined {
    const now = this.run.host.clock.monotonic();
    if (this.progressEntries >= maxProgressEntries || now - this.progressAt < progressEveryMs) return undefined;
    this.progressAt = now;
    this.progressEntries++;
    const { attempt } = this.command;
    return { kind: "attempt.progressed", ...this.said(), attempt, fraction, ...(note === undefined ? {} : { note }) };
  }

  private said(): { readonly at: number; readonly slot: number } {
    return { at: this.run.host.clock.now(), slot: this.command.slot };
  }

  private record(dropped: readonly string[]): AttemptRecord {
    const { rung, attempt } = this.command;
    const left = this.context.end();
    return { rung, attempt, ms: this.elapsedMs, ...left, ...(dropped.length > 0 ? { dropped } : {}) };
  }
}
