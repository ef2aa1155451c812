/**
 * `plumbline signal RUN NAME --value JSON`: says something to a run from outside.
 *
 * Boundary: the value is read here, held to its contract and kept by the engine. Invariants: a signal has an id, so that
 * sending it again counts once; without an owner this process becomes one, carries on what the signal set in motion, and
 * says so.
 */
import { randomUUID } from "node:crypto";
import type { SignalAnswer } from "@plumbline/core";
import type { Database } from "./database.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { withFlowsOf } from "./flows-of-run.ts";
import { type Followed, leave } from "./follow.ts";
import { readJson } from "./input.ts";
import { jsonText } from "./json-text.ts";
import { carryHere, carryWords } from "./motion.ts";
import { clean } from "./phrase.ts";
import { CliError } from "./problem.ts";
import { recordOf } from "./run-name.ts";
import { currentReport, type RunReport, runDocument, runText } from "./run-report.ts";
import { answer, argument, databaseHint, option, type Session, systemUser } from "./session.ts";

export async function signalCommand(session: Session): Promise<ExitCode> {
  const value = givenValue(session);
  const id = option(session, "id") ?? randomUUID(); // the same for the owner and for whoever takes its place
  return withFlowsOf(session, argument(session, 0), (database, run) => send(session, database, run, { value, id }));
}

interface Sent {
  readonly value: unknown;
  readonly id: string;
}

async function send(session: Session, database: Database, run: string, { value, id }: Sent): Promise<ExitCode> {
  const name = argument(session, 1);
  const by = option(session, "by") ?? systemUser();
  const before = await database.ask((engine) => recordOf(engine, run), true);
  const request = { run, name, value, id, ...(by === undefined ? {} : { by }) };
  const { status } = await database.ask((engine) => engine.signal(request), true);
  const isLate = status === "late";
  const goesOn = database.isOwner && !isLate && before.summary.status !== "ended";
  const carried = goesOn ? await carryHere(session, database, run, before.entries.length) : undefined;
  const report = await currentReport(database, run);
  answer(
    session,
    () => ({
      run,
      name,
      status,
      id,
      by: by ?? null,
      value,
      carriedOn: carried !== undefined,
      result: runDocument(report),
    }),
    () => signalText({ session, name, value, status, carried, report }),
  );
  await leave(session, database);
  return isLate ? exitCodes.late : exitCodes.fine;
}

function givenValue(session: Session): unknown {
  const text = option(session, "value");
  if (text !== undefined) return readJson(text, "--value");
  throw new CliError("value-missing", "it is not said what the signal says", {
    path: "--value",
    expected: "--value JSON or --value @FILE",
    found: "nothing",
    mend: "a signal that says nothing has the value null: --value null",
  });
}

interface Told {
  readonly session: Session;
  readonly name: string;
  readonly value: unknown;
  readonly status: SignalAnswer["status"];
  readonly carried: Followed | undefined;
  readonly report: RunReport;
}

function signalText({ session, name, value, status, carried, report }: Told): string {
  const { paint } = session.out;
  const { summary } = report.overview;
  const words = {
    received: paint("green", `✓ received ${clean(name)} ${clean(jsonText(value))}`),
    repeated: paint("green", "✓ this very signal was received before"),
    late: paint("yellow", "! too late: the run takes no signals any more; nothing was recorded"),
  }[status];
  const head = `${words}  ${paint("dim", summary.id)}\n`;
  const hint = databaseHint(session.db);
  if (summary.status === "ended" || status === "late") return `${head}\n${runText(report, paint, hint)}`;
  return `${head}${paint("dim", carryWords(carried, summary.id, hint))}\n`;
}
