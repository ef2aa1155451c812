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
import { approveCommand, signalCommand } from "./frame.ts";
import { inputOf } from "./input.ts";
import type { LiveRun } from "./live-run.ts";
import { carryOn, parkedWords } from "./motion.ts";
import { clean } from "./phrase.ts";
import { currentReport, runDocument, runText } from "./run-report.ts";
import { answer, argument, databaseHint, isSet, option, type Session } from "./session.ts";

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
  if (followed.end !== "left") await carryOn(session, database, followed);
  const report = await currentReport(database, run);
  await leave(session, database);
  answer(
    session,
    () => runDocument(report),
    () =>
      followed.end === "ended"
        ? runText(report, session.out.paint, databaseHint(session.db))
        : howToGoOn(session, database, followed, run),
  );
  return followed.end === "ended"
    ? exitCodeOf(report.overview.summary.outcome, isSet(session, "accept-degraded"))
    : exitCodes.left;
}

function howToGoOn({ out, db }: Session, { isOwner }: Database, { live, end }: Followed, run: string): string {
  const { paint } = out;
  const hint = databaseHint(db);
  const approve = live.family.flatMap((one) => one.asked.slice(0, 1).map((slot) => approveCommand(one, slot, hint)));
  const signal = live.family.flatMap((one) => signalCommands(one, hint));
  const commands: (readonly [command: string, words: string])[] = [
    [`plumbline resume ${run}${hint}`, "go on and watch"],
    ...approve.map((command) => [command, "decide"] as const),
    ...signal.map((command) => [command, "say that it came"] as const),
    [`plumbline show ${run}${hint}`, "look at it"],
  ];
  const width = Math.max(...commands.map(([command]) => command.length));
  const stands = end === "parked" ? parkedWords(live) : "was left; what it did is recorded";
  return `${[
    `${paint("bold", clean(live.state.plan.flow))} ${paint("cyan", stands)}`,
    "",
    ...commands.map(([command, words]) => `  ${command.padEnd(width)}  ${paint("dim", words)}`),
    "",
    paint("dim", isOwner ? nobodyRuns : "It goes on in the process that owns the database."),
  ].join("\n")}\n`;
}

/** One for each name that is waited for. */
function signalCommands({ awaited, state }: LiveRun, hint: string): string[] {
  const commands = awaited.flatMap(({ node }) =>
    node.kind === "signal" ? [signalCommand(state.run, node, hint)] : [],
  );
  return [...new Set(commands)].slice(0, 5);
}

const nobodyRuns = "Until then nothing of it runs: its timers too wait for a process that owns the database.";

function say({ err }: Session, words: string): void {
  err.write(`${err.paint("dim", words)}\n`);
}
