/**
 * `plumbline resume RUN`: goes on with a run that was left, or watches one that another process runs.
 *
 * Boundary: finds the run's code and follows it like `run` does. Invariant: without the code nothing is touched.
 */
import type { ExitCode } from "./exit-code.ts";
import { withFlowsOf } from "./flows-of-run.ts";
import { followToEnd } from "./run-command.ts";
import { argument, type Session } from "./session.ts";

export async function resumeCommand(session: Session): Promise<ExitCode> {
  return withFlowsOf(session, argument(session, 0), (database, run) => followToEnd(session, database, run));
}
