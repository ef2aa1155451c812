/**
 * Opens a database so that a run in it can go on: through its owner, or as the owner with the run's own code.
 *
 * Boundary: which code belongs to a run is told by its `build` (a file: URL that `run` wrote) or by `--flows`. Invariants:
 * the file is looked at first and the code loaded only when nobody else owns it; between the two somebody may become
 * the owner, which is as good.
 */
import { existsSync } from "node:fs";
import { codeOf, type Engine, type Journals } from "@plumbline/core";
import { type Database, isOwnerGone, withDatabase, withJournals } from "./database.ts";
import { type FlowFile, fileOfBuild, loadFlowFile } from "./flow-file.ts";
import { CliError } from "./problem.ts";
import { findRun, recordOf } from "./run-name.ts";
import { option, type Session } from "./session.ts";

/** @throws CliError `run-unknown`, `run-ambiguous`, `flow-file-unknown` and those of loading a file */
export async function withFlowsOf<T>(
  session: Session,
  name: string,
  work: (database: Database, run: string) => Promise<T>,
  before?: (engine: Engine, run: string) => Promise<void>,
): Promise<T> {
  const code = await withJournals(session, async (journals) => codeOfRun(journals, await findRun(journals, name)));
  const asked = await askOwner(session, code, work);
  if ("result" in asked) return asked.result;
  const file = await flowFileFor(session, code).catch((error) => {
    throw asked.refused ?? error;
  });
  const first = before && { before: (engine: Engine) => before(engine, code.run) };
  return withDatabase(session, { flows: file.flows, build: file.url, ...first }, (database) =>
    work(database, code.run),
  );
}

/** Lets the owner do the work; `refused` says why it did not. */
async function askOwner<T>(
  session: Session,
  { run }: RunCode,
  work: (database: Database, run: string) => Promise<T>,
): Promise<{ readonly result: T } | { readonly refused: unknown }> {
  try {
    return { result: await withDatabase(session, { asClient: true }, (database) => work(database, run)) };
  } catch (error) {
    if (codeOf(error) === "command-no-owner") return { refused: undefined };
    // The owner has gone, or runs other flows: this process is next.
    if (codeOf(error) === "flow-unknown" || isOwnerGone(error)) return { refused: error };
    throw error;
  }
}

interface RunCode {
  readonly run: string;
  readonly flow: string;
  readonly build?: string;
}

async function codeOfRun(journals: Journals, run: string): Promise<RunCode> {
  const { summary, entries } = await recordOf(journals, run);
  const [started] = entries;
  const build = started?.kind === "run.started" ? started.build : undefined;
  return { run, flow: summary.flow, ...(build === undefined ? {} : { build }) };
}

async function flowFileFor(session: Session, { run, flow, build }: RunCode): Promise<FlowFile> {
  const given = option(session, "flows");
  const path = given ?? fileOfBuild(build);
  if (path === undefined || (given === undefined && !existsSync(path))) {
    const what =
      path === undefined ? "where the run's code is was not recorded" : "the file with the run's code is gone";
    const found = build === undefined ? "no build at all" : `the build ${build}, which names no file`;
    throw new CliError("flow-file-unknown", `nobody owns the database, and ${what}`, {
      path: run,
      expected: `a file that exports the flow "${flow}"`,
      found: path === undefined ? found : `${path} was recorded; nothing is there now`,
      mend: "name it with --flows FILE, or start the process that owns the database",
    });
  }
  const file = await loadFlowFile(path);
  if (file.flows.some(({ name }) => name === flow)) return file;
  throw new CliError("flow-not-in-file", "this file does not export the run's flow", {
    path,
    expected: `a flow "${flow}"`,
    found: file.flows.map(({ name }) => name).join(", "),
    mend: "name the file that does with --flows FILE",
  });
}
