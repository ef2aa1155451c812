// Attacks limits: many runs at one resource, their order, those who leave the line, suspects, crashes and failures of the store.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { busy, Gauge, limited, resultsFrom, resultsOf, startMany, type Work } from "./fixtures/limited-flow.ts";
import { after, drive, entriesOfKind, storeKinds, until, usePlace } from "./fixtures/place.ts";

for (const kind of storeKinds) {
  describe(`concurrency: ${kind}`, () => {
    const here = usePlace(kind);

    it("rule 32: so many at a time over all runs, first come first served, and time in line is no part of the limit", async () => {
      const { place } = here;
      const gauge = new Gauge();
      const order: number[] = [];
      const work = busy(place, gauge, 1_000);
      const made = limited(
        (needs, context) => {
          order.push(needs.n);
          return work(needs, context);
        },
        { name: "gpu", concurrency: 3 },
      );
      const engine = await place.open([made]);
      const runs = await startMany(engine, made, 12);
      const results = await resultsOf(place, runs, 100);
      expect(results.map(({ outcome }) => outcome)).toEqual(Array(12).fill("succeeded"));
      expect(gauge.most).toBe(3);
      expect(order).toEqual([...Array(12).keys()]);
    });

    it("what an attempt took is its own time, without that in line", async () => {
      const { place } = here;
      const made = limited(
        async ({ n }, { log }) => {
          await after(place, 100);
          log("done");
          return n;
        },
        { name: "gpu", concurrency: 1 },
      );
      const engine = await place.open([made]);
      const runs = await startMany(engine, made, 2);
      await resultsOf(place, runs, 10);
      for (const { id } of runs) {
        const [completed] = await entriesOfKind(engine, id, "step.completed");
        expect(completed).toMatchObject({ ms: 100, log: [{ ms: 100 }] });
      }
    });

    it("rule 4: places and line are there again after a failure of the store", async () => {
      const { place } = here;
      const gauge = new Gauge();
      const made = limited(
        async ({ n }, { signal }) => {
          gauge.enter();
          signal.addEventListener("abort", () => gauge.leave());
          await after(place, 100);
          if (!signal.aborted) gauge.leave();
          return n;
        },
        { name: "gpu", concurrency: 2 },
      );
      const engine = await place.open([made]);
      const runs = await startMany(engine, made, 6, true);
      place.store.fail({ at: 1, when: "before" });
      const results = await resultsFrom(place, engine, runs);
      expect(results.map(({ output }) => output)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(gauge.most).toBe(2);
    });

    it("flows that name the same resource share it; a failure and a timeout give their place back", async () => {
      const { place } = here;
      const gauge = new Gauge();
      const work: Work = async ({ n }) => {
        gauge.enter();
        try {
          if (n === 1) throw new Error("broken");
          await after(place, 500);
          return n;
        } finally {
          gauge.leave();
        }
      };
      const limit = { name: "shared", concurrency: 1 };
      const [one, two] = [limited(work, limit, "one"), limited(work, limit, "two")];
      const hanging = limited(() => new Promise(() => {}), limit, "hanging");
      const engine = await place.open([one, two, hanging]);
      const runs = [
        await engine.start(hanging, { n: 0 }),
        await engine.start(one, { n: 1 }),
        await engine.start(two, { n: 2 }),
        await engine.start(one, { n: 3 }),
      ];
      const results = await resultsOf(place, runs, 100);
      expect(results.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "succeeded", "succeeded"]);
      expect(gauge.most).toBe(1);
      for (const [index, least] of [2_000, 2_000, 2_500, 3_000].entries()) {
        expect(results[index]?.ms).toBeGreaterThanOrEqual(least);
      }
    });

    it("rule 9: an attempt in line of a run that is stopped leaves it; those behind it move up", async () => {
      const { place } = here;
      const order: number[] = [];
      const made = limited(
        async ({ n }) => {
          order.push(n);
          await after(place, 1_000);
          return n;
        },
        { name: "gpu", concurrency: 1 },
      );
      const engine = await place.open([made]);
      const runs = await startMany(engine, made, 5);
      await place.clock.advance(10);
      for (const at of [1, 3]) await engine.cancel(runs[at]?.id as string);
      const results = await resultsOf(place, runs, 100);
      expect(order).toEqual([0, 2, 4]);
      expect(results.map(({ outcome }) => outcome)).toEqual([
        "succeeded",
        "cancelled",
        "succeeded",
        "cancelled",
        "succeeded",
      ]);
    });

    it("rule 7: an effect in line of a run that is stopped has not begun, and is not undone", async () => {
      const { place } = here;
      const calls: string[] = [];
      const made = flow("effects", {
        input: z.object({ n: z.number() }),
        build: ($, { n }) =>
          $.step("book", {
            needs: { n },
            kind: "effect",
            output: z.number(),
            compensate: ({ needs }) => void calls.push(`undo ${needs.n}`),
          }).by({
            limit: { name: "bank", concurrency: 1 },
            run: async ({ n }) => {
              calls.push(`book ${n}`);
              await after(place, 1_000);
              return n;
            },
          }),
      });
      const engine = await place.open([made]);
      const [one, two] = [await engine.start(made, { n: 1 }), await engine.start(made, { n: 2 })];
      await drive(place, until(engine, two.id, "attempt.started"));
      await engine.cancel(two.id);
      expect(await drive(place, two.result())).toMatchObject({ outcome: "cancelled", standing: [] });
      expect(await drive(place, one.result())).toMatchObject({ outcome: "succeeded", output: 1 });
      expect(calls).toEqual(["book 1"]);
      expect(await entriesOfKind(engine, two.id, "attempt.failed")).toMatchObject([
        { failure: { kind: "not-applied" } },
      ]);
    });

    it("rule 5: a suspect keeps to its rung's limit, in line with everybody else, and alone among suspects", async () => {
      const { place } = here;
      const gauge = new Gauge();
      const order: number[] = [];
      let hangs = true;
      const work = busy(place, gauge, 100);
      const made = limited(
        async (needs, context) => {
          if (hangs) await new Promise(() => {});
          order.push(needs.n);
          return work(needs, context);
        },
        { name: "gpu", concurrency: 1 },
        "limited",
        "1d", // what was killed goes on in this process, and must not end
      );
      const first = await place.open([made]);
      const runs = await startMany(first, made, 2, true);
      for (const { id } of runs) await drive(place, until(first, id, "run.started"));
      await place.restart([made]); // lost once, and twice
      hangs = false;
      const engine = await place.restart([made]);
      runs.push(
        ...[await engine.start(made, { n: 2 }, { key: "2" }), await engine.start(made, { n: 3 }, { key: "3" })],
      );
      const results = await resultsFrom(place, engine, runs);
      expect(results.map(({ output }) => output)).toEqual([0, 1, 2, 3]);
      expect(await entriesOfKind(engine, runs[0]?.id as string, "attempt.lost")).toHaveLength(2);
      expect(gauge.most).toBe(1);
      expect(order.toSorted()).toEqual([0, 1, 2, 3]);
    });

    it("rule 9: a suspect in line of a run that is stopped leaves both lines, and those behind it begin", async () => {
      const { place } = here;
      const calls: number[] = [];
      let hangs = true;
      const made = limited(
        async ({ n }) => {
          calls.push(n);
          if (hangs) await new Promise(() => {});
          await after(place, 100);
          return n;
        },
        { name: "gpu", concurrency: 1 },
        "limited",
        "1d",
      );
      const first = await place.open([made]);
      const runs = await startMany(first, made, 3, true);
      for (const { id } of runs) await drive(place, until(first, id, "run.started"));
      await place.restart([made]);
      const engine = await place.restart([made]);
      while (calls.length < 3) await place.clock.advance(1); // one in each process
      const atWork = calls[2] as number;
      const [inLane, last] = [0, 1, 2].filter((n) => n !== atWork);
      hangs = false;
      for (const at of [inLane, atWork]) await engine.cancel(runs[at as number]?.id as string);
      const results = await resultsFrom(place, engine, runs);
      expect(results[last as number]?.outcome).toBe("succeeded");
      expect(results.filter(({ outcome }) => outcome === "cancelled")).toHaveLength(2);
      expect(calls.slice(3)).toEqual([last]);
    });

    it("after a crash the line forms again, and all get through", async () => {
      const { place } = here;
      const gauge = new Gauge();
      const made = limited(busy(place, gauge, 100), { name: "gpu", concurrency: 2 });
      const first = await place.open([made]);
      const runs = await startMany(first, made, 6, true);
      await place.clock.advance(50);
      gauge.now = 0;
      const second = await place.restart([made]);
      const results = await resultsFrom(place, second, runs);
      expect(results.map(({ output }) => output)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(gauge.most).toBeLessThanOrEqual(2);
    });
  });
}
