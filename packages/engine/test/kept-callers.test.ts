// Attacks what keeps callers in memory: it is bounded in time and in number, and lets go of the one that was silent longest.
import { VirtualClock } from "@plumbline/testing";
import { expect, it } from "vitest";
import { KeptCallers } from "../src/kept-callers.ts";

it("rule 22: callers are kept for a second after they heard, and at most 32", async () => {
  const clock = new VirtualClock();
  const gone: string[] = [];
  const kept = new KeptCallers<{ readonly id: string }>(clock, ({ id }) => gone.push(id));
  const callers = Array.from({ length: 33 }, (_, i) => ({ id: `${i}` }));
  for (const caller of callers.slice(0, 32)) kept.heard(caller);
  await clock.advance(600);
  kept.heard(callers[0] as never); // it hears again, and is not the most silent one any more
  kept.heard(callers[32] as never);
  expect(gone).toEqual(["1"]);
  await clock.advance(400);
  expect(gone).toHaveLength(31);
  expect(callers.filter((caller) => kept.has(caller)).map(({ id }) => id)).toEqual(["0", "32"]);
  await clock.advance(600);
  expect([gone.length, clock.pending]).toEqual([33, 0]);
  kept.heard(callers[5] as never);
  kept.clear();
  expect([kept.has(callers[5] as never), clock.pending]).toEqual([false, 0]);
});
