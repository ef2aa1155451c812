/**
 * Follows a run: shows it live until it ends, waits for a person, or the user leaves.
 *
 * Boundary: the engine's watch to a view; starting, deciding and the last words are the commands'. Invariants: the view
 * is closed however it ends; when the owner goes away the watching goes on with the next one, which may be this process;
 * leaving never stops the run by itself.
 */
import type { Entry } from "@plumbline/core";
import { CalledWatch } from "./called-watch.ts";
import { type Database, isOwnerGone } from "./database.ts";
import { JournalLog } from "./journal-log.ts";
import { LiveRun } from "./live-run.ts";
import { recordOf } from "./run-name.ts";
import { Screen } from "./screen.ts";
import { databaseHint, type Session } from "./session.ts";
import { onceUnowned } from "./unowned.ts";

export interface FollowOptions {
  /** Stop where only a person can move the run. */
  readonly untilParked: boolean;
  /** Say only what is new from here on. 0 by default. */
  readonly from?: number;
}

export interface Followed {
  readonly live: LiveRun;
  readonly end: "ended" | "parked" | "left";
}

export async function follow(
  session: Session,
  database: Database,
  run: string,
  options: FollowOptions,
): Promise<Followed> {
  const view = viewOn(session, Math.max(options.from ?? 0, session.told.get(run) ?? 0));
  const { signal } = session.interrupts;
  let live: LiveRun | undefined;
  let seen = 0;
  let stopLooking = () => {};
  let isParked = false;
  try {
    for (;;) {
      // A client waits long for the next owner; where there is none, this process is next.
      stopLooking = database.isOwner ? stopLooking : onceUnowned(session, () => void database.close());
      const record = await database.ask((engine) => recordOf(engine, run), true);
      live ??= new LiveRun(record.plan);
      const watched = live;
      const over = new AbortController();
      const watching = AbortSignal.any([signal, over.signal]);
      const calls = new CalledWatch(database.engine, watching, (called, entry) => {
        view.tellCalled(called, entry);
        if (!options.untilParked || seen < record.entries.length || !watched.isParked) return;
        isParked = true;
        over.abort();
      });
      calls.begin(live);
      try {
        for await (const { index, entry } of database.engine.watch(run, { from: seen, signal: watching })) {
          live.receive(entry);
          calls.see(live, entry);
          seen = index + 1;
          view.tell(live, entry, index);
          session.told.set(run, Math.max(seen, session.told.get(run) ?? 0));
          if (live.state.phase === "ended") return { live, end: "ended" };
          if (options.untilParked && seen >= record.entries.length && live.isParked) return { live, end: "parked" };
        }
        if (live.state.phase === "ended") return { live, end: "ended" };
      } catch (error) {
        if (!isOwnerGone(error) && !watching.aborted) throw error;
      } finally {
        over.abort();
      }
      stopLooking();
      if (signal.aborted || isParked) return { live, end: signal.aborted ? "left" : "parked" };
      await database.reopen();
    }
  } finally {
    stopLooking();
    view.close();
  }
}

interface View {
  tell(live: LiveRun, entry: Entry, index: number): void;
  /** An entry of a run that it called. */
  tellCalled(called: LiveRun, entry: Entry): void;
  close(): void;
}

function viewOn({ err, now, db }: Session, from: number): View {
  if (err.isTerminal && process.env["TERM"] !== "dumb") {
    const screen = new Screen(err, now, databaseHint(db));
    return { tell: (live) => screen.show(live), tellCalled: () => {}, close: () => screen.close() };
  }
  const log = new JournalLog(err, databaseHint(db));
  return {
    tell: (live, entry, index) => {
      if (index >= from) log.tell(live, entry, index);
    },
    tellCalled: (called, entry) => log.tellCalled(called, entry),
    close: () => {},
  };
}

/** Lets go of a database after Ctrl-C, so that what is printed is how it was left. */
export async function leave({ interrupts }: Session, database: Database): Promise<void> {
  if (interrupts.signal.aborted) await database.close();
}
