/**
 * Keeps a rejection that user code forgot from ending the process, and every run in it.
 *
 * Boundary: one listener, there while an engine is open. Invariant: what is caught is said aloud, never swallowed.
 */
import { failureOf } from "@plumbline/core";
import type { OnWarning } from "./engine-events.ts";

/** Gives a function that stops listening. */
export function catchUnhandledRejections(onWarning: OnWarning): () => void {
  const listener = (reason: unknown) => {
    const { message, stack } = failureOf(reason);
    try {
      onWarning({ message: "a promise was rejected and nobody handled it", details: { error: message, stack } });
    } catch {
      // here a throw would end the process that this is to keep
    }
  };
  process.on("unhandledRejection", listener);
  return () => {
    process.off("unhandledRejection", listener);
  };
}
