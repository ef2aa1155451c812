// Attacks limits: many runs at one resource, their order, windows of time, those who leave the line, lines that are full.
import { type Duration, type Engine, flow, type LimitOptions, type RunHandle, type StepContext } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { after, drive, entriesOfKind, type Place, storeKinds, until, usePlace } from "./fixtures/place.ts";

type Work = (needs: { n: number }, context: StepContext) => number | Promise<number>;

const limited = (work: Work, limit: LimitOptions, name = "limited", timeout: Duration = "2s") =>
  flow(name, {
    input: z.object({ n: z.number() }),
    build: ($, { n }) =>
      $.step("work", { needs: { n }, output: z.number(), timeout, retry: { maxAttempts: 1 } }).by({
        run: work,
        limit,
      }),
  });

type Limited = ReturnType<typeof limited>;

/** Runs of one flow, numbered from 0, in order. */
async function startMany(engine: Engine, made: Limited, count: number, isKeyed = false): Promise<RunHandle[]> {
  const runs: RunHandle[] = [];
  for (let n = 0; n < count; n++) runs.push(await engine.start(made, { n }, isKeyed ? { key: String(n) } : {}));
  return runs;
}

const resultsOf = (place: Place, runs: readonly RunHandle[], stepMs: number) =>
  drive(place, Promise.all(runs.map((run) => run.result())), stepMs);

/** The same, when another engine or store has taken over. */
const resultsFrom = (place: Place, engine: Engine, runs: readonly RunHandle[]) =>
  Promise.all(runs.map(async ({ id }) => drive(place, (await engine.handle(id)).result(), 10)));

/** How many are at work, and how many were at the most. */
class Gauge {
  now = 0;
  most = 0;
  enter(): void {
    this.most = Math.max(this.most, ++this.now);
  }
  leave(): void {
    this.now--;
  }
}

/** Is at work for so long. */
const busy =
  (place: Place, gauge: Gauge, ms: number): Work =>
  async ({ n }) => {
    gauge.enter();
    await after(place, ms);
    gauge.leave();
    return n;
  };

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

