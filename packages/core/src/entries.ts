/**
 * The journal's vocabulary: everything that can be said to have happened in a run.
 *
 * Boundary: shapes only; `evolve` says what each means. The same entries are storage, wire and screen.
 * Invariants: plain JSON; noun and past participle; entries record decisions (an instant, a rung, the answer of a
 * predicate), never a policy to be applied again; `at` is wall-clock milliseconds and the only time there is;
 * `slot` addresses a node's instance in the run (state.ts); entries are never rewritten, old ones are read as they are.
 */
import type { Via } from "./approval.ts";
import type { AttemptRecord, Provenance, Said, SaidOfSlot } from "./entry-parts.ts";
import type { Failure } from "./errors.ts";
import type { Cost } from "./rung.ts";
import type { Sealed } from "./values.ts";

export interface RunStarted extends Said<"run.started"> {
  readonly run: string;
  readonly flow: string;
  readonly fingerprint: string;
  readonly input: Sealed;
  readonly key?: string;
  readonly deadlineAt?: number;
  /** Fields that the input's schema stripped (rule 12). */
  readonly dropped?: readonly string[];
  /** What the code said of itself: a build id, a commit. Evidence only. */
  readonly build?: string;
  /** The run that called this one, and its slot that waits for it. */
  readonly parent?: Parent;
  /** It is a part of its parent: it begins with this scope of the plan. */
  readonly part?: Part;
}

/** What a part of a run is given beside its input. */
export interface Part {
  readonly scope: number;
  /** What its scopes read of the parent's, by reference; null for what was skipped, absent for what failed. */
  readonly captured: Readonly<Record<string, Sealed | null>>;
}

/** Where a run was called from. */
export interface Parent {
  readonly run: string;
  readonly slot: number;
  readonly path: string;
}

export interface ConditionAnswered extends SaidOfSlot<"condition.answered"> {
  readonly answer: true;
}

/** A breaker was asked: `open` refuses, `probe` admits one to find out. */
export interface AdmissionAnswered extends SaidOfSlot<"admission.answered"> {
  readonly breaker: string;
  readonly epoch: number;
  readonly admission: "admitted" | "probe" | "refused";
}

/** Written for effects only, and durable before the effect begins (rule 3). */
export interface AttemptStarted extends SaidOfSlot<"attempt.started"> {
  readonly rung: number;
  readonly attempt: number;
}

export interface AttemptProgressed extends SaidOfSlot<"attempt.progressed"> {
  readonly attempt: number;
  /** From 0 to 1. */
  readonly fraction: number;
  readonly note?: string;
}

export interface AttemptFailed extends SaidOfSlot<"attempt.failed">, AttemptRecord {
  readonly failure: Failure;
  /** False when another attempt of this rung would be pointless, or `retryIf` said so. */
  readonly retryable: boolean;
  /** What was given instead, when that can be kept: the next attempt sees it. */
  readonly value?: Sealed;
  /** It ran beside the attempt that the run waits for, and decides nothing. */
  readonly hedge?: true;
}

/** The process died, or let go of the run, while this attempt was under way, or the run of this call about to begin. */
export interface AttemptLost extends SaidOfSlot<"attempt.lost"> {
  /** It was not the attempt that ended the process, so it is not counted against it (rule 5). */
  readonly because?: "left";
  readonly rung: number;
  readonly attempt: number;
}

/** The first choice was slow: the next rung is tried beside it, with the same attempt number. */
export interface HedgeStarted extends SaidOfSlot<"hedge.started"> {
  readonly rung: number;
  readonly attempt: number;
}

/** An attempt was given up that had cost something. What only looks is given up without an entry otherwise. */
export interface AttemptSuperseded extends SaidOfSlot<"attempt.superseded">, AttemptRecord {
  readonly because: string;
}

/** What an aborted or superseded attempt said after all. Its hash, not its value (rule 18). */
export interface AttemptLate extends SaidOfSlot<"attempt.late"> {
  readonly attempt: number;
  /** Absent of one that heard its signal, and only said what it had cost. */
  readonly result?: "value" | "failure";
  readonly hash?: string;
  /** What it has cost since its end was recorded. */
  readonly cost?: Cost;
}

export interface RetryScheduled extends SaidOfSlot<"retry.scheduled"> {
  readonly dueAt: number;
  /** Absent for the step itself. */
  readonly of?: "compensation";
}

