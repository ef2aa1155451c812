// Attacks the data boundary: what a step is given live is what it would be given after a recovery, or its maker fails.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Money, money } from "./fixtures/money.ts";
import { drive, entriesOf, entriesOfKind, signal, storeKinds, usePlace } from "./fixtures/place.ts";

const precious = () => ({
  date: new Date(1_234),
  map: new Map<unknown, unknown>([[{ key: 1 }, new Set([1, "1"])]]),
  big: 2n ** 70n,
  nothing: undefined,
  minusZero: -0,
  bytes: Uint8Array.of(1, 2, 255),
  floats: Float64Array.of(0.5, -0),
  url: new URL("https://example.org/a?b=c"),
  money: new Money(99),
  list: [undefined, null, new Date(5)],
  tagged: { $: "date", v: "not one" },
  ...(JSON.parse('{"__proto__":{"own":true}}') as object),
  lone: "\ud800",
  nul: "\u0000",
});

describe.each(storeKinds)("values on %s", (kind) => {
  const here = usePlace(kind);

  it("rule 13: what a step is given live equals what it is given after a recovery, in type and keys", async () => {
    const { place } = here;
    const given: unknown[] = [];
    const begun = signal();
    let hang = true;
    const made = flow("precious", {
      input: z.any(),
      codecs: [money],
      build($, input) {
        const made = $.step("make", { output: z.any() }).by(() => precious());
        return {
          read: $.step("read", { needs: { made, input }, output: z.any() }).by((needs) => {
            given.push(needs);
            begun.resolve();
            return hang ? new Promise(() => {}) : (needs as { made: unknown }).made;
          }),
        };
      },
    });
    const first = await place.open([made]);
    const { id } = await first.start(made, precious());
    await begun.promise;
    hang = false;
    const second = await place.restart([made]);
    const { output } = await drive(place, (await second.handle(id)).result());
    const wanted = { made: precious(), input: precious() };
    expect(given).toEqual([wanted, wanted]);
    expect(given).toStrictEqual([wanted, wanted]);
    expect(Object.keys((given[1] as typeof wanted).made)).toEqual(Object.keys(precious()));
    expect(Object.is((given[1] as typeof wanted).made.minusZero, -0)).toBe(true);
    expect("nothing" in (given[1] as typeof wanted).made).toBe(true);
    expect(output).toStrictEqual({ read: precious() });
  });

  it("rule 31: 20 MB of bytes and 20 MB of JSON pass through three steps, one blob each, none without an entry", async () => {
    const { place } = here;
    const bytes = new Uint8Array(20_000_000).fill(7);
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ id: i, text: "x".repeat(1_000) }));
    const same = (value: unknown) => value;
    const made = flow("large", {
      input: z.any(),
      build($, input) {
        const one = $.step("one", { needs: { input }, output: z.any() }).by(({ input }) => same(input));
        const two = $.step("two", { needs: { one }, output: z.any() }).by(({ one }) => same(one));
        const three = $.step("three", { needs: { two }, output: z.any() }).by(({ two }) => same(two));
        return { three };
      },
    });
    const engine = await place.open([made]);
    const blobs: { id: string; run: string }[] = [];
    const durable = new Set<string>();
    const named: boolean[] = [];
    place.store.onCommit = (batch) => {
      for (const item of batch) {
        for (const blob of item.blobs ?? []) {
          blobs.push({ id: blob.id, run: item.summary.id });
          durable.add(blob.id);
        }
        for (const [id] of JSON.stringify(item.entries).matchAll(/[0-9a-f]{64}/g)) named.push(durable.has(id));
      }
    };
    const run = await engine.start(made, { bytes, rows });
    const { output } = (await drive(place, run.result(), 1)) as {
      output: { three: { bytes: Uint8Array; rows: unknown } };
    };
    expect(Buffer.from(output.three.bytes).equals(Buffer.from(bytes))).toBe(true);
    expect(JSON.stringify(output.three.rows) === JSON.stringify(rows)).toBe(true); // a matcher takes seconds
    expect(named.every(Boolean)).toBe(true); // durable with the entry that names it, or before
    const text = JSON.stringify(await entriesOf(engine, run.id));
    expect(text.length).toBeLessThan(10_000);
    // The bytes, the input, and each answer that differs from it by its wrapping.
    expect(new Set(blobs.map(({ id }) => id)).size).toBe(3);
    await engine.open(run.id, (await entriesOfKind(engine, run.id, "step.completed"))[0]?.value ?? "");
  }, 60_000);
});

