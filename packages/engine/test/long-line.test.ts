// A long line at a scarce resource: work that ends at once does not pile up on the stack, and whoever is dropped does not begin.
import { flow } from "@plumbline/core";
import { memory, openEngine } from "@plumbline/engine";
import { expect, test } from "vitest";
import { z } from "zod";

function scarce(work: () => unknown) {
  return flow("scarce", {
    input: z.number(),
    build: ($, input) =>
      $.step("work", { needs: { input }, output: z.unknown(), retry: { maxAttempts: 1 } }).by({
        run: work,
        limit: { name: "one", concurrency: 1 },
      }),
  });
}

test("rule 32: three thousand attempts in line, whose work ends at once, all end", async () => {
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  const work = scarce(() => (calls++ === 0 ? gate.promise : null));
  const engine = await openEngine({ store: memory(), flows: [work] });
  const runs = await Promise.all(Array.from({ length: 3_000 }, (_, index) => engine.start(work, index)));
  gate.resolve();
  const results = await Promise.all(runs.map((run) => run.result()));
  expect(results.filter(({ outcome }) => outcome !== "succeeded")).toEqual([]);
  await engine.close();
});

test("rule 4: an engine that closes begins nobody who was in line", async () => {
  let calls = 0;
  const work = scarce(() => {
    calls++;
    return new Promise(() => {});
  });
  const engine = await openEngine({ store: memory(), flows: [work], grace: 10 });
  await Promise.all(Array.from({ length: 20 }, (_, index) => engine.start(work, index)));
  await expect.poll(() => calls).toBe(1);
  await engine.close();
  expect(calls).toBe(1);
});
