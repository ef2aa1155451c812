/**
 * What becomes of the host process during a flood: its timers, the aborts of its steps, and the answers of its HTTP server.
 *
 * Boundary: one process with all of them; a slow disk comes from outside (slow-sync.c). Invariant: all are measured at once.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Engine, flow, openEngine, sqlite, template } from "plumbline";
import { z } from "zod";
import { loadWith } from "../clients.ts";
import { demandFour, fourSteps, stepsPerRun } from "../flows/four-steps.ts";
import { type Lateness, latenessOf, startHeartbeat } from "../lateness.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export interface Stall extends TrialPlace {
  readonly atOnce: number;
  readonly warmUpMs: number;
  readonly forMs: number;
}

const pingEveryMs = 10;
const abortAfterMs = 50;

export async function trial({ folder, atOnce, warmUpMs, forMs }: Stall): Promise<Figures> {
  const flood = fourSteps("read");
  const aborts = hangingFlow();
  const engine = await openEngine({ store: sqlite(join(folder, "runs.db")), flows: [flood, aborts.flow] });
  const host = await servePings();
  let stopHeart: (() => Lateness) | undefined;
  let isOver = false;
  const warm = setTimeout(() => {
    stopHeart = startHeartbeat();
    aborts.late.length = 0; // those of the start, when all clients come at once, are part of the warm-up
    host.begin();
  }, warmUpMs);
  const aborting = keepAborting(engine, aborts.flow.name, () => isOver);
  const { perSecond } = await loadWith({
    atOnce,
    warmUpMs,
    forMs,
    async request() {
      const run = await engine.start(flood, { n: 0 });
      const { outcome, output } = await run.result();
      demandFour(outcome, output);
    },
  });
  isOver = true;
  clearTimeout(warm);
  if (!stopHeart) throw new Error("the flood ended before the warm-up");
  const heart = stopHeart();
  const pings = latenessOf(await host.end());
  await aborting;
  await engine.close();
  return {
    timerP99Ms: heart.p99,
    timerMostMs: heart.most,
    httpP99Ms: pings.p99,
    httpMostMs: pings.most,
    abortP99Ms: latenessOf(aborts.late).p99,
    stepsPerSecond: perSecond * stepsPerRun,
  };
}

/** Its step never answers; what it notes is how late it was told to stop. */
function hangingFlow() {
  const late: number[] = [];
  const hangs = flow("hangs", {
    input: z.object({}),
    build: ($) =>
      $.step("hang", { output: z.string(), timeout: abortAfterMs, retry: { maxAttempts: 1 } }).by(
        (_needs, { signal }) => {
          const begun = performance.now();
          signal.addEventListener("abort", () => late.push(performance.now() - begun - abortAfterMs));
          return new Promise<string>(() => {});
        },
        template(() => "stopped"),
      ),
  });
  return { flow: hangs, late };
}

async function keepAborting(engine: Engine, name: string, isOver: () => boolean): Promise<void> {
  do {
    const run = await engine.start(name, {});
    const { outcome } = await run.result();
    if (outcome !== "degraded") throw new Error(`a step that hangs: ${outcome}`);
  } while (!isOver());
}

async function servePings() {
  const server = createServer((_request, response) => response.end("here"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  let client: Worker | undefined;
  return {
    begin() {
      client = new Worker(new URL("./ping-thread.ts", import.meta.url), {
        workerData: { port, everyMs: pingEveryMs },
      });
    },
    async end(): Promise<number[]> {
      client?.postMessage("stop");
      const [delays] = (await once(client as Worker, "message")) as [number[]];
      server.close();
      server.closeAllConnections();
      return delays;
    },
  };
}
