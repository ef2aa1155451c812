/**
 * The result of a run as callers get it: values opened.
 *
 * Boundary: from a folded state to RunResult. Invariant: a value that cannot be opened never hides the outcome: it is
 * left out of `partial`.
 */
import {
  type Codec,
  endOf,
  fold,
  newState,
  type RunResult,
  type RunState,
  type Sealed,
  type Store,
  type StoredRun,
} from "@plumbline/core";
import { readerFor } from "../stores/value-keeper.ts";

/** Opens one recorded value. */
export type OpenValue = (sealed: Sealed) => Promise<unknown>;

/** The result of a run whose values lie in this store. */
export function resultOf(store: Pick<Store, "blob">, state: RunState, codecs: readonly Codec[]): Promise<RunResult> {
  return openResult(state, async (sealed) => (await readerFor(store, state.run, [sealed], codecs))(sealed));
}

/** The result of a run that has ended, from its journal. */
export function storedResult(
  store: Pick<Store, "blob">,
  stored: StoredRun,
  codecs: readonly Codec[],
): Promise<RunResult> {
  return resultOf(store, fold(newState(stored.plan), stored.entries), codecs);
}

/** The result of a run that has ended. */
export async function openResult(state: RunState, open: OpenValue): Promise<RunResult> {
  const end = endOf(state);
  if (!end) throw new Error("a run that has not ended has no result");
  const { output, partial, cause: _cause, ...rest } = end;
  if (output !== undefined) return { id: state.run, ...rest, output: await open(output), partial: {} };
  const opened: Record<string, unknown> = {};
  for (const [path, sealed] of Object.entries(partial)) {
    try {
      opened[path] = await open(sealed);
    } catch {
      // the record still has it; the outcome must not be lost over one unreadable value
    }
  }
  return { id: state.run, ...rest, partial: opened };
}
