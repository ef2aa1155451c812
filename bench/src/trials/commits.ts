/**
 * How many commits one run of each kind makes: counted, not timed.
 *
 * Boundary: one run at a time, so that nothing shares a commit with a neighbour.
 */
import { join } from "node:path";
import { FaultyStore } from "@plumbline/testing";
import { type Flow, flow, openEngine, sqlite } from "plumbline";
import { z } from "zod";
import { fourSteps } from "../flows/four-steps.ts";
import { shapes } from "../flows/shapes.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

const N = z.object({ n: z.number() });

const effects = flow("four-effects", {
  input: N,
  build($, { n }) {
    const effect = (name: string, n: unknown, after: number) =>
      $.step(name, { needs: { n: n as number, after }, output: N, kind: "effect" }).by(({ n }) => ({ n: n + 1 }));
    const first = effect("first", n, 0);
    const second = effect("second", first.n, 1);
    const third = effect("third", second.n, 2);
    return effect("fourth", third.n, 3);
  },
});

export interface Commits extends TrialPlace {
  /** So many of the kinds, the first ones. */
  readonly kinds: number;
}

export async function trial({ folder, kinds }: Commits): Promise<Figures> {
  const reads = fourSteps("read");
  const counted: readonly (readonly [name: string, flow: Flow<never>, input: unknown, key?: string])[] = [
    ["4-reads", reads, { n: 0 }],
    ["4-reads-with-key", reads, { n: 0 }, "a key"],
    ["4-pure", fourSteps("pure"), { n: 0 }],
    ["4-effects", effects, { n: 0 }],
    ...shapes({ chain: 10, fanOut: 100 }).map(({ name, flow, input }) => [name, flow, input] as const),
  ];
  const found: [string, number][] = [];
  for (const [name, one, input, key] of counted.slice(0, kinds))
    found.push([name, await commitsOf(folder, one, input, key)]);
  return Object.fromEntries(found);
}

async function commitsOf(folder: string, one: Flow<never>, input: unknown, key?: string): Promise<number> {
  const choice = sqlite(join(folder, `${one.name}-${key ?? ""}.db`));
  let store: FaultyStore | undefined;
  const open = async (file?: string) => {
    store = new FaultyStore(await choice.open(file));
    return store;
  };
  const engine = await openEngine({ store: { ...choice, open }, flows: [one] });
  const run = await engine.start(one.name, input, key === undefined ? {} : { key });
  const { outcome } = await run.result();
  await engine.close();
  if (outcome !== "succeeded") throw new Error(`${one.name}: ${outcome}`);
  return store?.counts.commits ?? 0;
}
