/**
 * The result of a run as callers get it: values opened.
 *
 * Boundary: from a folded state to RunResult. Invariants: a value that cannot be opened never hides the outcome: it is
 * left out of `partial`; a result whose values lie in the journal itself makes no promise.
 */
import {
  type Codec,
  type EndReport,
  endOf,
  fold,
  newState,
  type RunResult,
  type RunState,
  type Sealed,
  type Store,
  type StoredRun,
} from "@plumbline/core";
import { needsBlobs, plainReader, readerFor } from "../stores/value-keeper.ts";

/** Opens one recorded value. */
export type OpenValue = (sealed: Sealed) => Promise<unknown>;

/** The result of a run whose values lie in this store. */
export function resultOf(
  store: Pick<Store, "blob">,
  state: RunState,
  codecs: readonly Codec[],
): RunResult | Promise<RunResult> {
  const { output } = state;
  if (output !== undefined && !needsBlobs([output])) {
    return { ...shared(state, endReport(state)), output: plainReader(codecs)(output), partial: {} };
  }
  return openResult(state, async (sealed) => (await readerFor(store, state.run, [sealed], codecs))(sealed));
}

/** The result of a run that has ended, from its journal. */
export async function storedResult(
  store: Pick<Store, "blob">,
  stored: StoredRun,
  codecs: readonly Codec[],
): Promise<RunResult> {
  return resultOf(store, fold(newState(stored.plan), stored.entries), codecs);
}

/** The result of a run that has ended. */
export async function openResult(state: RunState, open: OpenValue): Promise<RunResult> {
  const end = endReport(state);
  if (end.output !== undefined) return { ...shared(state, end), output: await open(end.output), partial: {} };
  const partial: Record<string, unknown> = {};
  for (const [path, sealed] of Object.entries(end.partial)) {
    try {
      partial[path] = await open(sealed);
    } catch {
      // the record still has it; the outcome must not be lost over one unreadable value
    }
  }
  return { ...shared(state, end), partial };
}

function endReport(state: RunState): EndReport {
  const end = endOf(state);
  if (!end) throw new Error("a run that has not ended has no result");
  return end;
}

/** What needs no opening. */
function shared({ run }: RunState, end: EndReport): Omit<RunResult, "output" | "partial"> {
  const { outcome, failure, failedAt, degradations, standing, cost, ms } = end;
  return {
    id: run,
    outcome,
    ...(failure === undefined ? {} : { failure }),
    ...(failedAt === undefined ? {} : { failedAt }),
    degradations,
    standing,
    cost,
    ms,
  };
}
