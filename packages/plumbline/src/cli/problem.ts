/**
 * What went wrong, as the user of the command meets it: what, where, expected, found, mend.
 *
 * Boundary: errors of this command, and the reading of everybody else's (core, engine, Node). Invariant: whatever was
 * thrown becomes a problem with a code; a stack is shown only for what nobody foresaw.
 */
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { clean, textOf } from "./phrase.ts";
import type { Paint } from "./terminal.ts";

type CliCode =
  | "usage"
  | "json-invalid"
  | "file-unknown"
  | "file-broken"
  | "flow-none"
  | "flow-ambiguous"
  | "flow-not-in-file"
  | "flow-file-unknown"
  | "input-missing"
  | "value-missing"
  | "sample-unknown"
  | "database-unknown"
  | "run-unknown"
  | "run-ambiguous"
  | "approval-unknown"
  | "decision-missing";

interface Details {
  readonly path?: string;
  readonly expected?: string;
  readonly found?: string;
  readonly mend?: string;
  readonly cause?: unknown;
}

/** An error of the command itself: it was asked for something that cannot be. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliCode;
  readonly details: Details;

  constructor(code: CliCode, what: string, details: Details = {}) {
    super(what, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly expected?: string;
  readonly found?: string;
  readonly mend?: string;
  readonly stack?: string;
  readonly exitCode: ExitCode;
}

/** Codes of core and engine that say: it was asked wrongly, and nothing was changed. */
const askedWrongly: ReadonlySet<string> = new Set([
  "flow-invalid",
  "step-without-rung",
  "step-duplicate",
  "step-unread",
  "need-unknown",
  "need-cycle",
  "reference-foreign",
  "reference-as-value",
  "reference-path",
  "contract-missing",
  "version-missing",
  "input-invalid",
  "value-refused",
  "decision-invalid",
  "option-invalid",
  "duration-invalid",
  "run-unknown",
  "run-held",
  "flow-unknown",
  "key-conflict",
  "approval-unknown",
  "approval-early",
  "approval-ambiguous",
  "decision-conflict",
  "signal-unknown",
  "signal-invalid",
  "database-path",
  "database-folder",
  "database-hard-linked",
]);

/** Anything thrown, as a problem. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof CliError) {
    const { cause: _cause, ...details } = thrown.details;
    return { code: thrown.code, message: thrown.message, ...details, exitCode: exitCodes.usage };
  }
  if (!(thrown instanceof Error)) {
    return { code: "unexpected", message: `thrown: ${textOf(thrown)}`, exitCode: exitCodes.failed };
  }
  const told = thrown as Error & Partial<Record<"code" | "path" | "expected" | "found" | "mend", unknown>>;
  const { code } = told;
  if (typeof code !== "string" || !(thrown.name === "PlumblineError")) {
    const stack = thrown.stack ?? "";
    return { code: "unexpected", message: thrown.message, ...(stack === "" ? {} : { stack }), exitCode: 1 };
  }
  const exitCode = askedWrongly.has(code) ? exitCodes.usage : exitCodes.failed;
  const text = (name: "path" | "expected" | "found" | "mend") =>
    typeof told[name] === "string" ? { [name]: told[name] as string } : {};
  const message = whatOf(thrown.message, code, told.path);
  return { code, message, ...text("path"), ...text("expected"), ...text("found"), ...text("mend"), exitCode };
}

/** The first line without what the other fields say. */
function whatOf(message: string, code: string, path: unknown): string {
  const line = (message.split("\n", 1)[0] as string).replace(` [${code}]`, "");
  return typeof path === "string" && line.startsWith(`${path}: `) ? line.slice(path.length + 2) : line;
}

export function renderProblem(problem: Problem, paint: Paint): string {
  const { code, path, message, expected, found, mend, stack } = problem;
  const where = path === undefined ? "" : `${paint("bold", clean(path))}: `;
  const lines = [`${paint("red", "✗")} ${where}${clean(message)} ${paint("dim", `[${code}]`)}`];
  const add = (label: string, words: string | undefined) => {
    if (words === undefined) return;
    const [first = "", ...rest] = words.split("\n").map(clean);
    lines.push(`  ${paint("dim", label.padEnd(9))} ${first}`, ...rest.map((line) => `            ${line}`));
  };
  add("expected", expected);
  add("found", found);
  add("mend", mend);
  if (stack !== undefined) lines.push(paint("dim", stack.split("\n").slice(1).map(clean).join("\n")));
  return `${lines.join("\n")}\n`;
}

/** The same for programs. */
export function problemDocument({ exitCode: _exitCode, stack: _stack, ...problem }: Problem): object {
  const { code, path, expected, found, mend, message } = problem;
  const given = { path, expected, found, mend };
  return { error: { code, ...Object.fromEntries(Object.entries(given).map(([k, v]) => [k, v ?? null])), message } };
}
