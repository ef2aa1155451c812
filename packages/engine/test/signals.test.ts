// Attacks signals: before the wait, in order, sent twice, two waits, too late, too many, of the wrong shape, over crashes.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { activeRuns, drive, entriesOfKind, signal, storeKinds, until, usePlace } from "./fixtures/place.ts";

const Paid = z.object({ amount: z.number() });

/** Waits once, after a gate that the test opens. */
const paying = (gate: Promise<unknown> = Promise.resolve()) =>
  flow("paying", {
    input: z.object({}),
    build($) {
      const sent = $.step("send", { output: z.string() }).by(async () => {
        await gate;
        return "sent";
      });
      const paid = $.signal("paid", { schema: Paid, timeout: "7d", onTimeout: { amount: 0 }, after: sent });
      return $.step("book", { needs: { paid }, output: z.number() }).by(({ paid }) => paid.amount);
    },
  });

for (const kind of storeKinds) {
  describe(`one wait: ${kind}`, () => {
    const here = usePlace(kind);

    it("rule 20: a signal wakes a run that waits out of memory, also over a crash; who sent it is kept", async () => {
      const { place } = here;
      const made = paying();
      const first = await place.open([made]);
      const run = await first.start(made, {}, { key: "k" });
      await drive(place, until(first, run.id, "signal.awaited"));
      await drive(place, first.list());
      expect(activeRuns(first)).toBe(0);
      const second = await place.restart([made]);
      expect(await second.signal({ run: run.id, name: "paid", value: { amount: 7 }, by: "bank" })).toEqual({
        status: "received",
      });
      const handle = await second.handle(run.id);
      expect(await drive(place, handle.result(), 0)).toMatchObject({ outcome: "succeeded", output: 7 });
      expect(await entriesOfKind(second, run.id, "signal.received")).toMatchObject([{ by: "bank" }]);
      expect(await entriesOfKind(second, run.id, "signal.answered")).toMatchObject([{ via: "signal" }]);
    });

    it("rule 20: one that comes before the wait is kept, also over a crash, and taken at once", async () => {
      const { place } = here;
      const gate = signal();
      const made = paying(gate.promise);
      const first = await place.open([made]);
      const run = await first.start(made, {}, { key: "k" });
      const sent = await first.signal({ run: run.id, name: "paid", value: { amount: 3 }, id: "early" });
      expect(sent).toEqual({ status: "received" });
      const second = await place.restart([made]);
      expect(await second.signal({ run: run.id, name: "paid", value: { amount: 3 }, id: "early" })).toEqual({
        status: "repeated",
      });
      gate.resolve();
      const result = await drive(place, (await second.handle(run.id)).result(), 0);
      expect(result).toMatchObject({ outcome: "succeeded", output: 3 });
      expect(await entriesOfKind(second, run.id, "signal.awaited")).toEqual([]);
    });

    it("rule 17: nothing in time takes the declared value, degraded; what comes after that is late or unused", async () => {
      const { place } = here;
      const made = paying();
      const engine = await place.open([made]);
      const run = await engine.start(made, {});
      const { at, dueAt } = await drive(place, until(engine, run.id, "signal.awaited"));
      expect(dueAt - at).toBe(7 * 86_400_000);
      const result = await drive(place, run.result(), 3_600_000);
      expect(result).toMatchObject({
        outcome: "degraded",
        output: 0,
        degradations: [{ path: "paid", kind: "automatic-decision" }],
      });
      expect(await engine.signal({ run: run.id, name: "paid", value: { amount: 9 } })).toEqual({ status: "late" });
      expect((await (await engine.handle(run.id)).result()).output).toBe(0);
    });

    it("rule 13: large values and dates arrive as they were sent, before and after a crash", async () => {
      const { place } = here;
      const Parcel = z.object({ at: z.date(), bytes: z.instanceof(Uint8Array), text: z.string() });
      const gate = signal();
      const made = flow("parcels", {
        input: z.object({}),
        build($) {
          const ready = $.step("ready", { output: z.string() }).by(async () => {
            await gate.promise;
            return "ready";
          });
          const parcel = $.signal("parcel", {
            schema: Parcel,
            timeout: "1d",
            onTimeout: () => ({ at: new Date(0), bytes: new Uint8Array(), text: "" }),
            after: ready,
          });
          return $.step("open", { needs: { parcel }, output: Parcel }).by(({ parcel }) => parcel);
        },
      });
      const first = await place.open([made]);
      const run = await first.start(made, {}, { key: "k" });
      const value = { at: new Date(9), bytes: new Uint8Array(90_000).fill(9), text: "y".repeat(90_000) };
      await first.signal({ run: run.id, name: "parcel", value });
      const second = await place.restart([made]);
      gate.resolve();
      expect((await drive(place, (await second.handle(run.id)).result(), 0)).output).toEqual(value);
    });
  });

  describe(`many: ${kind}`, () => {
    const here = usePlace(kind);

    it("rule 20: taken in the order in which they came, one a wait, each id once, over a crash in between", async () => {
      const { place } = here;
      const made = flow("reading", {
        input: z.object({}),
        build: ($) =>
          $.loop("read", {
            output: z.array(z.string()),
            maxTurns: 20,
            atLimit: "fail",
            until: (words) => words.at(-1) === "end",
            body($, previous) {
              const word = $.signal("word", { schema: z.string(), timeout: "1h", onTimeout: "end" });
              return $.step("note", { needs: { word, previous }, output: z.array(z.string()) }).by(
                ({ word, previous }) => [...(previous ?? []), word],
              );
            },
          }),
      });
      const first = await place.open([made]);
      const run = await first.start(made, {}, { key: "k" });
      const send = (engine: typeof first, value: string, id: string) =>
        engine.signal({ run: run.id, name: "word", value, id });
      expect(await Promise.all(["a", "b", "c"].map((word) => send(first, word, word)))).toEqual(
        Array(3).fill({ status: "received" }),
      );
      expect(await send(first, "again", "b")).toEqual({ status: "repeated" });
      const second = await place.restart([made]);
      expect(await send(second, "again", "c")).toEqual({ status: "repeated" });
      await send(second, "d", "d");
      await send(second, "d", "another d");
      await send(second, "end", "end");
      const result = await drive(place, (await second.handle(run.id)).result(), 0);
      expect(result).toMatchObject({ outcome: "succeeded", output: ["a", "b", "c", "d", "d", "end"] });
    });

    it("rule 20: two waits for one name take one each; another name is another line", async () => {
      const { place } = here;
      const made = flow("waiting", {
        input: z.object({}),
        build($) {
          const wait = { schema: z.number(), timeout: "1h", onTimeout: -1 } as const;
          const first = $.branch("first", { choose: () => "in", cases: { in: ($) => $.signal("n", wait) } });
          const second = $.branch("second", { choose: () => "in", cases: { in: ($) => $.signal("n", wait) } });
          return { first, second, other: $.signal("m", wait) };
        },
      });
      const engine = await place.open([made]);
      const run = await engine.start(made, {});
      for (const slot of [2, 3, 4])
        await drive(
          place,
          until(engine, run.id, "signal.awaited", (e) => e.slot === slot),
        );
      for (const [name, value] of [
        ["n", 1],
        ["m", 2],
        ["n", 3],
      ] as const) {
        await engine.signal({ run: run.id, name, value });
      }
      const { output } = await drive(place, run.result(), 0);
      expect(output).toEqual({ first: 1, second: 3, other: 2 });
    });

    it("rule 19: a signal that arrived is applied before a timer that is overdue, also at the same instant", async () => {
      const { place } = here;
      const made = paying();
      const engine = await place.open([made]);
      const run = await engine.start(made, {});
      const { dueAt } = await drive(place, until(engine, run.id, "signal.awaited"));
      await place.clock.advance(dueAt - place.clock.now() - 1);
      const sent = engine.signal({ run: run.id, name: "paid", value: { amount: 5 } });
      await place.clock.advance(1);
      expect(await drive(place, sent, 0)).toEqual({ status: "received" });
      expect(await drive(place, run.result(), 1)).toMatchObject({ outcome: "succeeded", output: 5 });
    });
  });
}

