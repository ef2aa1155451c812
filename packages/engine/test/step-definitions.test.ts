// Attacks steps that are defined on their own: run alone, used in several flows, with schemas that fill in and change.
import { flow, step, template } from "@plumbline/core";
import { runStep } from "@plumbline/engine";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { drive, usePlace } from "./fixtures/place.ts";

const fast = { maxAttempts: 2, delay: 0 } as const;
const Page = z.object({ text: z.string(), most: z.number() });
const shorten = step({
  input: Page,
  output: z.string(),
  checks: { "is short": (short, { most }) => short.length <= most || `${short.length} letters` },
  retry: fast,
}).by(
  function cut({ text, most }, { attempt }) {
    return attempt === 1 ? text : text.slice(0, most + 1);
  },
  template(({ text, most }) => text.slice(0, most)),
);

describe("a step alone", () => {
  it("runs with its ladder, its contract and its checks, and says what answered", async () => {
    const result = await runStep(shorten, { text: "abcdef", most: 3 });
    expectTypeOf(result.output).toEqualTypeOf<string | undefined>();
    expect(result).toMatchObject({
      outcome: "degraded",
      output: "abc",
      degradations: [{ path: "step", kind: "fallback", reason: expect.stringContaining("4 letters") }],
    });
    expect(await runStep(shorten, { text: "ab", most: 3 })).toMatchObject({ outcome: "succeeded", output: "ab" });
  });

  it("rule 33: needs that break its contract are refused by their path", async () => {
    await expect(runStep(shorten, { text: "a", most: "3" } as never)).rejects.toMatchObject({
      code: "input-invalid",
      expected: expect.stringContaining("most"),
    });
    for (const none of [undefined, null, "text", 5]) {
      await expect(runStep(shorten, none as never)).rejects.toMatchObject({ code: "input-invalid" });
    }
  });

  it("fails as a result, not as an exception", async () => {
    const broken = step({ input: z.object({}), output: z.string(), retry: { maxAttempts: 1 } }).by(() => {
      throw new Error("broken");
    });
    expect(await runStep(broken, {})).toMatchObject({ outcome: "failed", failure: { message: "broken" } });
  });

  it("is given what its schema makes of the needs: defaults filled in, values changed, fields absent", async () => {
    const seen: unknown[] = [];
    const lenient = step({
      input: z.object({
        at: z.string().transform((text) => new Date(text)),
        most: z.number().default(3),
        note: z.string().optional(),
      }),
      output: z.string(),
    }).by((needs) => {
      expectTypeOf(needs.at).toEqualTypeOf<Date>();
      seen.push(needs);
      return needs.at.toISOString();
    });
    const result = await runStep(lenient, { at: "2026-03-01T00:00:00.000Z" });
    expect(result).toMatchObject({ outcome: "succeeded", output: "2026-03-01T00:00:00.000Z" });
    expect(seen).toEqual([{ at: new Date("2026-03-01"), most: 3 }]);
    expect(Object.keys(seen[0] as object)).toEqual(["at", "most"]);
  });

  it("is undone when it is an effect in doubt, as in any flow", async () => {
    const said: string[] = [];
    const book = step({
      input: z.object({ seat: z.number() }),
      output: z.string(),
      kind: "effect",
      retry: { maxAttempts: 1 },
      compensate: ({ needs, certainty }) => void said.push(`undo ${needs.seat} ${certainty}`),
    }).by(({ seat }) => {
      said.push(`book ${seat}`);
      throw new Error("no answer");
    });
    expect(await runStep(book, { seat: 4 })).toMatchObject({ outcome: "failed", standing: [] });
    expect(said).toEqual(["book 4", "undo 4 in-doubt"]);
  });
});

describe("a step in flows", () => {
  const here = usePlace("memory");

  it("is used in two flows and twice in one, each with its own needs, condition and name", async () => {
    const { place } = here;
    const one = flow("one", {
      input: z.object({ text: z.string() }),
      build($, { text }) {
        const a = $.use("a", shorten, { needs: { text, most: 2 } });
        const b = $.use("b", shorten, { needs: { text: a, most: 1 }, when: ({ text }) => text.length > 1 });
        return { a, b };
      },
    });
    const two = flow("two", {
      input: z.array(z.string()),
      build: ($, texts) =>
        $.map("all", { over: texts, each: ($, text) => $.use("short", shorten, { needs: { text, most: 4 } }) }),
    });
    const engine = await place.open([one, two]);
    const run = async (text: string) => drive(place, (await engine.start(one, { text })).result());
    expect((await run("abcdef")).output).toEqual({ a: "ab", b: "a" });
    expect((await run("a")).output).toEqual({ a: "a", b: undefined });
    const all = await drive(place, (await engine.start(two, ["abcdef", "xy"])).result());
    expect(all).toMatchObject({ outcome: "degraded", output: ["abcd", "xy"] });
    expect(all.degradations).toMatchObject([{ path: "all[0].short" }]);
  });

  it("needs of the wrong shape do not compile, and its own options cannot be given twice", () => {
    flow("typed", {
      input: z.object({ text: z.string() }),
      build: ($, { text }) => ({
        // @ts-expect-error `most` is missing
        one: $.use("one", shorten, { needs: { text } }),
        // @ts-expect-error a text is no number
        two: $.use("two", shorten, { needs: { text, most: text } }),
      }),
    });
    expect(() =>
      flow("twice", {
        input: z.object({ text: z.string() }),
        build: ($, { text }) => $.use("one", shorten, { needs: { text, most: 1 }, output: z.string() } as never),
      }),
    ).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});
