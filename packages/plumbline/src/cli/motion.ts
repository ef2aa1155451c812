/**
 * What is in motion in a database that this process owns, and carrying it on until only a person or a signal can.
 *
 * Boundary: lists and watches through the Engine port. Invariants: only runs whose code this process has are waited for;
 * a run that waits for a person or a signal is not in motion; leaving is always possible.
 */
import type { Engine, RunSummary } from "@plumbline/core";
import { CalledWatch } from "./called-watch.ts";
import type { Database } from "./database.ts";
import { type Followed, follow } from "./follow.ts";
import { LiveRun } from "./live-run.ts";
import { plural } from "./phrase.ts";
import { recordOf } from "./run-name.ts";
import type { Session } from "./session.ts";

/** This process is the owner: what was set in motion in the run goes on here, and what else there is. */
export async function carryHere(session: Session, database: Database, run: string, from: number): Promise<Followed> {
  session.err.write(session.err.paint("dim", "nobody runs this database: carrying the run on here\n"));
  const followed = await follow(session, database, run, { untilParked: true, from });
  if (followed.end !== "left") await carryOn(session, database, followed);
  return followed;
}

/** Who goes on with a run that did not end here. */
export function carryWords(carried: Followed | undefined, run: string, hint: string): string {
  if (!carried) return "the process that owns the database carries the run on";
  const stands = carried.end === "parked" ? parkedWords(carried.live) : "was left";
  return `the run was carried on here and ${stands}: plumbline resume ${run}${hint}`;
}

/** What a run stands at that this process cannot move. */
export function parkedWords(live: LiveRun): string {
  if (live.state.phase === "held") return "has its answer; it ends with the run that called it";
  const asked = live.family.some((one) => one.asked.length > 0);
  const awaited = live.family.some((one) => one.awaited.length > 0);
  const whom = [asked ? "a person" : "", awaited ? "a signal" : ""].filter((part) => part !== "").join(" and ");
  return `waits for ${whom}${live.asked.length + live.awaited.length === 0 ? " in a run that it called" : ""}`;
}

/** Waits until nothing else that this process can carry on is in motion. Gives how many runs it waited for. */
export async function carryOn(session: Session, database: Database, { live }: Followed): Promise<number> {
  const { signal } = session.interrupts;
  let carried = 0;
  // A run that waits for one that waits for a person counts as running: it is looked at again only when it has moved.
  const parkedAt = new Map([[live.state.run, live.state.length]]);
  while (database.isOwner && !signal.aborted) {
    const runs = (await inMotion(database)).filter(({ id, length }) => parkedAt.get(id) !== length);
    if (runs.length === 0) break;
    if (carried === 0) {
      const words = `carrying on ${plural(runs.length, "other run")} of this database; Ctrl-C leaves them recorded\n`;
      session.err.write(session.err.paint("dim", words));
    }
    carried += runs.length;
    await Promise.all(runs.map(async ({ id }) => parkedAt.set(id, await untilParked(database.engine, id, signal))));
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

/** Gives how many entries the run had then. */
async function untilParked(engine: Engine, id: string, signal: AbortSignal): Promise<number> {
  const { plan, entries } = await recordOf(engine, id);
  const live = new LiveRun(plan);
  live.isCaughtUp = false;
  const parked = new AbortController();
  const watching = AbortSignal.any([signal, parked.signal]);
  const calls = new CalledWatch(engine, watching, () => live.isParked && parked.abort());
  try {
    for await (const { index, entry } of engine.watch(id, { signal: watching })) {
      live.receive(entry);
      calls.see(live, entry);
      live.isCaughtUp = index + 1 >= entries.length;
      if (live.isParked) break;
    }
  } catch (error) {
    if (!parked.signal.aborted) throw error;
  } finally {
    parked.abort();
  }
  return live.state.length;
}