export interface TimerFired extends Said<"timer.fired"> {
  /** Absent for the run's deadline. */
  readonly slot?: number;
  readonly timer: "retry" | "approval" | "signal" | "sleep" | "deadline";
}

export interface RungEntered extends SaidOfSlot<"rung.entered"> {
  readonly rung: number;
  /** Why the rung above did not answer. */
  readonly because: string;
}

export interface StepCompleted extends SaidOfSlot<"step.completed">, AttemptRecord {
  readonly value: Sealed;
  readonly from?: Provenance;
}

export interface StepSkipped extends SaidOfSlot<"step.skipped"> {
  /** `when`, or the slot of the need that was skipped. */
  readonly because: "when" | number;
}

export interface StepFailed extends SaidOfSlot<"step.failed"> {
  readonly failure: Failure;
  /** For failures of kind `need` and `scope`: the slot whose failure this is. */
  readonly need?: number;
}

/** A node opened a scope: the case of a branch (key: its name), a turn (from 1), an item (from 0), an ensemble. */
export interface ScopeEntered extends SaidOfSlot<"scope.entered"> {
  readonly scope: number;
  readonly key?: string | number;
}

/** The array that a map goes over, item by item. */
export interface ItemsListed extends SaidOfSlot<"items.listed"> {
  readonly items: readonly Sealed[];
  /** The place of the first item in the whole array, for a part of it. */
  readonly from?: number;
  /** The array is too long for one journal: `items` are parts of it, of so many items each but the last. */
  readonly partLength?: number;
}

/** A turn of a loop has answered, and `until` has judged it. */
export interface TurnCompleted extends SaidOfSlot<"turn.completed"> {
  readonly turn: number;
  readonly value: Sealed;
  readonly done: boolean;
}

/** An ensemble takes no more answers: the quorum is reached, or cannot be. */
export type ScopeClosed = SaidOfSlot<"scope.closed">;

/** A scope failed and will be done without: nothing new starts in it, and what it did is undone first. */
export interface ScopeStopped extends SaidOfSlot<"scope.stopped"> {
  /** The item of a map; absent for everything that the node opened. */
  readonly key?: number;
  readonly failure: Failure;
  readonly need?: number;
}

/** An item of a map failed and was done without. */
export interface ScopeFailed extends SaidOfSlot<"scope.failed"> {
  readonly key: number;
  readonly failure: Failure;
  readonly need?: number;
}

/** A node that opens scopes has its answer; `value` is there when it is not what the scopes answered. */
export interface ScopeCompleted extends SaidOfSlot<"scope.completed"> {
  readonly value?: Sealed;
  /** Why it is less than was asked for. */
  readonly degraded?: string;
}

export interface SleepStarted extends SaidOfSlot<"sleep.started"> {
  readonly dueAt: number;
}

/** The outside said something to the run; kept until a wait for it takes it (rule 20). */
export interface SignalReceived extends Said<"signal.received"> {
  readonly name: string;
  /** What makes a repeated signal the same one. */
  readonly id: string;
  readonly value: Sealed;
  readonly by?: string;
}

/**
 * Signals in line here that are given to waits in parts of this run, before they get there. They are under way until it is
 * settled what became of them.
 */
export interface SignalHanded extends Said<"signal.handed"> {
  readonly signals: readonly { readonly name: string; readonly id: string; readonly run: string }[];
}

/** What was handed on was taken there, but for these: their waits were over, and they are in line again, in front. */
export interface SignalSettled extends Said<"signal.settled"> {
  readonly back: readonly { readonly name: string; readonly id: string }[];
}

export interface SignalAwaited extends SaidOfSlot<"signal.awaited"> {
  readonly dueAt: number;
}

export interface SignalAnswered extends SaidOfSlot<"signal.answered"> {
  readonly value: Sealed;
  readonly via: "signal" | "timeout";
  readonly id?: string;
}

/** Durable before the called run begins. */
export interface CallRequested extends SaidOfSlot<"call.requested"> {
  /** The id that the called run has. */
  readonly run: string;
}

