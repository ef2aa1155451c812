/**
 * What a decision is made of: entries to append, and commands that only the outside can carry out.
 *
 * Boundary: shapes only; decide.ts and its parts make them, an engine performs them. Invariant: a command says what to do
 * and for which slot, never how; its result comes back as entries (record.ts).
 */
import type { Entry } from "./entries.ts";
import type { PlanBreaker } from "./plan.ts";

/** Time and chance, given from outside. */
export interface Environment {
  /** Wall clock, milliseconds. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
}

/**
 * Run a rung. While the run is stopping it is given for effects that have their start mark: one that was not begun yet
 * must not begin, and is reported as not applied.
 */
export interface AttemptCommand {
  readonly kind: "attempt";
  readonly slot: number;
  readonly rung: number;
  readonly attempt: number;
}

/** Something that only the outside can do. Its result comes back as entries (record.ts). */
export type Command =
  | AttemptCommand
  | { readonly kind: "ask-condition"; readonly slot: number }
  | { readonly kind: "ask-breaker"; readonly slot: number; readonly breaker: PlanBreaker; readonly desk: boolean }
  | { readonly kind: "declare-decision"; readonly slot: number; readonly via: "timeout" | "breaker" }
  | { readonly kind: "compensate"; readonly slot: number; readonly attempt: number }
  /** Which case of a branch; until when to sleep; which items a map goes over. */
  | { readonly kind: "ask-choice" | "ask-instant" | "list-items"; readonly slot: number }
  /** Hold a turn to its contract and ask whether it is enough. */
  | { readonly kind: "judge-turn"; readonly slot: number; readonly turn: number }
  /** The answer of an ensemble from its survivors; of an ensemble below its quorum; of a loop at its limit. */
  | { readonly kind: "combine" | "declare-answer"; readonly slot: number }
  /** See to it that the called run is under way, and tell its outcome; stop it and wait for its end. */
  | { readonly kind: "call" | "stop-call"; readonly slot: number; readonly run: string }
  | { readonly kind: "answer" }
  | { readonly kind: "answer-deadline" };

export interface Decision {
  readonly entries: readonly Entry[];
  readonly commands: readonly Command[];
}

/** A decision while it is made. */
export interface Draft {
  readonly entries: Entry[];
  readonly commands: Command[];
}
