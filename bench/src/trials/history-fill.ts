/**
 * Fills a file with the history of runs that have ended, through the engine.
 *
 * Boundary: the file outlives this trial. Invariant: every result is checked while it is filled.
 */
import { openEngine, sqlite } from "plumbline";
import { fill, fillAtOnce } from "../fill.ts";
import { demandFour, fourSteps } from "../flows/four-steps.ts";
import type { Figures } from "../suite.ts";

export interface HistoryFill {
  readonly file: string;
  readonly runs: number;
}

export async function trial({ file, runs }: HistoryFill): Promise<Figures> {
  const flow = fourSteps("read");
  const begun = performance.now();
  const engine = await openEngine({ store: sqlite(file, { durability: "normal" }), flows: [flow] });
  await fill(runs, fillAtOnce, async () => {
    const run = await engine.start(flow, { n: 0 });
    const { outcome, output } = await run.result();
    demandFour(outcome, output);
  });
  await engine.close();
  return { fillMs: performance.now() - begun };
}