/** The called run has its outcome; one that succeeded is held until this run ends (rule 10). */
export interface CallAnswered extends SaidOfSlot<"call.answered"> {
  readonly outcome: Outcome;
  /** Beside a failure: what the map has of the items of a part that failed as a whole. */
  readonly value?: Sealed;
  readonly failure?: Failure;
  /** Of a run that ended degraded: what it did without, the first ones. */
  readonly degradations?: readonly { readonly path: string; readonly reason: string }[];
  /** Of a run that ended badly: what it could not undo, the first ones by path. */
  readonly standing?: readonly string[];
  readonly ms: number;
  readonly cost?: Cost;
}

export interface ApprovalRequested extends SaidOfSlot<"approval.requested"> {
  readonly desk: string;
  readonly dueAt: number;
}

export interface ApprovalDecided extends SaidOfSlot<"approval.decided"> {
  /** The decision with `via` and `by`, as steps read it. */
  readonly value: Sealed;
  readonly via: Via;
  readonly by?: string;
  /** What makes a repeated decision the same one. */
  readonly id?: string;
  readonly note?: string;
}

/** A decision that came too late: kept, answered as late, never used. */
export interface DecisionRefused extends SaidOfSlot<"decision.refused"> {
  readonly because: "late";
  readonly id?: string;
  readonly by?: string;
}

export interface CancelRequested extends Said<"cancel.requested"> {
  readonly by?: string;
  readonly reason?: string;
}

/** The engine was closed, in good order, while attempts of the run were under way. */
export type RunLeft = Said<"run.left">;

/** The process died while the flow's own answer was being given or judged. */
export type AnswerLost = Said<"answer.lost">;

/** A called run has its answer and waits for the run that called it: until that ends, it can be undone (rule 10). */
export interface RunHeld extends Said<"run.held"> {
  readonly outcome: Outcome;
  readonly output: Sealed;
  readonly dropped?: readonly string[];
}

/** `parent`: the run that called this one undoes what it did. */
export type StopCause = "failure" | "cancel" | "deadline" | "parent";

/** From here on nothing new starts; what was done is undone. The first cause in the journal is the cause (rule 9). */
export interface RunStopped extends Said<"run.stopped"> {
  readonly cause: StopCause;
  readonly slot?: number;
  readonly failure?: Failure;
}

export interface CompensationStarted extends SaidOfSlot<"compensation.started"> {
  readonly attempt: number;
}

export interface CompensationFailed extends SaidOfSlot<"compensation.failed"> {
  readonly attempt: number;
  readonly ms: number;
  readonly cost?: Cost;
  readonly failure: Failure;
}

export interface CompensationCompleted extends SaidOfSlot<"compensation.completed"> {
  readonly attempt: number;
  readonly ms: number;
  readonly cost?: Cost;
}

/** What could not be undone, and why; listed on the run. */
export interface CompensationAbandoned extends SaidOfSlot<"compensation.abandoned"> {
  readonly because: string;
  readonly cost?: Cost;
}

export type Outcome = "succeeded" | "degraded" | "failed" | "cancelled";

export interface RunEnded extends Said<"run.ended"> {
  readonly outcome: Outcome;
  readonly output?: Sealed;
  readonly failure?: Failure;
  /** Fields that the answer's schema stripped. */
  readonly dropped?: readonly string[];
}

export type Entry =
  | RunStarted
  | ConditionAnswered
  | AdmissionAnswered
  | AttemptStarted
  | AttemptProgressed
  | AttemptFailed
  | AttemptLost
  | HedgeStarted
  | AttemptSuperseded
  | AttemptLate
  | RetryScheduled
  | TimerFired
  | RungEntered
  | StepCompleted
  | StepSkipped
  | StepFailed
  | ScopeEntered
  | ItemsListed
  | TurnCompleted
  | ScopeClosed
  | ScopeStopped
  | ScopeFailed
  | ScopeCompleted
  | SleepStarted
  | SignalReceived
  | SignalHanded
  | SignalSettled
  | SignalAwaited
  | SignalAnswered
  | CallRequested
  | CallAnswered
  | ApprovalRequested
  | ApprovalDecided
  | DecisionRefused
  | CancelRequested
  | RunLeft
  | AnswerLost
  | RunHeld
  | RunStopped
  | CompensationStarted
  | CompensationFailed
  | CompensationCompleted
  | CompensationAbandoned
  | RunEnded;

export type EntryKind = Entry["kind"];
export type EntryOf<K extends EntryKind> = Extract<Entry, { kind: K }>;
