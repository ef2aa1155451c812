/**
 * The command `plumbline`: from the words it was given to an exit code.
 *
 * Boundary: the composition root of the command; each command's work is in its own file. Invariants: exactly one exit
 * code; human text of errors goes to standard error, with `--json` the error is the document; a reader that hangs up
 * (`| head`) ends the command quietly; the process ends when the command has, whatever user code left open.
 */
import { readFileSync } from "node:fs";
import { asksForJson, parseCommandLine } from "./command-line.ts";
import { commands } from "./command-list.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { jsonText } from "./json-text.ts";
import { problemDocument, problemOf, renderProblem } from "./problem.ts";
import { Interrupts, type Output, outputOn, takeOver } from "./terminal.ts";

async function main(argv: readonly string[], out: Output, err: Output): Promise<ExitCode> {
  const parsed = parseCommandLine(argv, commands);
  switch (parsed.kind) {
    case "version":
      out.write(`${version()}\n`);
      return exitCodes.fine;
    case "help":
      out.write(parsed.spec ? commandHelp(parsed.spec, out.paint) : generalHelp(commands, out.paint));
      return exitCodes.fine;
    case "command": {
      const { spec, given } = parsed;
      const command = await spec.load();
      const db = given.options.get("db");
      return command({
        given,
        out,
        err,
        json: given.options.has("json"),
        db: typeof db === "string" ? db : "plumbline.db",
        interrupts: new Interrupts(),
        now: Date.now,
        told: new Map(),
      });
    }
  }
}

/** Two folders up, from the sources and from what is published. */
function version(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

const argv = process.argv.slice(2);
const out = outputOn(process.stdout);
const err = outputOn(process.stderr);
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.fine);
  throw error;
});
// What flows print must not get into the document.
if (asksForJson(argv)) takeOver(process.stdout, (text) => void process.stderr.write(text));
let code: ExitCode;
try {
  code = await main(argv, out, err);
} catch (thrown) {
  const problem = problemOf(thrown);
  if (asksForJson(argv)) out.write(`${jsonText(problemDocument(problem), 2)}\n`);
  err.write(renderProblem(problem, err.paint));
  code = problem.exitCode;
}
process.exitCode = code;
// User code may have left timers and sockets open: what was written is flushed, then it is over.
out.flush(() => process.exit(code));
