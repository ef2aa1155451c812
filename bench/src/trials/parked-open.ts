/**
 * Opens a file of parked runs: how long it takes, what stays in memory, and how long it takes to decide one of them.
 *
 * Boundary: a fresh process. Invariant: memory is what the process holds more than with an empty file open, after a collection.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openEngine, sqlite } from "plumbline";
import { waitsForPerson } from "../flows/parked.ts";
import { quantile } from "../rounds.ts";
import { sampleIds } from "../sample-ids.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export interface ParkedOpen extends TrialPlace {
  readonly file: string;
  readonly runs: number;
  readonly decisions: number;
}

export async function trial({ folder, file, runs, decisions }: ParkedOpen): Promise<Figures> {
  const flows = [waitsForPerson];
  const empty = await openEngine({ store: sqlite(join(folder, "empty.db")), flows });
  const before = await residentBytes();
  await empty.close();
  const begun = performance.now();
  const engine = await openEngine({ store: sqlite(file), flows });
  const startUpMs = performance.now() - begun;
  const after = await residentBytes();
  const times: number[] = [];
  for (const run of sampleIds(file, decisions, "waits")) {
    const asked = performance.now();
    const { status } = await engine.decide({ run, decision: { approved: true } });
    times.push(performance.now() - asked);
    if (status !== "decided") throw new Error(`${run}: ${status}`);
  }
  await engine.close();
  return {
    startUpMs,
    bytesPerRun: Math.max(0, after - before) / runs,
    decideP50Ms: quantile(times, 0.5),
    decideP99Ms: quantile(times, 0.99),
  };
}

async function residentBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await delay(20);
  }
  return process.memoryUsage().rss;
}
