/**
 * The flow that every system of this benchmark runs: four steps in a row that do nothing, each under a contract.
 *
 * Boundary: Plumbline's spelling of it; the peers' stand in peers/. Invariant: steps give `{ n, label, score }` and count
 * up, so that a result that is not 4 shows work that was lost or done twice.
 */
import { type Flow, flow } from "plumbline";
import { z } from "zod";

const Begin = z.object({ n: z.number() });
const Counted = z.object({ n: z.number(), label: z.string(), score: z.number() });
export type Begin = z.infer<typeof Begin>;
export type Counted = z.infer<typeof Counted>;

export const stepsPerRun = 4;

export async function countUp(n: number, label: string): Promise<Counted> {
  return { n: n + 1, label, score: 0.5 };
}

/** `read` steps are durable before the next one starts, `pure` ones may share a commit. */
export function fourSteps(kind: "read" | "pure"): Flow<Begin, Counted> {
  return flow(kind === "read" ? "four-steps" : "four-pure-steps", {
    input: Begin,
    build($, { n }) {
      const first = $.step("first", { needs: { n }, output: Counted, kind }).by(({ n }) => countUp(n, "first"));
      const second = $.step("second", { needs: { n: first.n }, output: Counted, kind }).by(({ n }) =>
        countUp(n, "second"),
      );
      const third = $.step("third", { needs: { n: second.n }, output: Counted, kind }).by(({ n }) =>
        countUp(n, "third"),
      );
      return $.step("fourth", { needs: { n: third.n }, output: Counted, kind }).by(({ n }) => countUp(n, "fourth"));
    },
  });
}

/** Refuses what is not the answer of four steps. */
export function demandFour(outcome: string, output: Counted | undefined): void {
  if (outcome === "succeeded" && output?.n === stepsPerRun && output.label === "fourth") return;
  throw new Error(`a wrong result: ${outcome} ${JSON.stringify(output)}`);
}
