// Attacks what keeps runs in memory a moment longer: it is bounded in time and in number, and lets go of the one that was silent longest.
import { VirtualClock } from "@plumbline/testing";
import { expect, it } from "vitest";
import { KeptRuns } from "../src/kept-runs.ts";

it("rule 22: runs are kept for a second after they heard, and at most 32", async () => {
  const clock = new VirtualClock();
  const gone: string[] = [];
  const kept = new KeptRuns<{ readonly id: string }>(clock, ({ id }) => gone.push(id));
  const runs = Array.from({ length: 33 }, (_, i) => ({ id: `${i}` }));
  for (const run of runs.slice(0, 32)) kept.heard(run);
  await clock.advance(600);
  kept.heard(runs[0] as never); // it hears again, and is not the most silent one any more
  kept.heard(runs[32] as never);
  expect(gone).toEqual(["1"]);
  await clock.advance(400);
  expect(gone).toHaveLength(31);
  expect(runs.filter((run) => kept.has(run)).map(({ id }) => id)).toEqual(["0", "32"]);
  await clock.advance(600);
  expect([gone.length, clock.pending]).toEqual([33, 0]);
  kept.heard(runs[5] as never);
  kept.clear();
  expect([kept.has(runs[5] as never), clock.pending]).toEqual([false, 0]);
});
