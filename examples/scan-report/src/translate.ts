// Translates a report into Spanish by the program apertium, where this machine has it.
// Boundary: text in, text out, in a process of its own; whether the result is good enough is judged by the contract.
// Invariants: empty output is an error, because apertium ends with 0 when it was called wrongly; words that it does not
// know come back marked and are listed, never hidden; an abort ends the whole pipe; nothing is downloaded.
import { spawn } from "node:child_process";
import { z } from "zod";
import { numbersIn } from "./report.ts";

export const LANGUAGE = ["en", "es"] as const;
export type Language = (typeof LANGUAGE)[number];

export const Translation = z.object({
  language: z.enum(LANGUAGE),
  /** False: this is the English text, because there was no translation that could be trusted. */
  translated: z.boolean(),
  text: z.string().min(1),
  /** Words that the translator did not know. */
  unknown: z.array(z.string()),
});
export type Translation = z.infer<typeof Translation>;

export class TranslationFailed extends Error {
  readonly code = "translation-failed";
  /** The program is not there, and will not be a second later either. */
  readonly missing: boolean;
  constructor(message: string, missing = false) {
    super(message);
    this.missing = missing;
  }
}

export interface TranslatorOptions {
  readonly signal?: AbortSignal;
  /** A shell command that reads English and writes Spanish. */
  readonly command?: string;
}

/** Rejects with TranslationFailed, or with the signal's reason when aborted. */
export async function translate(text: string, options: TranslatorOptions = {}): Promise<Translation> {
  const { signal, command = "apertium eng-spa" } = options;
  const { output, errors, exitCode } = await pipe(text, command, signal);
  if (exitCode === 127) throw new TranslationFailed(`${command.split(" ")[0]} is not installed on this machine`, true);
  if (exitCode !== 0)
    throw new TranslationFailed(`the translator ended with ${exitCode}: ${errors.slice(0, 200).trim()}`);
  if (output.trim() === "") throw new TranslationFailed("the translator gave nothing back");
  const unknown = [...output.matchAll(/[*@#](\p{L}[\p{L}-]*)/gu)].map(([, word]) => word as string);
  // Apertium shouts after a full stop now and then, and puts a gap before one.
  const tidy = output
    .trim()
    .replace(/\bEL\b/g, "El")
    .replaceAll(" .", ".");
  return { language: "es", translated: true, text: tidy, unknown };
}

/** The English text with a line in front of it, in the reader's language, that says so. */
export function untranslated(text: string): Translation {
  return { language: "en", translated: false, text: `[sin traducir / not translated]\n${text}`, unknown: [] };
}

/** Contract: a word that was left in English may be the one that matters. */
export function everyWordKnown({ unknown }: Translation): true | string {
  return unknown.length === 0 || `not translated: ${unknown.join(", ")}`;
}

/** Contract: the same figures, as often and in the same order. */
export function figuresSurvive({ text }: Translation, source: { readonly text: string }): true | string {
  const [was, is] = [numbersIn(source.text).join(" "), numbersIn(text).join(" ")];
  return was === is || `figures were ${was}, are ${is}`;
}

interface Piped {
  readonly output: string;
  readonly errors: string;
  readonly exitCode: number | null;
}

function pipe(text: string, command: string, signal: AbortSignal | undefined): Promise<Piped> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    // Through a shell and cat, because apertium does not read from the socket that Node gives it as standard input.
    const child = spawn("sh", ["-c", `cat | ${command}`], { detached: true });
    let output = "";
    let errors = "";
    const abort = () => {
      // The shell's children too: they are a group of their own because they were started detached.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      errors += chunk;
    });
    child.on("error", reject);
    child.on("close", (exitCode) => {
      signal?.removeEventListener("abort", abort);
      resolve({ output, errors, exitCode });
    });
    // A translator that ends early closes its side; how it ended says more than the broken pipe.
    child.stdin.on("error", () => {});
    child.stdin.end(`${text}\n`);
  });
}
