/**
 * A run in one document: what a page, a command or a script shows of it at a glance.
 *
 * Boundary: the record folded once, values left sealed. Invariant: plain JSON but for the sealed output, in the words of
 * `StepReport`, so that every front shows the same.
 */
import {
  type Degradation,
  endOf,
  type Failure,
  fold,
  newState,
  type Parent,
  pathOf,
  type RunRecord,
  type RunState,
  type RunSummary,
  type Standing,
  type StepReport,
  stepsOf,
  summaryOf,
} from "@plumbline/core";
import { type ScopeStory, scopeStoryOf } from "./scope-story.ts";

export interface Overview {
  readonly summary: RunSummary;
  /** The run that called this one. */
  readonly parent?: Parent;
  readonly steps: readonly StepReport[];
  readonly degradations: readonly Degradation[];
  /** By path: what the nodes that opened scopes chose, went over, repeated or asked. */
  readonly scopes: Readonly<Record<string, ScopeStory>>;
  /** Effects that stand in the world though the run did not succeed. */
  readonly standing: readonly Standing[];
  readonly failure?: Failure;
  /** Sealed. */
  readonly output?: string;
  /** Sealed, by path: what the steps gave of a run that has no answer. */
  readonly partial: Readonly<Record<string, string>>;
  /** Until its end, or until its last entry. */
  readonly ms: number;
}

export function overviewOf(record: RunRecord): Overview {
  const state = fold(newState(record.plan), record.entries);
  const end = endOf(state);
  const output = end?.output ?? state.held?.output;
  return {
    summary: summaryOf(state),
    ...(state.parent === undefined ? {} : { parent: state.parent }),
    steps: stepsOf(state),
    degradations: state.degradations,
    scopes: scopesIn(state),
    standing: end?.standing ?? [],
    ...(end?.failure ? { failure: end.failure } : {}),
    ...(output === undefined ? {} : { output }),
    partial: end?.partial ?? {},
    ms: (state.endedAt ?? state.updatedAt) - state.startedAt,
  };
}

function scopesIn(state: RunState): Record<string, ScopeStory> {
  return Object.fromEntries(
    state.slots.flatMap((slot) => {
      const story = scopeStoryOf(state, slot);
      return story ? [[pathOf(slot), story] as const] : [];
    }),
  );
}
