/**
 * The upper port: what server, Studio, CLI and user code know of an engine, wherever it runs.
 *
 * Boundary: types only. Embedded, remote and distributed engines implement it; a distributed engine owns its journal, so
 * nothing here speaks of a store. Invariants: everything is asynchronous; what is acknowledged is durable on engines that
 * are durable; watchers see committed entries only (rule 1).
 */

import type { Flow } from "./code.ts";
import type { Entry, Outcome } from "./entries.ts";
import type { Failure } from "./errors.ts";
import type { Plan } from "./plan.ts";
import type { RunStatus, RunSummary } from "./report.ts";
import type { Cost } from "./rung.ts";
import type { Degradation, Standing } from "./state.ts";
import type { Sealed } from "./values.ts";

/** How a run ended. */
export interface RunResult<Output = unknown> {
  readonly id: string;
  readonly outcome: Outcome;
  /** There when the outcome is `succeeded` or `degraded`. */
  readonly output?: Output;
  readonly failure?: Failure;
  /** The path of the step that made the run fail. */
  readonly failedAt?: string;
  readonly degradations: readonly Degradation[];
  /** What the steps had given, by path, when the run ended without an answer; empty when it has one. */
  readonly partial: Readonly<Record<string, unknown>>;
  /** Effects that could not be undone. */
  readonly standing: readonly Standing[];
  readonly cost: Required<Cost>;
  /** From start to end, waiting included. */
  readonly ms: number;
}

export interface StartOptions {
  /** Starting again with the same key and input gives the same run; with another input `key-conflict` (rule 25). */
  readonly key?: string;
}

/** A run that was started. */
export interface RunHandle<Output = unknown> {
  readonly id: string;
  /** False when the key had been used before: the run is the earlier one. */
  readonly created: boolean;
  /** Waits for the end. Never rejects because a run failed: the outcome says so. */
  result(): Promise<RunResult<Output>>;
}

/** A person's decision. */
export interface DecisionRequest {
  readonly run: string;
  /** May be left out when exactly one approval of the run waits. */
  readonly path?: string;
  readonly decision: unknown;
  readonly by?: string;
  /** Makes the decision idempotent: sent again, it is answered as before. Made up when absent. */
  readonly id?: string;
  readonly note?: string;
}

export interface DecisionAnswer {
  readonly status: "decided" | "repeated" | "late";
  readonly path: string;
}

/** Something that the outside says to a run (rule 20). */
export interface SignalRequest {
  readonly run: string;
  /** The name of the signal in the flow. */
  readonly name: string;
  readonly value: unknown;
  readonly by?: string;
  /** Makes the signal idempotent: sent again, it is taken once. Made up when absent. */
  readonly id?: string;
}

/** `late`: the run takes no signals any more. */
export interface SignalAnswer {
  readonly status: "received" | "repeated" | "late";
}

export interface ListQuery {
  readonly flow?: string;
  readonly status?: RunStatus;
  readonly outcome?: Outcome;
  readonly degraded?: boolean;
  readonly key?: string;
  /** Only runs that this run called. */
  readonly parent?: string;
  /** Only runs that nobody called. */
  readonly topLevel?: boolean;
  /** Only runs that wait for this desk; `"*"` for any. */
  readonly desk?: string;
  /** At most 1,000; 50 by default. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

/** Newest first. No totals: counting is not free. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** Everything that is recorded of a run: enough for every reader of journals. */
export interface RunRecord {
  readonly summary: RunSummary;
  readonly plan: Plan;
  readonly entries: readonly Entry[];
  /** The last link of the run's hash chain, where the engine keeps one. */
  readonly head?: string;
}

/** One committed entry with its place in the journal. */
export interface WatchedEntry {
  /** 0 for `run.started`. */
  readonly index: number;
  readonly entry: Entry;
}

export interface WatchOptions {
  /** The index of the first entry wanted. 0 by default: from the beginning. */
  readonly from?: number;
  readonly signal?: AbortSignal;
}

/** What a clock was found to be when somebody said that it is right. */
export interface ClockTrust {
  /** False when no timer was paused: nothing has changed. */
  readonly wasPaused: boolean;
  /** How far the wall clock had moved against the monotonic one; below zero when it was set back. */
  readonly driftMs: number;
}

/** The half of the port that only looks. */
export interface Journals {
  /** Undefined when there is no such run. */
  get(run: string): Promise<RunRecord | undefined>;
  list(query?: ListQuery): Promise<Page<RunSummary>>;
  /** Committed entries from any point on, live until the run ends. */
  watch(run: string, options?: WatchOptions): AsyncIterable<WatchedEntry>;
  /** Opens a recorded value, fetching what is kept as a blob. */
  open(run: string, sealed: Sealed): Promise<unknown>;
  close(): Promise<void>;
}

export interface Engine extends Journals {
  /** @throws PlumblineError `input-invalid`, `flow-unknown`, `key-conflict`, `engine-closed` */
  start(flow: string, input: unknown, options?: StartOptions): Promise<RunHandle>;
  // The last overload is the one whose error the compiler shows: it says what the flow takes.
  start<Input, Output>(flow: Flow<Input, Output>, input: Input, options?: StartOptions): Promise<RunHandle<Output>>;
  /** A handle on a run that exists. @throws PlumblineError `run-unknown` */
  handle(run: string): Promise<RunHandle>;
  /** @throws PlumblineError `run-unknown`, `approval-unknown`, `approval-early`, `decision-invalid` */
  decide(request: DecisionRequest): Promise<DecisionAnswer>;
  /** Also before the run waits for it: it is kept. @throws PlumblineError `run-unknown`, `signal-unknown`, `signal-invalid`, `signal-overflow` */
  signal(request: SignalRequest): Promise<SignalAnswer>;
  /** Asks a run to stop and undo. A run that has ended stays as it is. @throws PlumblineError `run-unknown` */
  cancel(run: string, options?: { readonly by?: string; readonly reason?: string }): Promise<void>;
  /**
   * Says that the wall clock of the machine that does the work is right although it jumped: timers and retries, paused
   * since, go on with the time that it shows, and what is overdue by it fires (rule 21).
   */
  trustClock(): Promise<ClockTrust>;
  /** Stops taking work, lets attempts in flight end within a grace, and lets go of the store. */
  close(): Promise<void>;
}
