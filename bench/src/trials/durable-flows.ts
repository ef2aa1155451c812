/**
 * The four-step flow on a file, so many runs at once.
 *
 * Boundary: one store, one engine, one process. Invariant: every result is checked.
 */
import { join } from "node:path";
import { openEngine, sqlite } from "plumbline";
import { loadWith, stepFigures } from "../clients.ts";
import { demandFour, fourSteps, stepsPerRun } from "../flows/four-steps.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export interface DurableFlows extends TrialPlace {
  readonly atOnce: number;
  readonly durability: "full" | "normal";
  readonly warmUpMs: number;
  readonly forMs: number;
}

export async function trial({ folder, durability, ...load }: DurableFlows): Promise<Figures> {
  const flow = fourSteps("read");
  const engine = await openEngine({ store: sqlite(join(folder, "runs.db"), { durability }), flows: [flow] });
  const measured = await loadWith({
    ...load,
    async request() {
      const run = await engine.start(flow, { n: 0 });
      const { outcome, output } = await run.result();
      demandFour(outcome, output);
    },
  });
  await engine.close();
  return stepFigures(measured, stepsPerRun);
}
