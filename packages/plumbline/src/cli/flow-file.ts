/**
 * Flows from a file: TypeScript or JavaScript, loaded as it is.
 *
 * Boundary: file to flows; running them is the engine's. Invariants: a flow is known by its shape and not by its class,
 * because the file may bring its own copy of plumbline; a file that cannot be used is an error that says why, and where.
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Flow } from "@plumbline/core";
import { textOf } from "./phrase.ts";
import { CliError } from "./problem.ts";

export interface FlowFile {
  /** As it was given. */
  readonly path: string;
  /** Recorded with each run as its build, so that other commands find the code again. */
  readonly url: string;
  readonly flows: readonly Flow[];
}

/** @throws CliError `file-unknown`, `file-broken`, `flow-none`, `flow-ambiguous` (two different flows of one name) */
export async function loadFlowFile(file: string): Promise<FlowFile> {
  const path = resolve(file);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new CliError("file-unknown", "there is no such file", {
      path: file,
      expected: "a TypeScript or JavaScript file that exports flows",
      found: `nothing at ${path}`,
      mend: "look at the path and the folder you are in",
    });
  }
  const url = pathToFileURL(path).href;
  let exported: Record<string, unknown>;
  try {
    exported = (await import(url)) as Record<string, unknown>;
  } catch (error) {
    // A flow that is defined wrongly says so itself, with the step and the mend.
    throw (error as Error | undefined)?.name === "PlumblineError" ? error : broken(file, path, error);
  }
  const flows = flowsAmong(Object.values(exported));
  if (flows.length === 0) throw noFlow(file, Object.keys(exported));
  const twice = flows.find(({ name }, index) => flows.findIndex((other) => other.name === name) !== index);
  if (twice) {
    throw new CliError("flow-ambiguous", "two flows of this file have the same name", {
      path: file,
      expected: "a name for each flow",
      found: `two different flows "${twice.name}"`,
      mend: "rename one of them",
    });
  }
  return { path: file, url, flows };
}

/** The flow of this name, or the only one. @throws CliError `flow-ambiguous`, `flow-not-in-file` */
export function chooseFlow(file: FlowFile, name: string | undefined): Flow {
  const names = file.flows.map((flow) => flow.name).join(", ");
  if (name === undefined) {
    const [only, ...others] = file.flows;
    if (only && others.length === 0) return only;
    throw new CliError("flow-ambiguous", "this file exports several flows", {
      path: file.path,
      expected: "the name of one flow after the file",
      found: names,
      mend: `say which, for example: ${file.path.split(/[\\/]/).at(-1)} ${only?.name ?? ""}`,
    });
  }
  const found = file.flows.find((flow) => flow.name === name);
  if (found) return found;
  throw new CliError("flow-not-in-file", "this file exports no such flow", {
    path: file.path,
    expected: `one of ${names}`,
    found: name,
    mend: "flows are named by the first argument of flow(...), not by the exported constant",
  });
}

/** The file that `run` wrote into a run's build, when it still names one. */
export function fileOfBuild(build: string | undefined): string | undefined {
  if (build === undefined || !build.startsWith("file:")) return undefined;
  try {
    return fileURLToPath(build);
  } catch {
    return undefined;
  }
}

function flowsAmong(values: readonly unknown[]): Flow[] {
  const flows = values.flatMap((value) => (isFlow(value) ? [value] : Array.isArray(value) ? value.filter(isFlow) : []));
  return [...new Set(flows)];
}

function isFlow(value: unknown): value is Flow {
  if (typeof value !== "object" || value === null) return false;
  const { name, plan, code } = value as Partial<Flow>;
  return typeof name === "string" && plan?.format === 1 && plan.flow === name && Array.isArray(code?.scopes);
}

function noFlow(file: string, names: readonly string[]): CliError {
  return new CliError("flow-none", "this file exports no flow", {
    path: file,
    expected: `export const greet = flow("greet", { ... })`,
    found: names.length === 0 ? "no exports at all" : `exports ${names.slice(0, 8).join(", ")}`,
    mend: "export the flow, or name the file that does",
  });
}

function broken(file: string, path: string, thrown: unknown): CliError {
  const error: NodeJS.ErrnoException = thrown instanceof Error ? thrown : new Error(textOf(thrown));
  const { message, stack = "", code } = error;
  const frame = stack.split("\n").find((line) => line.includes(path) || line.includes(pathToFileURL(path).href));
  return new CliError("file-broken", "this file does not load", {
    path: file,
    expected: "a module that loads without an error",
    found: `${message}${frame === undefined ? "" : `\n${frame.trim()}`}`,
    mend: mendOf(code, message, path),
    cause: thrown,
  });
}

function mendOf(code: string | undefined, message: string, path: string): string {
  if (message.startsWith("Cannot use import statement outside a module")) {
    const ending = /\.[jt]s$/.exec(path)?.[0].replace(".", ".m");
    const other = ending === undefined ? "" : `, or name the file ${ending}`;
    return `\`npm pkg set type=module\` where its package.json is${other}`;
  }
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
    return "install what is missing beside the file; relative imports name the file with its ending, ./step.ts";
  }
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX" || /TypeScript.*not supported/i.test(message)) {
    return "Node removes types and compiles nothing: no enum, no namespace, no parameter properties, no decorators";
  }
  return "mend the file; `node FILE` shows the same error";
}
