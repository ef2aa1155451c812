// Plumbline, as its guide has it: one SQLite file, contracts on, durability full (the default) or normal.
// Boundary: the same harness as for the peers.
import { join } from "node:path";
import { flow, openEngine, sqlite } from "plumbline";
import { z } from "zod";
import { countUp, found, kinds, labels, madeOf } from "./four-steps.mjs";

const Counted = z.object({ n: z.number(), label: z.string(), score: z.number() });

const four = flow("four-steps", {
  input: z.object({ n: z.number() }),
  build($, { n }) {
    let last = { n };
    for (const label of labels) {
      last = $.step(label, { needs: { n: last.n }, output: Counted }).by(({ n }) => countUp(n, label));
    }
    return last;
  },
});

const carry = flow("carry", {
  input: z.object({ kind: z.enum(kinds) }),
  build($, { kind }) {
    const value = $.step("make", { needs: { kind }, output: z.any(), retry: { maxAttempts: 1 } }).by(({ kind }) => ({
      held: madeOf(kind),
    }));
    return $.step("look", { needs: { value }, output: z.string() }).by(({ value }) => found(value.held));
  },
});

export async function open(folder, { durability = "full" } = {}) {
  const engine = await openEngine({ store: sqlite(join(folder, "runs.db"), { durability }), flows: [four, carry] });
  const answer = async (flow, input) => {
    const run = await engine.start(flow, input);
    const { outcome, output, failure } = await run.result();
    if (outcome !== "succeeded") throw new Error(failure?.message ?? outcome);
    return output;
  };
  return {
    four: () => answer(four, { n: 0 }),
    carry: (kind) => answer(carry, { kind }),
    close: () => engine.close(),
  };
}