describe("values", () => {
  const here = usePlace("memory");

  const giving = (value: () => unknown, nonFinite = false) =>
    flow("giving", {
      input: z.object({}),
      build($) {
        const given = $.step("give", { output: z.any(), nonFinite, retry: { delay: 0 } }).by(value);
        return { seen: $.step("see", { needs: { given }, output: z.any() }).by(() => "seen") };
      },
    });

  it.each([
    ["a class instance", () => ({ price: new Money(1) }), ".price"],
    ["NaN", () => ({ score: Number.NaN }), ".score"],
    ["a function", () => ({ go: () => {} }), ".go"],
    ["a symbol", () => [Symbol("x")], "[0]"],
    ["a cycle", () => cyclic(), ""],
    ["a throwing getter", () => throwing(), ".field"],
    ["a hole", () => Object.assign(new Array(3), { 0: 1, 2: 3 }), "[1]"],
    ["an invalid date", () => new Date(Number.NaN), ""],
  ])("rule 13: %s fails at the step that made it, once, and names the place", async (_, value, path) => {
    const { place } = here;
    const made = giving(value);
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    const { outcome } = await run.result();
    expect(outcome).toBe("failed");
    const failed = await entriesOfKind(engine, run.id, "attempt.failed");
    expect(failed).toHaveLength(1);
    expect(failed[0]?.failure.kind).toBe("value");
    expect(failed[0]?.failure.message).toContain(`output${path}`);
  });

  it("rule 13: NaN and the infinities are kept where they are declared", async () => {
    const { place } = here;
    const made = giving(() => [Number.NaN, Number.NEGATIVE_INFINITY], true);
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect((await run.result()).outcome).toBe("succeeded");
    const [given] = await entriesOfKind(engine, run.id, "step.completed");
    expect(await engine.open(run.id, given?.value ?? "")).toEqual([Number.NaN, Number.NEGATIVE_INFINITY]);
  });

  it("rule 13: nobody's changes to what it was given or gave reach anyone else", async () => {
    const { place } = here;
    const kept = { list: [1] };
    const seen: unknown[] = [];
    const made = flow("changing", {
      input: z.object({ list: z.array(z.number()) }),
      build($, input) {
        const one = $.step("one", { output: z.any() }).by(() => kept);
        const spoil = $.step("spoil", {
          needs: { one, input },
          output: z.any(),
          checks: {
            sees: (_, needs) => {
              seen.push(structuredClone(needs));
              return true;
            },
          },
        }).by((needs) => {
          (needs as { one: { list: number[] } }).one.list.push(2);
          needs.input.list.push(3);
          kept.list.push(4);
          return 1;
        });
        return {
          last: $.step("last", { needs: { spoil, one, input }, output: z.any() }).by(({ one, input }) => ({
            one,
            input,
          })),
        };
      },
    });
    const engine = await place.open([made]);
    const input = { list: [0] };
    const run = await engine.start(made, input);
    input.list.push(9);
    const { output } = await run.result();
    expect(seen).toEqual([{ one: { list: [1] }, input: { list: [0] } }]);
    expect(output).toEqual({ last: { one: { list: [1] }, input: { list: [0] } } });
  });

  it("rule 33: an input that breaks its contract or would not come back is refused before a run exists", async () => {
    const { place } = here;
    const made = giving(() => 1);
    const strict = flow("strict", {
      input: z.object({ amount: z.number() }),
      build: ($, input) => ({ one: $.step("one", { needs: { input }, output: z.any() }).by(() => 1) }),
    });
    const open = flow("open", {
      input: z.any(),
      build: ($, input) => ({ one: $.step("one", { needs: { input }, output: z.any() }).by(() => 1) }),
    });
    const engine = await place.open([made, strict, open]);
    await expect(engine.start("strict", { amount: "1" })).rejects.toMatchObject({
      code: "input-invalid",
      path: "strict",
    });
    await expect(engine.start(open, { at: [new Money(1)] })).rejects.toMatchObject({
      code: "value-refused",
      path: "open.input.at[0]",
    });
    await expect(engine.start("nowhere", {})).rejects.toMatchObject({ code: "flow-unknown" });
    expect((await engine.list()).items).toEqual([]);
  });
});

function cyclic(): unknown {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}

function throwing(): unknown {
  return {
    get field() {
      throw new Error("not to be read");
    },
  };
}
