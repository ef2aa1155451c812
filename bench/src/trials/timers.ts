/**
 * Many runs that sleep until instants of one and the same second.
 *
 * Boundary: lateness is from the instant to the result in hand. Invariant: every run is there before the second begins, or the
 * trial fails.
 */
import { join } from "node:path";
import { openEngine, sqlite } from "plumbline";
import { fill, fillAtOnce } from "../fill.ts";
import { waitsForInstant } from "../flows/parked.ts";
import { latenessOf } from "../lateness.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export interface Timers extends TrialPlace {
  readonly runs: number;
  /** From now to the first instant. */
  readonly leadMs: number;
  readonly withinMs: number;
}

export async function trial({ folder, runs, leadMs, withinMs }: Timers): Promise<Figures> {
  const engine = await openEngine({ store: sqlite(join(folder, "runs.db")), flows: [waitsForInstant] });
  const first = Date.now() + leadMs;
  const late: number[] = [];
  const ends: Promise<void>[] = [];
  await fill(runs, fillAtOnce, async (index) => {
    const at = Math.floor(first + (index / runs) * withinMs);
    const run = await engine.start(waitsForInstant, { at });
    ends.push(
      run.result().then(({ outcome, output }) => {
        late.push(Date.now() - at);
        if (outcome !== "succeeded" || output !== at) throw new Error(`a sleeper: ${outcome} ${output}`);
      }),
    );
  });
  if (Date.now() > first) throw new Error("the first instant came before all runs were there: raise leadMs");
  await Promise.all(ends);
  const allMs = Date.now() - first;
  await engine.close();
  const { p50, p99 } = latenessOf(late);
  return { lateP50Ms: p50, lateP99Ms: p99, allMs };
}
