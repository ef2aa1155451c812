// Attacks calls: links both ways, inputs and outcomes that cross, called runs held, undone, cancelled, waited for, and theirs.
import { type Flow, flow, optional } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { booking, childOf, outcomeOf } from "./fixtures/called-flow.ts";
import { activeRuns, drive, entriesOfKind, signal, storeKinds, until, usePlace } from "./fixtures/place.ts";

const once = { maxAttempts: 1 };

const calling = (child: Flow<{ seat: number; fails?: boolean }, { told: string }>, after: (told: string) => string) =>
  flow("calling", {
    input: z.object({ seat: z.number() }),
    build($, { seat }) {
      const child_ = $.call("trip", { flow: child, input: { seat } });
      return $.step("after", { needs: { told: child_.told }, output: z.string(), retry: once }).by(({ told }) =>
        after(told),
      );
    },
  });

for (const kind of storeKinds) {
  describe(`called runs: ${kind}`, () => {
    const here = usePlace(kind);

    it("are runs of their own, linked both ways, held until the caller ends and then ended with it", async () => {
      const { place } = here;
      const said: string[] = [];
      const child = booking(said);
      const gate = signal();
      const made = flow("parent", {
        input: z.object({ seat: z.number() }),
        build($, { seat }) {
          const trip = $.call("trip", { flow: child, input: { seat } });
          return $.step("after", { needs: { trip }, output: z.string() }).by(async ({ trip }) => {
            await gate.promise;
            return trip.told;
          });
        },
      });
      const engine = await place.open([made]); // the called flow comes with it
      const run = await engine.start(made, { seat: 12 });
      const id = await childOf(place, engine, run.id);
      const [started] = await drive(place, entriesOfKind(engine, id, "run.started"));
      expect(started?.parent).toEqual({ run: run.id, slot: 0, path: "trip" });
      await drive(place, until(engine, id, "run.held"));
      expect(await outcomeOf(engine, id)).toMatchObject({ status: "held" });
      gate.resolve();
      expect(await run.result()).toMatchObject({ outcome: "succeeded", output: "seat 12 told" });
      expect(await drive(place, (await engine.handle(id)).result())).toMatchObject({
        outcome: "succeeded",
        output: { told: "seat 12 told" },
      });
      expect(said).toEqual(["book 12"]);
    });

    it("rule 10: are undone when the caller fails after them", async () => {
      const { place } = here;
      const said: string[] = [];
      const made = calling(booking(said), () => {
        said.push("failing");
        throw new Error("too late");
      });
      const engine = await place.open([made]);
      const run = await engine.start(made, { seat: 3 });
      const result = await drive(place, run.result());
      expect(result).toMatchObject({ outcome: "failed", failedAt: "after", standing: [] });
      expect(said).toEqual(["book 3", "failing", "undo seat 3"]);
      const child = await (await engine.handle(await childOf(place, engine, run.id))).result();
      expect(child).toMatchObject({ outcome: "cancelled", standing: [] });
    });

    it("rule 10: what a called run cannot undo is listed on both", async () => {
      const { place } = here;
      const child = flow("sending", {
        input: z.object({ seat: z.number() }),
        build: ($, { seat }) => ({
          told: $.step("send", { needs: { seat }, kind: "effect", output: z.string() }).by(() => "sent"),
        }),
      });
      const made = calling(child, () => {
        throw new Error("too late");
      });
      const engine = await place.open([made]);
      const run = await engine.start(made, { seat: 3 });
      const result = await drive(place, run.result());
      const id = await childOf(place, engine, run.id);
      expect(result.standing).toMatchObject([{ path: "trip", reason: expect.stringContaining(`${id} leaves send`) }]);
      expect(await (await engine.handle(id)).result()).toMatchObject({ standing: [{ path: "send" }] });
    });

    it("a called run that fails, or whose input is refused, is a failed call with its reason; optional absorbs it", async () => {
      const { place } = here;
      const said: string[] = [];
      const child = booking(said);
      const made = flow("absorbing", {
        input: z.object({ seat: z.any(), absorb: z.boolean() }),
        build($, { seat, absorb }) {
          const trip = $.call("trip", { flow: child, input: { seat, fails: true } });
          const lenient = $.step("lenient", {
            needs: { trip: optional(trip, { onFailure: true }), absorb },
            output: z.string(),
            retry: once,
          }).by(({ trip, absorb }) => {
            if (!absorb) throw new Error("not without it");
            return `with ${trip?.told}`;
          });
          return lenient;
        },
      });
      const engine = await place.open([made]);
      const run = await engine.start(made, { seat: 5, absorb: true });
      const result = await drive(place, run.result());
      expect(result).toMatchObject({
        outcome: "degraded",
        output: "with undefined",
        degradations: [{ path: "trip", kind: "absorbed-failure", reason: expect.stringContaining("no line") }],
      });
      expect(said).toEqual(["book 5", "undo seat 5"]);
      const refused = await engine.start(made, { seat: "five", absorb: true });
      const refusal = await drive(place, refused.result());
      expect(refusal.degradations).toMatchObject([{ path: "trip", reason: expect.stringContaining("input") }]);
      expect(await outcomeOf(engine, await childOf(place, engine, refused.id))).toBeUndefined();
    });

    it("rule 14: one that ended degraded degrades the caller", async () => {
      const { place } = here;
      const child = flow("degraded", {
        input: z.object({ seat: z.number() }),
        build: ($, { seat }) => ({
          told: $.step("tell", { needs: { seat }, output: z.string(), retry: once }).by(
            () => {
              throw new Error("model down");
            },
            () => "second choice",
          ),
        }),
      });
      const made = calling(child, (told) => told);
      const engine = await place.open([made]);
      const run = await engine.start(made, { seat: 1 });
      expect(await drive(place, run.result())).toMatchObject({
        outcome: "degraded",
        output: "second choice",
        degradations: [{ path: "trip", kind: "called-run" }],
      });
    });

    it("cost is counted on both, once", async () => {
      const { place } = here;
      const child = flow("spending", {
        input: z.object({ seat: z.number() }),
        build: ($, { seat }) => ({
          told: $.step("tell", { needs: { seat }, output: z.string() }).by((_, { spend }) => {
            spend({ usd: 0.5, tokens: 10 });
            return "told";
          }),
        }),
      });
      const made = calling(child, (told) => told);
      const engine = await place.open([made]);
      const run = await engine.start(made, { seat: 1 });
      expect((await drive(place, run.result())).cost).toEqual({ usd: 0.5, tokens: 10 });
    });

    const asking = () =>
      flow("asking", {
        input: z.object({ seat: z.number() }),
        build: ($, { seat }) => ({
          told: $.approval("sign", {
            needs: { seat },
            decision: z.object({ text: z.string() }),
            desk: "desk",
            timeout: "10d",
            onTimeout: { text: "nobody" },
          }).text,
        }),
      });

    it("rule 22: while a called run waits for a person, neither is in memory; the decision wakes both, also after a crash", async () => {
      const { place } = here;
      const made = calling(asking(), (told) => `told ${told}`);
      const first = await place.open([made]);
      const run = await first.start(made, { seat: 1 }, { key: "k" });
      const id = await childOf(place, first, run.id);
      await drive(place, until(first, id, "approval.requested"));
      while (activeRuns(first) > 0) await place.clock.advance(1);
      const second = await place.restart([made]);
      expect((await second.decide({ run: id, decision: { text: "yes" } })).status).toBe("decided");
      const handle = await second.handle(run.id);
      expect(await drive(place, handle.result())).toMatchObject({ outcome: "succeeded", output: "told yes" });
      expect(await drive(place, (await second.handle(id)).result())).toMatchObject({ outcome: "succeeded" });
    });

    it("rule 22: a called run's own timer wakes the caller too", async () => {
      const { place } = here;
      const made = calling(asking(), (told) => `told ${told}`);
      const engine = await place.open([made]);
      const run = await engine.start(made, { seat: 1 });
      const id = await childOf(place, engine, run.id);
      await drive(place, until(engine, id, "approval.requested"));
      expect(await drive(place, run.result(), 3_600_000)).toMatchObject({ outcome: "degraded", output: "told nobody" });
    });

    it("rule 9: a cancel goes down to a called run that waits, and its children; each ends cancelled", async () => {
      const { place } = here;
      const middle = flow("middle", {
        input: z.object({ seat: z.number() }),
        build: ($, { seat }) => ({ told: $.call("ask", { flow: asking(), input: { seat } }).told }),
      });
      const made = calling(middle, (told) => told);
      const engine = await place.open([made]);
      const run = await engine.start(made, { seat: 1 });
      const ids = [run.id];
      for (let depth = 0; depth < 2; depth++) ids.push(await childOf(place, engine, ids.at(-1) as string));
      await drive(place, until(engine, ids[2] as string, "approval.requested"));
      await engine.cancel(run.id, { by: "Ada", reason: "changed my mind" });
      expect(await drive(place, run.result())).toMatchObject({ outcome: "cancelled" });
      for (const id of ids) expect(await outcomeOf(engine, id)).toEqual({ status: "ended", outcome: "cancelled" });
    });

    it("rule 10: a child of a child is held by its caller, released at the good end, undone at the bad one", async () => {
      const { place } = here;
      for (const fails of [false, true]) {
        const said: string[] = [];
        const leaf = booking(said);
        const middle = flow("middle", {
          input: z.object({ seat: z.number() }),
          build: ($, { seat }) => ({ told: $.call("leaf", { flow: leaf, input: { seat } }).told }),
        });
        const made = calling(middle, (told) => {
          if (fails) throw new Error("too late");
          return told;
        });
        const engine = await place.open([made]);
        const run = await engine.start(made, { seat: 8 });
        const result = await drive(place, run.result());
        expect(result.outcome).toBe(fails ? "failed" : "succeeded");
        const child = await childOf(place, engine, run.id);
        const grandchild = await childOf(place, engine, child);
        const outcome = fails ? "cancelled" : "succeeded";
        for (const id of [child, grandchild]) {
          expect((await drive(place, (await engine.handle(id)).result())).outcome, id).toBe(outcome);
        }
        expect(said).toEqual(fails ? ["book 8", "undo seat 8"] : ["book 8"]);
      }
    });

    it("rule 10: a caller that ended just before the crash releases what it held; one that did not holds it on", async () => {
      const { place } = here;
      const said: string[] = [];
      const child = booking(said);
      let fail = false;
      const gate = signal();
      const made = flow("parent", {
        input: z.object({ seat: z.number() }),
        build($, { seat }) {
          const trip = $.call("trip", { flow: child, input: { seat } });
          return $.step("after", { needs: { trip }, output: z.string(), retry: once }).by(async ({ trip }) => {
            if (fail) throw new Error("too late");
            await gate.promise;
            return trip.told;
          });
        },
      });
      const first = await place.open([made]);
      const run = await first.start(made, { seat: 4 }, { key: "k" });
      const id = await childOf(place, first, run.id);
      await drive(place, until(first, id, "run.held"));
      const second = await place.restart([made]);
      expect(await outcomeOf(second, id)).toMatchObject({ status: "held" });
      fail = true;
      const third = await place.restart([made]);
      const result = await drive(place, (await third.handle(run.id)).result());
      expect(result.outcome).toBe("failed");
      expect(said).toEqual(["book 4", "undo seat 4"]);
    });

    it("rule 13: dates, bytes and large values cross in both directions", async () => {
      const { place } = here;
      const Parcel = z.object({ at: z.date(), bytes: z.instanceof(Uint8Array), text: z.string() });
      const child = flow("echo", {
        input: Parcel,
        build: ($, parcel) => ({
          parcel: $.step("echo", { needs: { parcel }, output: Parcel }).by(({ parcel }) => parcel),
        }),
      });
      const made = flow("crossing", {
        input: Parcel,
        build: ($, parcel) => $.call("echo", { flow: child, input: parcel as never }).parcel,
      });
      const engine = await place.open([made]);
      const parcel = { at: new Date(7), bytes: new Uint8Array(200_000).fill(3), text: "x".repeat(300_000) };
      const run = await engine.start(made, parcel);
      expect((await drive(place, run.result())).output).toEqual(parcel);
    });
  });
}
