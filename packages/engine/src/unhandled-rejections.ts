/**
 * Keeps a rejection that user code forgot from ending the process, and every run in it.
 *
 * Boundary: one listener for all engines of the process, there while one is open. Invariant: what is caught is said aloud,
 * never swallowed.
 */
import { failureOf } from "@plumbline/core";
import type { OnWarning } from "./engine-events.ts";

const told = new Set<{ readonly say: OnWarning }>();

function listener(reason: unknown): void {
  const { message, stack } = failureOf(reason);
  for (const { say } of told) {
    try {
      say({ message: "a promise was rejected and nobody handled it", details: { error: message, stack } });
    } catch {
      // here a throw would end the process that this is to keep
    }
  }
}

/** Gives a function that stops listening. */
export function catchUnhandledRejections(onWarning: OnWarning): () => void {
  const mine = { say: onWarning };
  if (told.size === 0) process.on("unhandledRejection", listener);
  told.add(mine);
  return () => {
    told.delete(mine);
    if (told.size === 0) process.off("unhandledRejection", listener);
  };
}
