/**
 * What a command is given to do its work: its words, its outputs, its clock and Ctrl-C.
 *
 * Boundary: a plain bundle, so that tests run commands without a process. Invariant: commands reach the outside only
 * through it, files and databases apart.
 */
import { userInfo } from "node:os";
import { jsonText } from "./json-text.ts";
import { shellWord } from "./phrase.ts";
import type { Interrupts, Output } from "./terminal.ts";

/** What stood on the command line. */
export interface Given {
  readonly args: readonly string[];
  readonly options: ReadonlyMap<string, string | true>;
}

export interface Session {
  readonly given: Given;
  /** The answer. */
  readonly out: Output;
  /** Everything said on the way. */
  readonly err: Output;
  readonly json: boolean;
  readonly db: string;
  readonly interrupts: Interrupts;
  readonly now: () => number;
  /** How many entries of a run were told already: one that is followed again is not told twice. */
  readonly told: Map<string, number>;
}

/** The value of an option; undefined when it was not given. */
export function option({ given }: Session, name: string): string | undefined {
  const value = given.options.get(name);
  return typeof value === "string" ? value : undefined;
}

export function isSet({ given }: Session, name: string): boolean {
  return given.options.has(name);
}

/** Arguments that the command line was checked for are there. */
export function argument({ given }: Session, index: number): string {
  return given.args[index] ?? "";
}

/** The answer: one document with `--json`, else text. */
export function answer({ out, json }: Session, document: () => object, text: () => string): void {
  out.write(json ? `${jsonText(document(), 2)}\n` : text());
}

/** What to add to a command that is shown, so that it finds this database. */
export function databaseHint(db: string): string {
  if (db === "plumbline.db") return "";
  return ` --db ${shellWord(db)}`;
}

/** Who says so, where nobody is named. */
export function systemUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined; // a user without a name, as in some containers
  }
}
