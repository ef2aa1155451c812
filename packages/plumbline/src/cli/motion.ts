/**
 * What else is in motion in a database that this process owns, and waiting for it.
 *
 * Boundary: lists and watches through the Engine port. Invariants: only runs whose code this process has are waited for;
 * a run that waits for a person is not in motion; leaving is always possible.
 */
import type { Engine, RunSummary } from "@plumbline/core";
import type { Database } from "./database.ts";
import { LiveRun } from "./live-run.ts";
import { plural } from "./phrase.ts";
import { recordOf } from "./run-name.ts";
import type { Session } from "./session.ts";

/** Waits until nothing that this process can carry on is in motion. Gives how many runs it waited for. */
export async function carryOn(session: Session, database: Database): Promise<number> {
  const { signal } = session.interrupts;
  let carried = 0;
  while (database.isOwner && !signal.aborted) {
    const runs = await inMotion(database);
    if (runs.length === 0) break;
    if (carried === 0) {
      const words = `carrying on ${plural(runs.length, "other run")} of this database; Ctrl-C leaves them recorded\n`;
      session.err.write(session.err.paint("dim", words));
    }
    carried += runs.length;
    await Promise.all(runs.map(({ id }) => untilParked(database.engine, id, signal)));
  }
  return carried;
}

async function inMotion({ engine, flows }: Database): Promise<RunSummary[]> {
  // A run of another version may be held, and would be waited for in vain.
  const known = new Set(flows.map(({ plan }) => plan.fingerprint));
  const pages = await Promise.all([
    engine.list({ status: "running", limit: 1_000 }),
    engine.list({ status: "stopping", limit: 1_000 }),
  ]);
  return pages.flatMap(({ items }) => items).filter(({ fingerprint }) => known.has(fingerprint));
}

async function untilParked(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  const { plan, entries } = await recordOf(engine, id);
  const live = new LiveRun(plan);
  for await (const { index, entry } of engine.watch(id, { signal })) {
    live.receive(entry);
    if (index + 1 >= entries.length && live.isParked) return;
  }
}
