// Attacks signals to a run whose map is spread: the waits lie in runs of their own, and the signal is sent to the run that people know.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { activeRuns, after, drive, entriesOfKind, storeKinds, until, usePlace } from "./fixtures/place.ts";
import { numbers, waiting } from "./fixtures/waiting-flow.ts";
import { openPart, takenIn, waitsOf } from "./fixtures/waiting-parts.ts";

for (const kind of storeKinds) {
  describe(`signals in a spread map: ${kind}`, () => {
    const here = usePlace(kind);

    it("rule 20: a signal to the run reaches the wait in its part, out of memory and over a crash, each id once", async () => {
      const { place } = here;
      const first = await place.open([waiting]);
      const run = await first.start(waiting, { length: 1_002, waits: [3, 1_001] }, { key: "k" });
      await drive(place, waitsOf(place, first, run.id, 1), 1);
      while (activeRuns(first) > 0) await place.clock.advance(100);
      const send = (engine: typeof first, value: string, id = value) =>
        drive(place, engine.signal({ run: run.id, name: "go", value, id, by: "Ada" }), 1);
      expect(await send(first, "a")).toEqual({ status: "received" });
      const second = await place.restart([waiting]);
      expect(await send(second, "other", "a")).toEqual({ status: "repeated" });
      await drive(place, waitsOf(place, second, run.id, 1), 1);
      expect(await send(second, "b")).toEqual({ status: "received" });
      const { output } = await drive(place, (await second.handle(run.id)).result(), 1);
      expect(output).toEqual(["a", "b"]);
      expect(await takenIn(second, run.id)).toEqual(["b by one[1001].way.long.", "a by one[3].way.long."]);
      const [part] = (await second.list({ parent: run.id })).items;
      expect(await entriesOfKind(second, part?.id as string, "signal.received")).toMatchObject([{ by: "Ada" }]);
    });

    it("rule 20: what comes before the wait, before the part, or before the map is kept, and taken in order over the parts", async () => {
      const { place } = here;
      const engine = await place.open([waiting]);
      const run = await engine.start(waiting, { length: 2_100, waits: [1, 500, 1_200, 2_099] }, { key: "k" });
      for (const value of ["a", "b", "c"]) await engine.signal({ run: run.id, name: "go", value, id: value });
      await drive(place, waitsOf(place, engine, run.id, 1), 1);
      expect(await takenIn(engine, run.id)).toHaveLength(3);
      const last = await place.restart([waiting]);
      await last.signal({ run: run.id, name: "go", value: "d" });
      const { output } = await drive(place, (await last.handle(run.id)).result(), 1);
      expect(output).toEqual(["a", "b", "c", "d"]);
    });
  });
}