describe("windows and full lines", () => {
  const here = usePlace("memory");

  it("rate: never more than so many begin in any window, and none waits longer than it must", async () => {
    const { place } = here;
    const begun: number[] = [];
    const start = place.clock.now();
    const made = limited(
      ({ n }) => {
        begun.push(place.clock.now() - start);
        return n;
      },
      { name: "api", rate: { count: 3, per: "1s" } },
    );
    const engine = await place.open([made]);
    const runs = await startMany(engine, made, 8);
    await resultsOf(place, runs, 50);
    expect(begun).toEqual([0, 0, 0, 1_000, 1_000, 1_000, 2_000, 2_000]);
    await place.clock.advance(700 - ((place.clock.now() - start) % 1_000));
    const at = place.clock.now() - start;
    begun.length = 0;
    for (let n = 0; n < 4; n++) await drive(place, (await engine.start(made, { n })).result(), 50);
    const windows = [2_000, 2_000, ...begun];
    for (const [i, first] of windows.entries()) {
      const within = windows.filter((one) => one >= first && one < first + 1_000).length;
      expect(within, `from ${first} (${at}, ${i})`).toBeLessThanOrEqual(3);
    }
  });

  it("rate and concurrency hold together", async () => {
    const { place } = here;
    const begun: number[] = [];
    const gauge = new Gauge();
    const start = place.clock.now();
    const work = busy(place, gauge, 900);
    const made = limited(
      (needs, context) => {
        begun.push(place.clock.now() - start);
        return work(needs, context);
      },
      { name: "api", concurrency: 2, rate: { count: 3, per: "1s" } },
    );
    const engine = await place.open([made]);
    const runs = await startMany(engine, made, 6);
    await resultsOf(place, runs, 50);
    expect(gauge.most).toBe(2);
    expect(begun).toEqual([0, 0, 900, 1_000, 1_800, 1_900]);
  });

  it("two rates of one name: each holds for its own, whatever the other forgets, and attempts without one count", async () => {
    const { place } = here;
    const begun: string[] = [];
    const start = place.clock.now();
    const noting = (name: string, limit: Omit<LimitOptions, "name">) =>
      limited(
        ({ n }) => {
          begun.push(`${name} ${n} ${place.clock.now() - start}`);
          return n;
        },
        { name: "api", ...limit },
        name,
      );
    const hourly = noting("hourly", { rate: { count: 2, per: "1h" } });
    const quick = noting("quick", { rate: { count: 10, per: "1s" } });
    const free = noting("free", { concurrency: 5 });
    const engine = await place.open([hourly, quick, free]);
    const run = async (made: Limited, n: number) => (await engine.start(made, { n })).result();
    await drive(place, run(hourly, 1), 0);
    await drive(place, run(free, 2), 0);
    await place.clock.advance(2_000);
    await drive(place, run(quick, 3), 0);
    await drive(place, run(hourly, 4), 60_000);
    const expected = ["hourly 1 0", "free 2 0", "quick 3 2000", "hourly 4 3600000"];
    expect(begun.map((one) => one.replace(/36000\d\d$/, "3600000"))).toEqual(expected);
  });

  it("one that leaves the line does not leave its long wait to those behind it", async () => {
    const { place } = here;
    const made = (name: string, per: Duration) => limited(({ n }) => n, { name: "api", rate: { count: 1, per } }, name);
    const [hourly, quick] = [made("hourly", "1h"), made("quick", "10s")];
    const engine = await place.open([hourly, quick]);
    await drive(place, (await engine.start(hourly, { n: 1 })).result(), 0);
    const waiting = await engine.start(hourly, { n: 2 });
    const behind = await engine.start(quick, { n: 3 });
    await place.clock.advance(1_000);
    await engine.cancel(waiting.id);
    const result = await drive(place, behind.result(), 1_000);
    expect(result).toMatchObject({ output: 3 });
    expect(result.ms).toBeLessThan(20_000);
  });

  it("two limits of one name: one that leaves the line lets those behind it pass", async () => {
    const { place } = here;
    const order: string[] = [];
    const work =
      (name: string): Work =>
      async ({ n }) => {
        order.push(name);
        await after(place, 1_000);
        return n;
      };
    const narrow = limited(work("narrow"), { name: "gpu", concurrency: 1 }, "narrow");
    const wide = limited(work("wide"), { name: "gpu", concurrency: 5 }, "wide");
    const engine = await place.open([narrow, wide]);
    await engine.start(narrow, { n: 1 });
    const second = await engine.start(narrow, { n: 2 });
    const third = await engine.start(wide, { n: 3 });
    await place.clock.advance(10);
    expect(order).toEqual(["narrow"]);
    await engine.cancel(second.id);
    await place.clock.advance(500); // the first still works
    expect(order).toEqual(["narrow", "wide"]);
    expect(await drive(place, third.result(), 100)).toMatchObject({ output: 3 });
  });

  it("rule 32: a start is refused while the line is full, and taken when it has moved; runs in line are not lost", async () => {
    const { place } = here;
    const made = limited(
      async ({ n }) => {
        await after(place, 1_000);
        return n;
      },
      { name: "gpu", concurrency: 1, maxQueued: 2 },
    );
    const other = limited(({ n }) => n, { name: "free", concurrency: 1 }, "other");
    const calling = flow("calling", {
      input: z.object({}),
      build: ($) => $.call("it", { flow: made, input: { n: 7 } }),
    });
    const engine = await place.open([made, other, calling]);
    const runs = [];
    for (let n = 0; n < 3; n++) {
      runs.push(await engine.start(made, { n }));
      await place.clock.advance(1);
    }
    const refused = engine.start(made, { n: 3 });
    await expect(refused).rejects.toMatchObject({
      code: "queue-full",
      path: "limited work",
      expected: expect.stringContaining("2"),
    });
    // So is a start of a flow that would call it.
    await expect(engine.start(calling, {})).rejects.toMatchObject({ code: "queue-full", path: "limited work" });
    expect(await drive(place, (await engine.start(other, { n: 9 })).result())).toMatchObject({ output: 9 });
    await drive(place, (runs[0] as (typeof runs)[0]).result(), 100);
    await place.clock.advance(1);
    runs.push(await engine.start(made, { n: 3 }));
    const results = await resultsOf(place, runs, 100);
    expect(results.map(({ output }) => output)).toEqual([0, 1, 2, 3]);
  });
});
