/**
 * What an engine says when it cannot do what it was asked: closed, broken, or without the code of a run.
 *
 * Boundary: messages only. Invariant: each says how to mend it (rule 33).
 */
import { type Flow, failureOf, PlumblineError } from "@plumbline/core";

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

/**
 * Refuses new runs of a flow while too many attempts are in line for a resource that it uses: better told now than late.
 * @throws PlumblineError `queue-full`
 */
export function demandRoom(flow: Flow, limits: { queued(name: string): number }): void {
  for (const { nodes } of flow.plan.scopes) {
    for (const node of nodes) {
      for (const { limit } of node.kind === "step" ? node.rungs : []) {
        if (!limit || limits.queued(limit.name) < limit.maxQueued) continue;
        throw new PlumblineError("queue-full", "too many attempts are in line for a resource of this flow", {
          path: `${flow.name} ${node.name}`,
          expected: `fewer than ${limit.maxQueued} in line for ${limit.name}`,
          found: String(limits.queued(limit.name)),
          mend: "start again later, or raise the resource's concurrency, rate or maxQueued; nothing was started",
        });
      }
    }
  }
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
