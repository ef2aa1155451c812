/**
 * Who needs what of whom: a run of its engine, and those who perform commands of the run.
 *
 * Boundary: types only, so that engine, run and performers do not import each other. Invariant: a run reaches the outside
 * (store, clock, other runs) through its host alone, and performers reach the run through this alone.
 */
import type {
  CommitItem,
  Entry,
  Environment,
  Flow,
  NodeCode,
  PlumblineError,
  RunResult,
  RunState,
  Store,
} from "@plumbline/core";
import type { Clock } from "../clock.ts";
import type { Committable } from "../committer.ts";
import type { NewBlob } from "../stores/value-keeper.ts";
import type { Breaker, KeepRegister } from "./breakers.ts";
import type { Limits } from "./limits.ts";
import type { Makers } from "./makers.ts";

export interface Host {
  readonly store: Store;
  readonly clock: Clock;
  /** Now, and chance: for one decision. */
  readonly env: Environment;
  readonly graceMs: number;
  mark(run: Committable): void;
  /** Entries of a run are durable: tell watchers, waiters and the timers. */
  onCommitted(run: string, from: number, item: CommitItem, active: Committable): void;
  /** A command ended and nothing came of it: the run may leave memory, where it only waits. */
  leave(active: Committable): void;
  /** The breaker of this name, at hand: asking it and keeping its answer are one step. */
  breaker(name: string): Promise<Breaker>;
  /** Runs a suspect attempt when no other suspect runs (rule 5). The answer takes it out of the queue. */
  alone(work: (release: () => void) => void): () => void;
  /** Named resources that all runs share. */
  readonly limits: Limits;
  readonly makers: Makers;
  readonly called: Called;
  /** An attempt spoke after its run had left memory. */
  late(run: string, entry: Entry): void;
  /** The store could not be read: what was asked of it must neither be taken for an answer nor be forgotten (rule 4). */
  readFailed(error: unknown): void;
  /** Plumbline itself failed at a run: it is stuck, and the others go on. */
  fault(run: Committable & { readonly id: string }, error: unknown): void;
  /** Says once why a run cannot go on; a failing store is told elsewhere. */
  warnStuck(message: string, run: string, error: unknown): void;
  /** Something that nobody asked for and somebody should see. */
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
}

/** A call whose run is to be under way. */
export interface CallToBegin {
  readonly slot: number;
  /** Absent for a part of the run itself. */
  readonly flow: Flow | undefined;
  readonly input: unknown;
  isWanted(): boolean;
}

/** An outcome as the caller's entry, with the blobs that it names. */
export interface Answer {
  readonly entry: Entry;
  readonly blobs: readonly NewBlob[];
}

/** The runs that runs call (rule 10). */
export interface Called {
  /**
   * Starts the called run of a slot that is not there yet (a part of the run itself where there is no flow), unless it is
   * not wanted any more when all is ready. Gives its outcome to `listens` where it has one by then; from there on it tells.
   */
  begin(caller: PerformingRun, call: CallToBegin, listens: (answer: Answer | undefined) => void): Promise<void>;
  /** Cancels a called run and waits for its outcome. */
  stop(id: string, reason: string): Promise<void>;
  /** The outcome as the caller's entry; undefined when the run was never begun. */
  answer(caller: PerformingRun, slot: number, id: string): Promise<Answer | undefined>;
  /** Undoes a held run and gives its end. */
  undo(id: string): Promise<RunResult>;
}

/** The flow's code, found by the nodes of the plan that the run began with (rule 28). */
export interface BoundCode {
  readonly flow: Flow;
  /** By scope and node of that plan. */
  readonly scopes: readonly (readonly NodeCode[])[];
  /** Why the code is not here, of a run that is over or held and needs none as long as it is not undone. */
  readonly missing?: PlumblineError;
}

/** What a performer sees of the run. */
export interface PerformingRun {
  readonly id: string;
  readonly state: RunState;
  readonly code: BoundCode;
  readonly host: Host;
  /** The run's blobs, also those that are not durable yet: what may begin early may read them. */
  readonly blobs: Pick<Store, "blob">;
  /** False as long as no value of the run can hold one, so that nobody need look for them. */
  readonly mayHaveBlobs: boolean;
  /** Tells once of a call that stood when the run was taken up: its run may be under way, or its beginning may be lost. */
  takeCall(slot: number): "blameless" | "lost" | undefined;
  /** Something happened beside the result: progress. */
  receive(...entries: Entry[]): void;
  /** Resolves when everything said so far is durable. */
  durably(): Promise<void>;
  /** To be committed with the next entries. */
  readonly keepRegister: KeepRegister;
}

/** Takes the entries of a command's end, with the blobs that they name. */
export type Done = (entries: Entry[], blobs?: readonly NewBlob[]) => void;

/** An attempt or undo that is under way. */
export interface Performance {
  /** It cannot go on in this process, and nobody need wait for it. */
  readonly isStuck?: boolean;
  /** The answer is no longer wanted; `done` will not be called. */
  supersede(reason: string): void;
  /** The run is stopping: let it end by itself for so long, then give up on it. */
  abortAfter(ms: number): void;
  /** It waits for a place, or for another run: nothing of its own is under way, and closing need not wait for it. */
  readonly isWaiting?: boolean;
}
