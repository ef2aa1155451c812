/**
 * The durable flood: payments scored on a file for as long as it is told, with faults injected on the way.
 *
 * Boundary: one process, one engine, one file. Invariants: every payment has one answer, degraded exactly where a fault was
 * injected; the file holds as many ended runs; the slowest stretch of time is told beside the whole.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openEngine, sqlite } from "plumbline";
import { chooseFaults } from "../flows/member-fault.ts";
import { scoringFlow } from "../flows/scoring.ts";
import { paymentOf } from "../flows/scoring-models.ts";
import { ScoredPayments } from "../scored.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export interface FloodDurable extends TrialPlace {
  readonly forMs: number;
  readonly atOnce: number;
  readonly seed: number;
  /** The faults meet payments below this number; more than so many must be scored. */
  readonly faultsWithin: number;
  readonly stretchMs: number;
}

/** More than any machine scores in a minute. */
const mostPayments = 50_000_000;

export async function trial(params: FloodDurable): Promise<Figures> {
  const { folder, forMs, atOnce, seed, faultsWithin, stretchMs } = params;
  const file = join(folder, "runs.db");
  const faults = chooseFaults(faultsWithin, seed);
  const flow = scoringFlow(faults);
  const scored = new ScoredPayments(0, mostPayments, faults);
  const engine = await openEngine({ store: sqlite(file), flows: [flow] });
  const begun = performance.now();
  const stretches: number[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() - begun < forMs || next < faultsWithin) {
        const id = next++;
        const run = await engine.start(flow, paymentOf(id));
        scored.take(id, await run.result());
        const stretch = Math.floor((performance.now() - begun) / stretchMs);
        stretches[stretch] = (stretches[stretch] ?? 0) + 1;
      }
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  await engine.close();
  scored.demandAll(next);
  const { answered, degraded } = scored.tally;
  const ended = endedIn(file);
  if (degraded !== faults.size || ended !== answered) {
    throw new Error(`${degraded} of ${faults.size} degraded, ${ended} runs ended for ${answered} answers`);
  }
  const whole = stretches.slice(0, Math.max(1, Math.floor((seconds * 1000) / stretchMs)));
  const slowest = Math.min(...Array.from(whole, (count) => count ?? 0)) / (stretchMs / 1000);
  return { requestsPerSecond: answered / seconds, slowestStretch: slowest, degraded, answered };
}

function endedIn(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  const count = Number(db.prepare("SELECT count(*) AS n FROM runs WHERE status = 4 AND outcome < 2").get()?.n);
  db.close();
  return count;
}