describe("what a run does not take", () => {
  const here = usePlace("memory");

  it("rule 33: unknown names, wrong shapes, what no journal keeps, and runs that there are not", async () => {
    const { place } = here;
    const made = paying();
    const none = flow("none", { input: z.object({}), build: ($) => $.sleep("nap", { for: "1h" }) });
    const engine = await place.open([made, none]);
    const run = await engine.start(made, {});
    const silent = await engine.start(none, {});
    await expect(engine.signal({ run: run.id, name: "payed", value: 1 })).rejects.toMatchObject({
      code: "signal-unknown",
      expected: expect.stringContaining("paid"),
    });
    await expect(engine.signal({ run: silent.id, name: "paid", value: 1 })).rejects.toMatchObject({
      code: "signal-unknown",
    });
    await expect(engine.signal({ run: run.id, name: "paid", value: { amount: "7" } })).rejects.toMatchObject({
      code: "signal-invalid",
      expected: expect.stringContaining("amount"),
    });
    await expect(engine.signal({ run: "nobody", name: "paid", value: 1 })).rejects.toMatchObject({
      code: "run-unknown",
    });
    expect(await entriesOfKind(engine, run.id, "signal.received")).toEqual([]);
  });

  it("rule 32: more than a thousand of a name that wait are refused; what was kept is kept, and other names go on", async () => {
    const { place } = here;
    const made = flow("flooded", {
      input: z.object({}),
      build($) {
        const go = $.signal("go", { schema: z.number(), timeout: "1h", onTimeout: 0 });
        const drop = $.signal("drop", { schema: z.number(), timeout: "1h", onTimeout: 0, after: go });
        return { go, drop };
      },
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    const send = (name: string, value: number) => engine.signal({ run: run.id, name, value, id: `${name} ${value}` });
    await Promise.all(Array.from({ length: 1_000 }, (_, i) => send("drop", i)));
    await expect(send("drop", 1_000)).rejects.toMatchObject({ code: "signal-overflow" });
    expect(await send("drop", 999)).toEqual({ status: "repeated" });
    expect(await send("go", 1)).toEqual({ status: "received" });
    expect((await drive(place, run.result(), 0)).output).toEqual({ go: 1, drop: 0 });
  });

  const late = (give: (needs: { n: number }) => { amount: number }) =>
    flow("declaring", {
      input: z.object({ n: z.number() }),
      build: ($, { n }) => $.signal("paid", { needs: { n }, schema: Paid, timeout: "1h", onTimeout: give }),
    });

  it("rule 17: a function of the needs declares what is taken; what breaks the contract, or throws, fails the wait", async () => {
    const { place } = here;
    const expected: readonly [Parameters<typeof late>[0], object][] = [
      [({ n }) => ({ amount: n * 2 }), { outcome: "degraded", output: { amount: 14 } }],
      [() => ({ amount: "much" }) as never, { outcome: "failed", failedAt: "paid", failure: { kind: "contract" } }],
      [
        () => {
          throw new Error("no idea");
        },
        { outcome: "failed", failedAt: "paid", failure: { kind: "predicate", message: "no idea" } },
      ],
    ];
    for (const [give, result] of expected) {
      const made = late(give);
      const engine = await place.open([made]);
      const run = await engine.start(made, { n: 7 });
      expect(await drive(place, run.result(), 60_000)).toMatchObject(result);
    }
  });

  it("rule 20: a signal is late for a run that stops, and not taken from another run", async () => {
    const { place } = here;
    const made = paying();
    const engine = await place.open([made]);
    const [one, two] = [await engine.start(made, {}), await engine.start(made, {})];
    for (const { id } of [one, two]) await drive(place, until(engine, id, "signal.awaited"));
    await engine.cancel(one.id);
    await drive(place, one.result(), 0);
    expect(await engine.signal({ run: one.id, name: "paid", value: { amount: 1 }, id: "x" })).toEqual({
      status: "late",
    });
    expect(await engine.signal({ run: two.id, name: "paid", value: { amount: 2 }, id: "x" })).toEqual({
      status: "received",
    });
    expect((await drive(place, two.result(), 0)).output).toBe(2);
  });
});