describe("many waits in parts", () => {
  const here = usePlace("memory");

  it("rule 20: of several waits each takes one: the part that began first before the other, what is left stays in line", async () => {
    const { place } = here;
    const engine = await place.open([waiting]);
    const run = await engine.start(waiting, { length: 1_001, waits: [1, 2, 1_000], also: true });
    await drive(place, waitsOf(place, engine, run.id, 4), 1);
    for (const value of ["a", "b", "c", "d", "e", "f", "left"]) await engine.signal({ run: run.id, name: "go", value });
    const { output } = await drive(place, run.result(), 1);
    expect((output as string[]).slice(0, 2)).toEqual(["a", "b"]);
    expect((output as string[]).toSorted()).toEqual(["a", "b", "c", "d", "e", "f"]);
  });

  it("rule 17: a wait whose time is over takes nothing, and the signal is for the next", async () => {
    const { place } = here;
    const engine = await place.open([waiting]);
    const run = await engine.start(waiting, { length: 1_001, waits: [1, 1_000] });
    await drive(place, waitsOf(place, engine, run.id, 1), 1);
    await place.clock.advance(86_400_000);
    await drive(place, waitsOf(place, engine, run.id, 1), 1);
    await engine.signal({ run: run.id, name: "go", value: "late" });
    expect((await drive(place, run.result(), 1)).output).toEqual(["nobody", "late"]);
  });

  it("rule 20: a wait that ends while a signal is on its way to it leaves the signal to another", async () => {
    const { place } = here;
    const engine = await place.open([waiting]);
    const run = await engine.start(waiting, { length: 1_001, waits: [1, 1_000] });
    const [part] = await drive(place, waitsOf(place, engine, run.id, 1), 1);
    place.store.onCommit = (batch) => {
      if (!batch.some(({ entries }) => entries.some(({ kind }) => kind === "signal.handed"))) return;
      place.store.onCommit = () => {};
      // While that is being recorded somebody else sends to the part itself.
      void engine.signal({ run: part as string, name: "go", value: "direct" });
      place.store.gate = after(place, 5);
    };
    const sent = engine.signal({ run: run.id, name: "go", value: "handed", id: "h" });
    await drive(place, sent, 1);
    place.store.gate = undefined;
    expect((await drive(place, run.result(), 1)).output).toEqual(["direct", "handed"]);
    expect(await entriesOfKind(engine, run.id, "signal.settled")).toMatchObject([
      { back: [{ name: "go", id: "h" }] },
      { back: [] },
    ]);
  });

  it("rule 32: more than a thousand that nobody takes are refused, and those before them are taken all the same", async () => {
    const { place } = here;
    const engine = await place.open([waiting]);
    const run = await engine.start(waiting, { length: 1_001, waits: [1_000] });
    const send = (id: number) => engine.signal({ run: run.id, name: "go", value: `${id}`, id: `${id}` });
    await Promise.all(Array.from({ length: 1_000 }, (_, id) => send(id)));
    await expect(send(1_000)).rejects.toMatchObject({ code: "signal-overflow" });
    expect((await drive(place, run.result(), 1)).output).toEqual(["0"]);
    expect(await send(1_001)).toEqual({ status: "late" });
  });

  it("rule 19: one that arrived is applied in its part before that part's overdue timer, also at the same instant", async () => {
    const { place } = here;
    const engine = await place.open([waiting]);
    const run = await engine.start(waiting, { length: 1_001, waits: [1] });
    const [part] = await drive(place, waitsOf(place, engine, run.id, 1), 1);
    const dueAt = (await engine.get(part as string))?.summary.dueAt as number;
    await place.clock.advance(dueAt - place.clock.now() - 1);
    const sent = engine.signal({ run: run.id, name: "go", value: "just in time" });
    await place.clock.advance(1);
    expect(await drive(place, sent, 0)).toEqual({ status: "received" });
    expect((await drive(place, run.result(), 1)).output).toEqual(["just in time"]);
  });

  it("rule 13: a large value and bytes arrive in the part as they were sent, also after a crash", async () => {
    const { place } = here;
    const nobody = (): never => {
      throw new Error("nobody sent one");
    };
    const Parcel = z.object({ at: z.date(), bytes: z.instanceof(Uint8Array), text: z.string() });
    const parcels = flow("parcels", {
      input: z.object({ length: z.number() }),
      build($, { length }) {
        const list = $.step("list", { needs: { length }, output: z.array(z.number()) }).by(({ length }) =>
          numbers(length),
        );
        const got = $.map("got", {
          over: list,
          each: ($, item) =>
            $.branch("way", {
              needs: { item },
              choose: ({ item }) => (item === 1_000 ? "long" : "short"),
              cases: {
                long: ($) => $.signal("parcel", { schema: Parcel, timeout: "1d", onTimeout: nobody }),
                short: () => null,
              },
            }),
        });
        return $.step("last", { needs: { got }, output: Parcel }).by(({ got }) => got.at(-1) as never);
      },
    });
    const first = await place.open([parcels]);
    const run = await first.start(parcels, { length: 1_001 }, { key: "k" });
    const value = { at: new Date(9), bytes: new Uint8Array(90_000).fill(9), text: "y".repeat(90_000) };
    await first.signal({ run: run.id, name: "parcel", value }); // long before the part is there
    const second = await place.restart([parcels]);
    expect((await drive(place, (await second.handle(run.id)).result(), 1)).output).toEqual(value);
  });

  it("rule 20: it also reaches a part of a part, and only the part's own line when it is sent to the part", async () => {
    const { place } = here;
    const deep = flow("deep", {
      input: z.object({ length: z.number() }),
      build($, { length }) {
        const list = $.step("list", { needs: { length }, output: z.array(z.number()) }).by(({ length }) =>
          numbers(length),
        );
        const none = $.step("none", { needs: { list }, output: z.array(z.number()) }).by(() => []);
        const outer = $.map("outer", {
          over: list,
          each: ($, item) => {
            const inner = $.step("which", {
              needs: { item, list, none },
              kind: "pure",
              output: z.array(z.number()),
            }).by(({ item, list, none }) => (item === 1_000 ? list : none));
            return $.map("inner", {
              over: inner,
              each: ($, one) =>
                $.branch("way", {
                  needs: { one },
                  choose: ({ one }) => (one > 999 ? "long" : "short"),
                  cases: {
                    long: ($) => $.signal("go", { schema: z.string(), timeout: "1d", onTimeout: "nobody" }),
                    short: () => "",
                  },
                }),
            });
          },
        });
        return $.step("said", { needs: { outer }, output: z.array(z.string()) }).by(({ outer }) =>
          outer.flat().filter((word) => word !== ""),
        );
      },
    });
    const first = await place.open([deep]);
    const run = await first.start(deep, { length: 1_002 }, { key: "k" });
    const middle = await drive(place, openPart(place, first, run.id, 1), 1);
    const leaf = await drive(place, openPart(place, first, middle, 1), 1);
    await drive(place, until(first, leaf, "signal.awaited"), 1);
    await first.signal({ run: run.id, name: "go", value: "a" });
    await first.signal({ run: run.id, name: "go", value: "b" });
    const { output } = await drive(place, run.result(), 1);
    expect(output).toEqual(["a", "b"]);
    expect(await entriesOfKind(first, middle, "signal.received")).toEqual([]);
    expect(await entriesOfKind(first, leaf, "signal.received")).toHaveLength(2);
  });
});
