/**
 * Kills a process with many runs in flight, and takes its file over.
 *
 * Boundary: the victim is a process of its own; this one measures from opening the file. Invariant: each run's second step is
 * called once more, every run ends, and the file holds as many ended runs as were started.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { openEngine, sqlite } from "plumbline";
import { inFlight } from "../flows/in-flight.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export interface Recovery extends TrialPlace {
  readonly runs: number;
}

export async function trial({ folder, runs }: Recovery): Promise<Figures> {
  const file = join(folder, "runs.db");
  await killInFlight(file, runs);
  const calls = new Uint8Array(runs);
  let called = 0;
  const all = Promise.withResolvers<void>();
  const flow = inFlight(async (n) => {
    calls[n] = (calls[n] ?? 0) + 1;
    if (++called === runs) all.resolve();
    await all.promise; // as before the death: all of them are under way at once
    return n;
  });
  const begun = performance.now();
  const engine = await openEngine({ store: sqlite(file), flows: [flow] });
  const openMs = performance.now() - begun;
  await all.promise;
  const goingOnMs = performance.now() - begun;
  while ((await engine.list({ status: "running", limit: 1 })).items.length > 0) await delay(5);
  const endedMs = performance.now() - begun;
  await engine.close();
  const wrong = calls.findIndex((times) => times !== 1);
  if (wrong !== -1) throw new Error(`the step of run ${wrong} was called ${calls[wrong]} times`);
  const succeeded = succeededIn(file);
  if (succeeded !== runs) throw new Error(`${succeeded} of ${runs} runs succeeded`);
  return { openMs, goingOnMs, endedMs };
}

async function killInFlight(file: string, runs: number): Promise<void> {
  const victim = fork(join(import.meta.dirname, "victim.ts"), [file, String(runs)], {
    execArgv: ["--conditions=plumbline-source", "--no-warnings"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const died = once(victim, "exit");
  await Promise.race([
    once(victim, "message"),
    died.then(() => {
      throw new Error("the victim died by itself");
    }),
  ]);
  victim.kill("SIGKILL");
  await died;
}

function succeededIn(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  const count = Number(db.prepare("SELECT count(*) AS n FROM runs WHERE status = 4 AND outcome = 0").get()?.n);
  db.close();
  return count;
}
