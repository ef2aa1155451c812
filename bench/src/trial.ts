/**
 * A trial: one measurement, in a fresh process with an empty folder on the disk that is measured.
 *
 * Boundary: processes and folders; what is measured stands in trials/. Invariants: a trial that fails fails its suite, with
 * what it said; folders are taken away afterwards; the scratch folder lies in the repository and not where temporary files
 * go, because those may be in memory.
 */
import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Figures } from "./suite.ts";

/** What a trial is given beside its own parameters. */
export interface TrialPlace {
  /** Empty, and its own. */
  readonly folder: string;
}

export interface TrialModule {
  trial(params: object & TrialPlace): Promise<Figures>;
}

export interface TrialOptions {
  /** In this process, without a fresh start: for tests. */
  readonly here?: boolean;
  /** Writes CPU profiles of each process and thread here. */
  readonly profileTo?: string;
  /** For the trial's process: only where it has one of its own. */
  readonly env?: Readonly<Record<string, string>>;
}

const scratch = join(import.meta.dirname, "../.scratch");

export async function runTrial(name: string, params: object, options: TrialOptions = {}): Promise<Figures> {
  return inFolder(async (folder) => {
    const given = { ...params, folder };
    if (!options.here) return apart(name, given, options);
    const { trial } = (await import(`./trials/${name}.ts`)) as TrialModule;
    return trial(given);
  });
}

/** Makes an empty folder for some work, and takes it away. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(join(scratch, "trial-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function apart(name: string, params: object, { profileTo, env = {} }: TrialOptions): Promise<Figures> {
  const profiling = profileTo === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileTo}`];
  const child = fork(join(import.meta.dirname, "trial-entry.ts"), [name, JSON.stringify(params)], {
    execArgv: ["--conditions=plumbline-source", "--expose-gc", "--no-warnings", ...profiling],
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  return new Promise((resolve, reject) => {
    let figures: Figures | undefined;
    child.on("message", (message) => {
      figures = message as Figures;
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (figures) resolve(figures);
      else reject(new Error(`the trial "${name}" ended with ${signal ?? `code ${code}`} and no figures`));
    });
  });
}
