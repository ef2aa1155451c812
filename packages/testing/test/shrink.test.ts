// A failing run is made smaller node by node, also in nested scopes, and still fails; what the builder refuses is no smaller flow.
import { expect, test } from "vitest";
import { type FlowDescription, scopesIn } from "../src/flow-description.ts";
import { type SimulationResult, shrink, simulate, variedOptions } from "../src/index.ts";

type Scope = Pick<FlowDescription, "nodes">;
const count = (scope: Scope, fits: (kind: string) => boolean): number =>
  scope.nodes.reduce((sum, node) => {
    const inside = scopesIn(node).reduce((all, [, inner]) => all + count(inner, fits), 0);
    return sum + inside + (fits(node.kind) ? 1 : 0);
  }, 0);

/** Everything with a sleep in it is said to be wrong. */
const blamingSleeps: typeof simulate = (options, given) => {
  const result = simulate(options, given);
  return { ...result, problems: count(result.description, (kind) => kind === "sleep") > 0 ? ["it sleeps"] : [] };
};

test("what is left is the node that is to blame and the scopes around it, and that still fails", () => {
  let shrunk = 0;
  for (let seed = 1; shrunk < 12; seed++) {
    const options = { ...variedOptions(seed), maxDepth: 3, maxNodes: 12, waits: true };
    const failing: SimulationResult = blamingSleeps(options);
    if (failing.problems.length === 0) continue;
    const { description, problems } = shrink(failing, blamingSleeps);
    shrunk++;
    expect(problems).toEqual(["it sleeps"]);
    const others = count(description, (kind) => kind !== "sleep" && kind !== "ensemble");
    const around = count(description, (kind) => ["branch", "map", "loop"].includes(kind));
    expect([seed, count(description, (kind) => kind === "sleep"), others]).toEqual([seed, 1, around]);
    expect(count(description, () => true)).toBeLessThanOrEqual(count(failing.description, () => true));
  }
});
