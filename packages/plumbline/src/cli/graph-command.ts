/**
 * `plumbline graph FILE [FLOW]`: the plan of a flow as a diagram.
 *
 * Boundary: loads the file, draws its plan; runs nothing and opens no database. Invariant: with `--json` the plan itself
 * is given beside the drawing.
 */
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { chooseFlow, loadFlowFile } from "./flow-file.ts";
import { mermaidOf } from "./mermaid.ts";
import { answer, argument, type Session } from "./session.ts";

export async function graphCommand(session: Session): Promise<ExitCode> {
  const { plan } = chooseFlow(await loadFlowFile(argument(session, 0)), session.given.args[1]);
  const mermaid = mermaidOf(plan);
  answer(
    session,
    () => ({ flow: plan.flow, fingerprint: plan.fingerprint, mermaid, plan }),
    () => mermaid,
  );
  return exitCodes.fine;
}
