/**
 * A flow of two steps whose second one is under way when the process dies.
 *
 * Boundary: the definition; what the second step does is told by who runs it. Invariant: both processes have the same plan.
 */
import { type Flow, flow } from "plumbline";
import { z } from "zod";

const Numbered = z.object({ n: z.number() });

/** `second` is told the number of its run. */
export function inFlight(second: (n: number) => Promise<number>): Flow<{ n: number }, { n: number }> {
  return flow("in-flight", {
    input: Numbered,
    build($, { n }) {
      const first = $.step("first", { needs: { n }, output: Numbered }).by(({ n }) => ({ n }));
      return $.step("second", { needs: { n: first.n }, output: Numbered, timeout: "1h" }).by(async ({ n }) => ({
        n: await second(n),
      }));
    },
  });
}
