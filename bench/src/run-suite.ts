/**
 * Runs one suite at a size.
 *
 * Boundary: gives a suite what it needs and times it; what is measured is the suite's. Invariant: three rounds at least,
 * except at the smallest size, whose figures are thrown away.
 */
import { type Machine, machineNow, speedNow } from "./machine.ts";
import type { Bench, Findings, Size, Suite } from "./suite.ts";
import { runTrial } from "./trial.ts";

export interface SuiteOptions {
  readonly size: Size;
  readonly rounds?: number;
  readonly profileTo?: string;
  readonly say?: (text: string) => void;
}

/** A suite's findings, with where and when they were found. */
export interface SuiteRun {
  readonly suite: string;
  readonly about: string;
  readonly size: Size;
  readonly rounds: number;
  readonly machine: Machine;
  /** Nanoseconds of the same piece of work, at the beginning and at the end: machine.ts. */
  readonly speed: readonly [begin: number, end: number];
  readonly at: Date;
  readonly seconds: number;
  readonly findings: Findings;
}

const fewestRounds = 3;

export async function runSuite(suite: Suite, options: SuiteOptions): Promise<SuiteRun> {
  const { size, profileTo, say = () => {} } = options;
  const rounds = size === "smallest" ? 1 : Math.max(fewestRounds, options.rounds ?? fewestRounds);
  const { watchMs, turns } = size === "smallest" ? { watchMs: 1, turns: 1_000 } : { watchMs: 1_000, turns: 100_000 };
  const machine = await machineNow(watchMs);
  const speed = speedNow(turns);
  const at = new Date();
  const begun = performance.now();
  const bench: Bench = {
    size,
    rounds,
    say,
    pick: (sizes) => sizes[size],
    trial: (name, params, env = {}) =>
      runTrial(name, params, { here: size === "smallest", env, ...(profileTo === undefined ? {} : { profileTo }) }),
  };
  const findings = await suite.run(bench);
  const seconds = (performance.now() - begun) / 1000;
  return {
    suite: suite.name,
    about: suite.about,
    size,
    rounds,
    machine,
    speed: [speed, speedNow(turns)],
    at,
    seconds,
    findings,
  };
}
