/**
 * Requests over twelve flaky services, many at once, in one of four ways: by hand, by hand with the flow's policy, as a flow
 * in memory, as a flow on a file.
 *
 * Boundary: a way in a process of its own; the services are simulated. Invariants: the n-th request meets the same services in
 * every way; every answer is checked, and one to whom nothing unusual happened must be whole; what a way adds is its time
 * beyond that of the services, over requests that met nothing unusual.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { memory, openEngine, sqlite } from "plumbline";
import { openBareWriter } from "../bare/bare-writer.ts";
import { declaredPipeline, type Offer } from "../flows/before-after.ts";
import { pipelineByHand, withHedges, withRetries } from "../flows/by-hand.ts";
import { FlakyServices, rightValues, services } from "../flows/flaky-services.ts";
import { quantile } from "../rounds.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export type Way = "by-hand" | "by-hand-hedged" | "memory" | "file";

export interface BeforeAfter extends TrialPlace {
  readonly way: Way;
  readonly requests: number;
  readonly warmUp: number;
  readonly atOnce: number;
  readonly seed: number;
  /** Raw commits on the same disk, afterwards: what the time that a file adds is measured in. */
  readonly rawCommits: number;
}

/** What a request came to: undefined when the customer was given nothing. */
interface Came {
  readonly offer: Offer | undefined;
  /** Whether the caller is told that something was not as it should be. */
  readonly isMarked: boolean;
}

interface Asking {
  ask(request: number): Promise<Came>;
  close(): Promise<void>;
}

export async function trial({
  folder,
  way,
  requests,
  warmUp,
  atOnce,
  seed,
  rawCommits,
}: BeforeAfter): Promise<Figures> {
  const flaky = new FlakyServices(seed);
  const { ask, close } = await askingBy(way, flaky, folder);
  const times: number[] = [];
  const added: number[] = [];
  const shares = { failed: 0, substituted: 0, marked: 0 };
  async function one(request: number): Promise<void> {
    const begun = performance.now();
    const { offer, isMarked } = await ask(request);
    const ms = performance.now() - begun;
    const usualMs = flaky.usualMs(request);
    const isWhole = demandRight(request, offer, usualMs !== undefined);
    if (request < warmUp) return;
    times.push(ms);
    if (usualMs !== undefined) added.push(ms - usualMs);
    if (!offer) shares.failed++;
    else if (!isWhole) shares.substituted++;
    if (offer && isMarked) shares.marked++;
  }
  await clients(warmUp + requests, atOnce, one);
  await close();
  if (times.length !== requests) throw new Error(`${times.length} of ${requests} were answered`);
  const percent = (count: number) => (100 * count) / requests;
  return {
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    addedP50Ms: quantile(added, 0.5),
    addedP99Ms: quantile(added, 0.99),
    usualPercent: percent(added.length),
    failedPercent: percent(shares.failed),
    substitutedPercent: percent(shares.substituted),
    markedPercent: percent(shares.marked),
    ...(way === "file" ? { rawCommitMs: await rawCommitMs(folder, rawCommits) } : {}),
  };
}

/** As far apart as commits are for a single request: one in a tight loop finds everything awake and takes half the time. */
const rawGapMs = 20;

/** One row of links, by SQLite alone, in this thread and with the engine's settings. */
async function rawCommitMs(folder: string, count: number): Promise<number> {
  const writer = await openBareWriter(join(folder, "raw.db"), "full");
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    await sleep(rawGapMs);
    const begun = performance.now();
    writer.commit({ runs: [1], lengths: [3], ats: [at], bodies: ['[{"kind":"step.completed"}]'], ids: [] });
    times.push(performance.now() - begun);
  }
  writer.close();
  return quantile(times, 0.5);
}

async function askingBy(way: Way, flaky: FlakyServices, folder: string): Promise<Asking> {
  if (way === "by-hand" || way === "by-hand-hedged") {
    const caller = way === "by-hand" ? withRetries : withHedges;
    return {
      ask: async (request) => {
        const offer = await pipelineByHand(request, flaky, caller).catch(() => undefined);
        return { offer, isMarked: false };
      },
      close: async () => {},
    };
  }
  const flow = declaredPipeline(flaky);
  const store = way === "memory" ? memory() : sqlite(join(folder, "runs.db"));
  const engine = await openEngine({ store, flows: [flow] });
  return {
    ask: async (request) => {
      const run = await engine.start(flow, { request });
      const { outcome, output } = await run.result();
      return { offer: output, isMarked: outcome === "degraded" };
    },
    close: () => engine.close(),
  };
}

/** Whether all services answered themselves; refuses an answer that is wrong, or one that is lacking without a cause. */
function demandRight(request: number, offer: Offer | undefined, isUsual: boolean): boolean {
  const substituted = services.filter(({ name }) => offer?.substitutes[name]);
  const isWhole = offer !== undefined && substituted.length === 0;
  const right = rightValues(request, new Set(substituted.map(({ name }) => name)));
  const isRight = offer === undefined || right.every((value, index) => value === offer.values[index]);
  if (!isRight || (isUsual && !isWhole) || substituted.some(({ required }) => required)) {
    throw new Error(`request ${request}: ${JSON.stringify(offer)} where ${right} was right`);
  }
  return isWhole;
}

/** Clients that ask again as soon as they have their answer; the first requests find all of them in step, so they do not count. */
async function clients(requests: number, atOnce: number, one: (request: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < requests) await one(next++);
    }),
  );
}
