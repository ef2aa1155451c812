/**
 * One of the threads of the flood in process: scores its share of the payments, with an engine in memory or with none.
 *
 * Boundary: begins when it is told, says how it went. Invariants: all are warm before any begins; an engine in memory keeps
 * what it has seen, so it is opened anew after so many payments, and that time counts.
 */
import { parentPort, workerData } from "node:worker_threads";
import { memory, openEngine } from "plumbline";
import { chooseFaults } from "../flows/member-fault.ts";
import { type Scored, scoringFlow } from "../flows/scoring.ts";
import { levelOf, memberNames, models, paymentOf } from "../flows/scoring-models.ts";
import { ScoredPayments } from "../scored.ts";
import type { FloodShare } from "./flood-memory.ts";

const share = workerData as FloodShare;
const faults = chooseFaults(share.total, share.seed);
const perEngine = 20_000;

async function scoreAll(first: number, count: number): Promise<ScoredPayments> {
  const scored = new ScoredPayments(first, count, faults);
  for (let done = 0; done < count; done += perEngine) {
    const until = first + Math.min(count, done + perEngine);
    await (share.engine ? withEngine(first + done, until, scored) : withoutEngine(first + done, until, scored));
  }
  scored.demandAll(count);
  return scored;
}

async function withEngine(first: number, until: number, scored: ScoredPayments): Promise<void> {
  const flow = scoringFlow(faults);
  const engine = await openEngine({ store: memory(), flows: [flow], unhandledRejections: "leave" });
  let next = first;
  await Promise.all(
    Array.from({ length: share.atOnce }, async () => {
      while (next < until) {
        const id = next++;
        const run = await engine.start(flow, paymentOf(id));
        scored.take(id, await run.result());
      }
    }),
  );
  await engine.close();
}

/** The same models and the same vote, by hand: no contracts, no timeouts, no journal, and no faults. */
async function withoutEngine(first: number, until: number, scored: ScoredPayments): Promise<void> {
  for (let id = first; id < until; id++) {
    const payment = paymentOf(id);
    const risks = await Promise.all(memberNames.map(async (name) => models[name](payment).risk));
    const risk = risks.sort((a, b) => a - b)[1] as number;
    const output: Scored = { id, risk, level: levelOf(risk), survivors: 3 };
    if (!faults.has(id)) scored.take(id, { ...plain, output });
    else scored.take(id, { ...plain, outcome: "degraded", output: { ...output, survivors: 2 } });
  }
}

const plain = {
  id: "",
  outcome: "succeeded" as const,
  degradations: [],
  partial: {},
  standing: [],
  cost: { usd: 0, tokens: 0 },
  ms: 0,
};

/** Milliseconds on a clock that all threads share, finer than the wall clock's. */
const instant = () => performance.timeOrigin + performance.now();

const port = parentPort;
if (!port) throw new Error("this file is the entry of a worker thread");
await scoreAll(0, share.warmUp);
port.postMessage("warm");
port.once("message", () => {
  const begun = instant();
  void scoreAll(share.first, share.count).then(({ tally }) => {
    port.postMessage({ ...tally, begun, ended: instant() });
    port.close();
  });
});
