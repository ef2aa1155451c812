/**
 * What the command tells the shell, one meaning each.
 *
 * Boundary: numbers and their words; who ends with which is each command's. Invariant: codes are never renumbered:
 * scripts depend on them. A degraded run is a success with a mark, and a script that does not look must not take it for
 * a plain one: it has a code of its own, which `--accept-degraded` turns into 0.
 */
import type { Outcome } from "@plumbline/core";

export const exitCodes = {
  fine: 0,
  failed: 1,
  usage: 2,
  degraded: 3,
  cancelled: 4,
  left: 5,
  late: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** For help and reference, in order. */
export const exitCodeWords: readonly (readonly [code: ExitCode, words: string])[] = [
  [0, "done; a run succeeded"],
  [1, "the run failed, or Plumbline could not do its work"],
  [2, "asked wrongly: arguments, file, flow, input, decision, no such run; nothing was changed"],
  [3, "the run ended degraded: it has an answer, and something on the way was not as it should be"],
  [4, "the run was cancelled"],
  [5, "the run goes on later: left with Ctrl-C, or it waits for a person or a signal; everything is recorded"],
  [6, "too late: the approval had been decided or the run had ended; recorded, and nothing changed"],
  [130, "a second Ctrl-C: left at once; what was committed is recorded"],
];

export function exitCodeOf(outcome: Outcome | undefined, acceptsDegraded = false): ExitCode {
  switch (outcome) {
    case undefined:
      return exitCodes.left;
    case "succeeded":
      return exitCodes.fine;
    case "degraded":
      return acceptsDegraded ? exitCodes.fine : exitCodes.degraded;
    case "failed":
      return exitCodes.failed;
    case "cancelled":
      return exitCodes.cancelled;
  }
}
