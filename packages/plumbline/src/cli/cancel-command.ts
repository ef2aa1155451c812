/**
 * `plumbline cancel RUN`: stops a run and has what it did undone.
 *
 * Boundary: asks the engine; how undoing goes is the core's. Invariant: without an owner this process becomes one and
 * stays until everything is undone or listed as standing.
 */
import type { Engine } from "@plumbline/core";
import type { Database } from "./database.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { withFlowsOf } from "./flows-of-run.ts";
import { follow, leave } from "./follow.ts";
import { recordOf } from "./run-name.ts";
import { currentReport, runDocument, runText } from "./run-report.ts";
import { answer, argument, databaseHint, option, type Session } from "./session.ts";

export async function cancelCommand(session: Session): Promise<ExitCode> {
  // As the owner, before anything of the run is performed again: a payment in doubt is undone, not made once more.
  // Remembered when the owner leaves after its work and this command goes on alone: the run has ended because it was asked.
  const asked = { is: false };
  const first = async (engine: Engine, run: string) => {
    if ((await recordOf(engine, run)).summary.status === "ended") return;
    await engine.cancel(run, reasonOf(session));
    asked.is = true;
  };
  return withFlowsOf(session, argument(session, 0), (database, run) => cancel(session, database, run, asked), first);
}

function reasonOf(session: Session): { readonly by?: string; readonly reason?: string } {
  const [by, reason] = [option(session, "by"), option(session, "reason")];
  return { ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) };
}

async function cancel(session: Session, database: Database, run: string, asked: { is: boolean }): Promise<ExitCode> {
  const before = await database.ask((engine) => recordOf(engine, run), true);
  const wasOver = !asked.is && before.summary.status === "ended";
  if (!wasOver) {
    if (!asked.is) await database.ask((engine) => engine.cancel(run, reasonOf(session)), true);
    asked.is = true;
    await follow(session, database, run, { untilParked: false, from: before.entries.length });
  }
  const report = await currentReport(database, run);
  const { outcome } = report.overview.summary;
  const { paint } = session.out;
  answer(
    session,
    () => runDocument(report),
    () => {
      const note = wasOver ? paint("yellow", "! the run had ended: nothing was changed\n\n") : "";
      return `${note}${runText(report, paint, databaseHint(session.db))}`;
    },
  );
  await leave(session, database);
  if (wasOver || (outcome !== undefined && outcome !== "cancelled")) return exitCodes.late;
  return outcome === undefined ? exitCodes.left : exitCodes.fine;
}
