/**
 * The flood in process: three models and a vote for each payment, on worker threads.
 *
 * Boundary: shares the payments out and adds the answers up. Invariants: time runs from the first thread's beginning to the
 * last one's end; all answers are counted, and exactly the injected faults degraded.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { injectedFaults } from "../flows/member-fault.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export interface FloodMemory extends TrialPlace {
  readonly requests: number;
  readonly threads: number;
  readonly atOnce: number;
  readonly warmUp: number;
  readonly seed: number;
  /** Without, the same models are voted by hand. */
  readonly engine: boolean;
}

export interface FloodShare extends Omit<FloodMemory, "requests" | "folder"> {
  /** Of all threads together. */
  readonly total: number;
  readonly first: number;
  readonly count: number;
}

interface Told {
  readonly answered: number;
  readonly degraded: number;
  readonly begun: number;
  readonly ended: number;
}

export async function trial({ requests, threads, folder: _, ...rest }: FloodMemory): Promise<Figures> {
  const count = Math.floor(requests / threads);
  const total = count * threads;
  const workers = Array.from({ length: threads }, (_, index) => {
    const share: FloodShare = { ...rest, threads, total, first: index * count, count };
    return new Worker(new URL("./flood-thread.ts", import.meta.url), { workerData: share });
  });
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const ends = workers.map((worker) => once(worker, "message"));
  for (const worker of workers) worker.postMessage("begin");
  const told = (await Promise.all(ends)).map(([message]) => message as Told);
  const sum = (of: (one: Told) => number) => told.reduce((all, one) => all + of(one), 0);
  const [answered, degraded] = [sum((one) => one.answered), sum((one) => one.degraded)];
  const expected = Math.min(injectedFaults, total);
  if (answered !== total || degraded !== expected) {
    throw new Error(`${answered} of ${total} answered, ${degraded} of ${expected} degraded`);
  }
  const seconds = (Math.max(...told.map(({ ended }) => ended)) - Math.min(...told.map(({ begun }) => begun))) / 1000;
  return { requestsPerSecond: total / seconds, degraded, answered };
}
