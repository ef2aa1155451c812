/**
 * `plumbline run FILE [FLOW]`: starts a run, follows it, and says how it ended.
 *
 * Boundary: puts loading, opening, starting, following and reporting together. Invariant: whoever leaves is told how to
 * go on, and the exit code says what became of the run.
 */
import type { RunHandle } from "@plumbline/core";
import { type Database, withDatabase } from "./database.ts";
import { type ExitCode, exitCodeOf, exitCodes } from "./exit-code.ts";
import { chooseFlow, loadFlowFile } from "./flow-file.ts";
import { type Followed, follow, leave } from "./follow.ts";
import { inputOf } from "./input.ts";
import { carryOn } from "./motion.ts";
import { recordOf } from "./run-name.ts";
import { reportOf, runDocument, runText } from "./run-report.ts";
import { answer, argument, isSet, option, type Session } from "./session.ts";

export async function runCommand(session: Session): Promise<ExitCode> {
  const file = await loadFlowFile(argument(session, 0));
  const flow = chooseFlow(file, session.given.args[1]);
  const input = inputOf(session, flow);
  const key = option(session, "key");
  const options = { flows: file.flows, build: file.url, create: true };
  return withDatabase(session, options, async (database) => {
    const start = () => database.engine.start(flow.name, input, key === undefined ? {} : { key });
    const handle: RunHandle = await database.ask(start, key !== undefined);
    if (!handle.created) say(session, `key ${key} was used before: this is that run`);
    if (!database.isOwner) say(session, "another process owns the database and does the work");
    return followToEnd(session, database, handle.id);
  });
}

/** Follows a run and ends with its outcome, or with how to go on with it. */
export async function followToEnd(session: Session, database: Database, run: string): Promise<ExitCode> {
  const followed = await follow(session, database, run, { untilParked: isSet(session, "detach") });
  if (followed.end !== "left") await carryOn(session, database);
  const report = await reportOf(database.engine, await recordOf(database.engine, run));
  answer(
    session,
    () => runDocument(report),
    () => (followed.end === "ended" ? runText(report, session.out.paint) : howToGoOn(session, database, followed, run)),
  );
  await leave(session, database);
  return followed.end === "ended"
    ? exitCodeOf(report.overview.summary.outcome, isSet(session, "accept-degraded"))
    : exitCodes.left;
}

function howToGoOn({ out, db }: Session, { isOwner }: Database, { live, end }: Followed, run: string): string {
  const { paint } = out;
  const where = db === "plumbline.db" ? "" : ` --db ${/^[\w./-]+$/.test(db) ? db : JSON.stringify(db)}`;
  const command = (words: string) => `  plumbline ${words} ${run}${where}`;
  const state = end === "parked" ? "waits for a person" : "left; what it did is recorded";
  const lines = [
    `${paint("bold", live.state.plan.flow)} ${paint("cyan", state)}`,
    "",
    `${command("resume")}  ${paint("dim", "go on and watch")}`,
    ...(live.isAsking ? [`${command("approve")}  ${paint("dim", "decide")}`] : []),
    `${command("show")}  ${paint("dim", "look at it")}`,
  ];
  const pause = isOwner
    ? "Until then nothing of it runs: its timers too wait for a process that owns the database."
    : "It goes on in the process that owns the database.";
  return `${[...lines, "", paint("dim", pause)].join("\n")}\n`;
}

function say({ err }: Session, words: string): void {
  err.write(`${err.paint("dim", words)}\n`);
}
