/**
 * JSON that the user gives on the command line: the input of a run, a decision.
 *
 * Boundary: text or file to a value; whether it satisfies a contract is the engine's. Invariant: a mistake is told with
 * the place in the text where it is.
 */
import { readFileSync } from "node:fs";
import type { Flow } from "@plumbline/core";
import { CliError } from "./problem.ts";
import { option, type Session } from "./session.ts";

/** The value of `--input` or `--sample`. @throws CliError */
export function inputOf(session: Session, flow: Flow): unknown {
  const [text, sample] = [option(session, "input"), option(session, "sample")];
  if (text !== undefined && sample !== undefined) {
    throw new CliError("usage", "--input and --sample are both given", {
      expected: "one input",
      found: "two",
      mend: "leave one of them out",
    });
  }
  if (text !== undefined) return readJson(text, "--input");
  const names = Object.keys(flow.samples);
  if (sample === undefined) throw missing(flow, names);
  if (Object.hasOwn(flow.samples, sample)) return flow.samples[sample];
  throw new CliError("sample-unknown", "the flow has no such sample", {
    path: flow.name,
    expected: names.length > 0 ? `one of ${names.join(", ")}` : "samples: { name: input } in the flow",
    found: sample,
    mend: "name one of its samples, or give --input",
  });
}

function missing(flow: Flow, samples: readonly string[]): CliError {
  return new CliError("input-missing", "the flow wants an input", {
    path: flow.name,
    expected: "--input JSON, --input @FILE or --sample NAME",
    found: "none of them",
    mend: samples.length > 0 ? `try --sample ${samples[0]}` : `for example --input '{"name":"Ada"}'`,
  });
}

/** JSON, `@file`, or `@-` for standard input. @throws CliError `json-invalid`, `file-unknown` */
export function readJson(given: string, what: string): unknown {
  const text = given.startsWith("@") ? readText(given.slice(1), what) : given;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(given, what, error);
  }
}

function notJson(given: string, what: string, cause: unknown): CliError {
  return new CliError("json-invalid", `${what} is not JSON`, {
    path: what,
    expected: `JSON such as '{"name":"Ada"}', or @FILE`,
    found: (cause as Error).message,
    mend: given.startsWith("@")
      ? `mend ${given.slice(1)}`
      : "keep it in single quotes, so that the shell leaves it as it is",
    cause,
  });
}

function readText(file: string, what: string): string {
  try {
    return readFileSync(file === "-" ? process.stdin.fd : file, "utf8");
  } catch (error) {
    throw unreadable(file, what, error);
  }
}

function unreadable(file: string, what: string, cause: unknown): CliError {
  return new CliError("file-unknown", `${what} names a file that cannot be read`, {
    path: file,
    expected: "a file with JSON",
    found: (cause as Error).message,
    mend: "look at the path and the folder you are in",
    cause,
  });
}
