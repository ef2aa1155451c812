/**
 * What an engine says when it cannot do what it was asked: closed, broken, or without the code of a run.
 *
 * Boundary: messages only. Invariant: each says how to mend it (rule 33).
 */
import { failureOf, PlumblineError } from "@plumbline/core";

export function closed(): PlumblineError {
  return new PlumblineError("engine-closed", "the engine is closed", {
    expected: "an open engine",
    found: "close() was called",
    mend: "open an engine; runs that had not ended go on there",
  });
}

export function storeFailed(cause: unknown): PlumblineError {
  return new PlumblineError("store-failed", "the store failed; what was not acknowledged may or may not be recorded", {
    expected: "a commit",
    found: failureOf(cause).message,
    mend: "look at disk and file; with a key, starting again is safe",
    cause,
  });
}

/** The core threw where it must not: neither the store nor the user's code is to blame. */
export function runFault(run: string, cause: unknown): PlumblineError {
  const { name, message } = failureOf(cause);
  return new PlumblineError("run-fault", "a fault in Plumbline: this run is stuck as the journal has it", {
    path: run,
    expected: "a journal that Plumbline can fold and go on from",
    found: name === undefined ? message : `${name}: ${message}`,
    mend: "report it with this stack and what `plumbline show RUN --journal --json` prints; a version without the fault goes on",
    cause,
  });
}

export function runForgotten(run: string): PlumblineError {
  return new PlumblineError("run-forgotten", "the run has ended, and its store has forgotten it", {
    path: run,
    expected: "a run that the store still keeps, or the handle that its start gave",
    found: "no more than its key: nothing was started again",
    mend: "keep the handle, raise memory({ keep }), or keep runs in a file: sqlite(path)",
  });
}

export function held(run: string, path: string, reason: string): PlumblineError {
  return new PlumblineError(
    "run-held",
    "the run began with another version of its flow and cannot go on with this one",
    {
      path: `${run} ${path}`,
      expected: "the step as it was when the run began",
      found: reason,
      mend: "bring the step back, or cancel the run with the code that it began with",
    },
  );
}
