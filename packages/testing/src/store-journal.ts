/**
 * A run's journal as an engine would write it, for tests of stores that know no engine.
 *
 * Boundary: folds entries and makes commit items of them. Invariant: the summary of each item is that of the fold, so a
 * store that keeps what it is given keeps the projection right.
 */
import {
  type CommitItem,
  type Entry,
  evolve,
  newState,
  nodeAt,
  type Plan,
  type PlanApproval,
  type RunState,
  type RunSummary,
  summaryOf,
} from "@plumbline/core";

export class Journal {
  readonly entries: Entry[] = [];
  private readonly state: RunState;
  private readonly run: string;
  private readonly key: string | undefined;
  private readonly input: string;

  constructor(plan: Plan, run: string, key?: string, input = '{"amount":1}') {
    this.state = newState(plan);
    this.run = run;
    this.key = key;
    this.input = input;
  }

  /** The run's first entry. */
  started(): Entry {
    const { flow, fingerprint } = this.state.plan;
    const key = this.key === undefined ? {} : { key: this.key };
    return { kind: "run.started", at: 1, run: this.run, flow, fingerprint, input: this.input, ...key };
  }

  /** Folds entries and gives the item that commits them; the first one claims the run. */
  add(entries: readonly Entry[], inputHash = "hash"): CommitItem {
    const first = this.entries.length === 0;
    for (const entry of entries) {
      evolve(this.state, entry);
      this.entries.push(entry);
    }
    return {
      summary: this.summary,
      entries: [...entries],
      ...(first ? { claim: { inputHash }, plan: this.state.plan } : {}),
    };
  }

  get summary(): RunSummary {
    return summaryOf(this.state);
  }

  deskOf(node: number): string {
    return (nodeAt(this.state.plan, 0, node) as PlanApproval).desk;
  }
}
