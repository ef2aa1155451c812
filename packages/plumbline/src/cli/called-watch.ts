/**
 * Watches the runs that a watched run called, so that what they wait for is known beside it.
 *
 * Boundary: journals in, LiveRuns into their caller's; showing and stopping are the follower's. Invariants: a called run is
 * watched while its caller waits for it and no longer; parts of a long array are only where something in them may wait for
 * somebody, because they are many; when the watching breaks off, whoever watches the caller begins again.
 */
import {
  type Entry,
  type Journals,
  type Plan,
  type PlanScope,
  type RunRecord,
  type Slot,
  scopesOf,
} from "@plumbline/core";
import { LiveRun } from "./live-run.ts";

const lookAgainMs = 100;

export class CalledWatch {
  private readonly journals: Journals;
  private readonly signal: AbortSignal;
  private readonly onEntry: (called: LiveRun, entry: Entry) => void;

  constructor(journals: Journals, signal: AbortSignal, onEntry: (called: LiveRun, entry: Entry) => void) {
    this.journals = journals;
    this.signal = signal;
    this.onEntry = onEntry;
  }

  /** Begins with what the caller waits for already. */
  begin(caller: LiveRun): void {
    for (const id of caller.state.effects) this.follow(caller, caller.state.slots[id]);
  }

  see(caller: LiveRun, entry: Entry): void {
    if (entry.kind === "call.requested") this.follow(caller, caller.state.slots[entry.slot]);
    else if (entry.kind === "call.answered") caller.called.delete(caller.state.slots[entry.slot]?.call ?? "");
  }

  private follow(caller: LiveRun, slot: Slot | undefined): void {
    if (slot?.status !== "called" || slot.node.kind !== "call") return;
    const { part } = slot.node;
    if (part !== undefined && !mayWait(caller.state.plan, part)) return;
    this.watch(caller, slot).catch(() => {}); // the owner went away, or the watching is over
  }

  private async watch(caller: LiveRun, slot: Slot): Promise<void> {
    const run = slot.call as string;
    const record = await this.recordOf(run, () => slot.status === "called");
    if (!record) return;
    const live = new LiveRun(record.plan);
    live.isCaughtUp = false;
    caller.called.set(run, live);
    for await (const { index, entry } of this.journals.watch(run, { signal: this.signal })) {
      live.receive(entry);
      this.see(live, entry);
      live.isCaughtUp = index + 1 >= record.entries.length;
      if (slot.status !== "called") return;
      if (live.isCaughtUp) this.onEntry(live, entry);
    }
  }

  /** The call is recorded before the run is there. */
  private async recordOf(run: string, isWanted: () => boolean): Promise<RunRecord | undefined> {
    while (!this.signal.aborted && isWanted()) {
      const record = await this.journals.get(run);
      if (record) return record;
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
    return undefined;
  }
}

/** Somebody may have to answer in the scope, or in a run that is called there. */
function mayWait(plan: Plan, scope: number): boolean {
  const { nodes } = plan.scopes[scope] as PlanScope;
  return nodes.some((node) => {
    if (node.kind === "approval" || node.kind === "signal" || node.kind === "call") return true;
    return scopesOf(node).some((inner) => mayWait(plan, inner));
  });
}
