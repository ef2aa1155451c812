// Attacks calls inside of maps, under deadlines, and called runs that somebody else cancels.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { booking, childOf, outcomeOf } from "./fixtures/called-flow.ts";
import { drive, signal, until, usePlace } from "./fixtures/place.ts";

const once = { maxAttempts: 1 };

describe("calls in scopes", () => {
  const here = usePlace("memory");

  it("rule 10: an item left out undoes the run that it called; the others are held and released", async () => {
    const { place } = here;
    const said: string[] = [];
    const child = booking(said);
    const made = flow("many", {
      input: z.array(z.number()),
      build: ($, seats) =>
        $.map("trips", {
          over: seats,
          onFailure: "drop",
          each($, seat) {
            const trip = $.call("trip", { flow: child, input: { seat } });
            return $.step("pay", { needs: { trip, seat }, output: z.string(), retry: once }).by(({ trip, seat }) => {
              if (seat === 2) throw new Error("no money");
              return trip.told;
            });
          },
        }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, [1, 2, 3]);
    expect(await drive(place, run.result())).toMatchObject({
      outcome: "degraded",
      output: ["seat 1 told", "seat 3 told"],
      standing: [],
    });
    expect(said).toEqual(["book 1", "book 2", "book 3", "undo seat 2"]);
    const children = (await engine.list({ flow: "booking" })).items;
    for (const { id } of children) await until(engine, id, "run.ended");
    const outcomes = (await engine.list({ flow: "booking" })).items.map(({ outcome }) => outcome);
    expect(outcomes.sort()).toEqual(["cancelled", "succeeded", "succeeded"]);
  });

  it("rule 9: a deadline of the caller stops the run that it called", async () => {
    const { place } = here;
    const reasons: unknown[] = [];
    const child = flow("slow", {
      input: z.object({}),
      build: ($) =>
        $.step("wait", { output: z.string() }).by(
          (_, { signal }) =>
            new Promise((_, reject) => {
              signal.addEventListener("abort", () => {
                reasons.push(signal.reason);
                reject(signal.reason);
              });
            }),
        ),
    });
    const made = flow("hasty", {
      input: z.object({}),
      deadline: "2s",
      build: ($) => $.call("slow", { flow: child, input: {} }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    const result = await drive(place, run.result(), 100);
    expect(result).toMatchObject({ outcome: "failed", failure: { kind: "deadline" } });
    expect(reasons).toHaveLength(1);
    expect(await outcomeOf(engine, await childOf(place, engine, run.id))).toEqual({
      status: "ended",
      outcome: "cancelled",
    });
  });

  it("cancelling a called run alone fails the call of the caller; cancelling a held one changes nothing", async () => {
    const { place } = here;
    const said: string[] = [];
    const gate = signal();
    const child = booking(said);
    const waiting = flow("waiting", {
      input: z.object({}),
      build: ($) => $.signal("go", { schema: z.string(), timeout: "1h", onTimeout: "nobody" }),
    });
    const made = flow("parent", {
      input: z.object({}),
      build($) {
        const trip = $.call("trip", { flow: child, input: { seat: 1 } });
        const wait = $.call("wait", { flow: waiting, input: {} });
        const after = $.step("after", { needs: { trip }, output: z.string() }).by(async ({ trip }) => {
          await gate.promise;
          return trip.told;
        });
        return { after, wait };
      },
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    const trip = await childOf(place, engine, run.id, 0);
    const wait = await childOf(place, engine, run.id, 1);
    await drive(place, until(engine, trip, "run.held"));
    await drive(place, until(engine, wait, "signal.awaited"));
    await engine.cancel(trip);
    expect(await outcomeOf(engine, trip)).toMatchObject({ status: "held" });
    await engine.cancel(wait);
    expect(await drive(place, run.result())).toMatchObject({ outcome: "failed", failedAt: "wait" });
    expect(said).toEqual(["book 1", "undo seat 1"]);
  });
});
