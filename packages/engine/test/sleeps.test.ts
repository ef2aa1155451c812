// Attacks sleeps: for a time, until an instant, over restarts, beside other work, and instants that are none.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { activeRuns, drive, entriesOfKind, storeKinds, until, usePlace } from "./fixtures/place.ts";

for (const kind of storeKinds) {
  describe(`sleeping: ${kind}`, () => {
    const here = usePlace(kind);

    const napping = () =>
      flow("napping", {
        input: z.object({ ms: z.number() }),
        build($, { ms }) {
          const before = $.step("before", { needs: { ms }, output: z.number() }).by(({ ms }) => ms);
          const nap = $.sleep("nap", { for: "3d", after: before });
          return $.step("after", { needs: { before }, after: nap, output: z.number() }).by(({ before }) => before);
        },
      });

    it("rule 17: sleeps for so long, to the millisecond, out of memory", async () => {
      const { place } = here;
      const made = napping();
      const engine = await place.open([made]);
      const run = await engine.start(made, { ms: 5 });
      const { dueAt, at } = await drive(place, until(engine, run.id, "sleep.started"));
      expect(dueAt - at).toBe(3 * 86_400_000);
      await drive(place, engine.list());
      expect(activeRuns(engine)).toBe(0);
      await place.clock.advance(dueAt - place.clock.now() - 1);
      await drive(place, engine.list(), 0);
      expect(await entriesOfKind(engine, run.id, "timer.fired")).toEqual([]);
      const result = await drive(place, run.result(), 1);
      expect(result).toMatchObject({ outcome: "succeeded", output: 5 });
      const [fired] = await entriesOfKind(engine, run.id, "timer.fired");
      expect(fired?.timer).toBe("sleep");
      expect(fired?.at).toBeGreaterThanOrEqual(dueAt);
    });

    it("rule 17: a crash does not make it longer, and a night that was slept through ends at once", async () => {
      const { place } = here;
      const made = napping();
      const first = await place.open([made]);
      const run = await first.start(made, { ms: 5 }, { key: "k" });
      const { dueAt } = await drive(place, until(first, run.id, "sleep.started"));
      await place.clock.advance(86_400_000);
      const second = await place.restart([made]);
      await place.clock.advance(1_000);
      expect(await entriesOfKind(second, run.id, "timer.fired")).toEqual([]);
      await place.crash();
      await place.clock.advance(10 * 86_400_000);
      const third = await place.open([made]);
      expect(await drive(place, (await third.handle(run.id)).result(), 1)).toMatchObject({ outcome: "succeeded" });
      const [fired] = await entriesOfKind(third, run.id, "timer.fired");
      expect((fired?.at ?? 0) - dueAt).toBeGreaterThan(0);
      expect(await entriesOfKind(third, run.id, "sleep.started")).toHaveLength(1);
      expect(await entriesOfKind(third, run.id, "attempt.lost")).toEqual([]);
    });

    it("until an instant that the needs give: a Date, or milliseconds; one that has passed is over at once", async () => {
      const { place } = here;
      const calls: unknown[] = [];
      const made = flow("until", {
        input: z.object({ at: z.union([z.date(), z.number()]) }),
        build($, { at }) {
          const nap = $.sleep("nap", {
            needs: { at },
            until: ({ at }) => {
              calls.push(at);
              return at;
            },
          });
          return { nap, done: $.step("done", { after: nap, output: z.string() }).by(() => "up") };
        },
      });
      const first = await place.open([made]);
      const start = place.clock.now();
      const dated = await first.start(made, { at: new Date(start + 60_000) }, { key: "a" });
      const numbered = await first.start(made, { at: start + 90_000 }, { key: "b" });
      const past = await first.start(made, { at: new Date(5) }, { key: "c" });
      expect(await drive(place, past.result(), 1)).toMatchObject({ output: { nap: null, done: "up" } });
      for (const { id } of [dated, numbered]) await drive(place, until(first, id, "sleep.started"), 1);
      const second = await place.restart([made]);
      const over = async (id: string) => {
        await drive(place, (await second.handle(id)).result(), 1_000);
        return (await entriesOfKind(second, id, "timer.fired"))[0]?.at;
      };
      const [one = 0, two = 0] = [await over(dated.id), await over(numbered.id)];
      expect([one >= start + 60_000, two >= start + 90_000]).toEqual([true, true]);
      expect(calls).toHaveLength(3);
    });
  });
}

describe("instants that are none", () => {
  const here = usePlace("memory");

  const bad: readonly [string, () => unknown, RegExp][] = [
    ["nothing", () => undefined, /until gave undefined instead of a Date/],
    ["a text", () => "2026-05-01", /until gave .*2026-05-01.* instead of a Date/],
    ["a Date that is none", () => new Date("tomorrow"), /until gave .* instead of a Date/],
    ["NaN", () => Number.NaN, /until gave NaN instead of a Date/],
    ["a promise", async () => new Date(), /until gave .* instead of a Date/],
    [
      "an error",
      () => {
        throw new Error("no calendar");
      },
      /until threw: no calendar/,
    ],
  ];
  for (const [what, give, message] of bad) {
    it(`rule 33: until that gives ${what} fails the sleep by its path`, async () => {
      const { place } = here;
      const made = flow("bad", {
        input: z.object({}),
        build: ($) => $.sleep("nap", { until: give as () => Date }),
      });
      const engine = await place.open([made]);
      expect(await (await engine.start(made, {})).result()).toMatchObject({
        outcome: "failed",
        failedAt: "nap",
        failure: { kind: "predicate", message: expect.stringMatching(message) },
      });
    });
  }

  it("sleeps side by side and in items end each at its own time, and a failure elsewhere ends them", async () => {
    const { place } = here;
    const made = flow("beside", {
      input: z.object({ waits: z.array(z.number()), fails: z.boolean() }),
      build($, { waits, fails }) {
        const naps = $.map("naps", {
          over: waits,
          each: ($, wait) => {
            const nap = $.sleep("nap", { needs: { wait }, until: ({ wait }) => wait });
            return $.step("up", { needs: { wait }, after: nap, output: z.number() }).by(() => place.clock.now());
          },
        });
        const first = $.sleep("first", { for: "1s" });
        const other = $.step("other", {
          needs: { fails },
          after: first,
          output: z.string(),
          retry: { maxAttempts: 1 },
        }).by(({ fails }) => {
          if (fails) throw new Error("out");
          return "well";
        });
        return { naps, other };
      },
    });
    const engine = await place.open([made]);
    const now = place.clock.now();
    const waits = [5_000, 2_000, 9_000].map((ms) => now + ms);
    const well = await drive(place, (await engine.start(made, { waits, fails: false })).result(), 100);
    expect(well.output).toEqual({ naps: waits, other: "well" });
    const later = place.clock.now() + 86_400_000;
    const failed = await drive(place, (await engine.start(made, { waits: [later], fails: true })).result(), 100);
    expect(failed).toMatchObject({ outcome: "failed", failedAt: "other" });
    expect(failed.ms).toBeLessThan(60_000);
  });
});
