/**
 * The bare loop, so many runs at once.
 *
 * Boundary: as durable-flows.ts, without the engine.
 */
import { join } from "node:path";
import { BareLoop, type BarePlace } from "../bare/bare-loop.ts";
import { loadWith, stepFigures } from "../clients.ts";
import { stepsPerRun } from "../flows/four-steps.ts";
import type { Figures } from "../suite.ts";
import type { DurableFlows } from "./durable-flows.ts";

export interface BareFlows extends DurableFlows {
  readonly place: BarePlace;
}

export async function trial({ folder, durability, place, ...load }: BareFlows): Promise<Figures> {
  const loop = await BareLoop.open(join(folder, "runs.db"), durability, place);
  const measured = await loadWith({
    ...load,
    async request() {
      const n = await loop.run();
      if (n !== stepsPerRun) throw new Error(`a wrong result: ${n}`);
    },
  });
  await loop.close();
  return stepFigures(measured, stepsPerRun);
}
