// Attacks limits in time: windows, several bounds of one resource, and lines that are full.
import { type Duration, flow, type LimitOptions } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { busy, Gauge, type Limited, limited, resultsOf, startMany, type Work } from "./fixtures/limited-flow.ts";
import { after, drive, usePlace } from "./fixtures/place.ts";

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
