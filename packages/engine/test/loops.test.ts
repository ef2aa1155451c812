// Attacks loops: what a turn sees of those before, when it is enough, what bounds it, and what is undone when it is given up.
import { flow, optional } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, entriesOfKind, storeKinds, until, usePlace } from "./fixtures/place.ts";

const once = { maxAttempts: 1 };
const Draft = z.object({ text: z.string(), score: z.number() });
type Draft = z.infer<typeof Draft>;

describe("turns", () => {
  const here = usePlace("memory");

  it("see the previous turn, all turns and their number; until ends the loop with the turn that is enough", async () => {
    const { place } = here;
    const seen: unknown[] = [];
    const made = flow("improving", {
      input: z.object({ start: z.string() }),
      build: ($, { start }) =>
        $.loop("improve", {
          start: { text: start, score: 0 },
          output: Draft,
          maxTurns: 10,
          atLimit: "fail",
          until: ({ score }, turn) => {
            seen.push(["until", score, turn]);
            return score >= 3;
          },
          body: ($, previous, turn, turns) =>
            $.step("write", { needs: { previous, turn, turns }, output: Draft }).by(
              ({ previous, turn, turns }, { path }) => {
                seen.push([path, previous.text, turns.map(({ text }) => text)]);
                return { text: `${previous.text}${turn}`, score: turn };
              },
            ),
        }),
    });
    const engine = await place.open([made]);
    const result = await (await engine.start(made, { start: "a" })).result();
    expect(result).toMatchObject({ outcome: "succeeded", output: { text: "a123", score: 3 } });
    expect(seen).toEqual([
      ["improve[1].write", "a", []],
      ["until", 1, 1],
      ["improve[2].write", "a1", ["a1"]],
      ["until", 2, 2],
      ["improve[3].write", "a12", ["a1", "a12"]],
      ["until", 3, 3],
    ]);
  });

  it("without a start the first turn has no previous one", async () => {
    const { place } = here;
    const made = flow("bare", {
      input: z.object({}),
      build: ($) =>
        $.loop("count", {
          output: z.number(),
          maxTurns: 5,
          atLimit: "last",
          until: (n) => n === 3,
          body: ($, previous) =>
            $.step("add", { needs: { previous }, output: z.number() }).by(({ previous }) => (previous ?? 0) + 1),
        }),
    });
    const engine = await place.open([made]);
    expect(await (await engine.start(made, {})).result()).toMatchObject({ outcome: "succeeded", output: 3 });
  });

  it("rule 11: a turn is held to the loop's contract and checks; a broken one fails the loop", async () => {
    const { place } = here;
    const made = (name: string, score: number) =>
      flow(name, {
        input: z.object({}),
        build: ($) =>
          $.loop("improve", {
            output: Draft,
            checks: { "scores are small": ({ score }, turn) => score < 10 || `${score} in turn ${turn}` },
            maxTurns: 3,
            atLimit: "last",
            until: () => true,
            body: ($) => {
              const text = $.step("write", { output: z.any() }).by(() => (score < 0 ? 7 : "a"));
              return { text, score };
            },
          }),
      });
    const [shape, check] = [made("shape", -1), made("check", 12)];
    const engine = await place.open([shape, check]);
    expect(await (await engine.start(shape, {})).result()).toMatchObject({
      outcome: "failed",
      failedAt: "improve",
      failure: { kind: "contract", message: expect.stringContaining("text") },
    });
    expect(await (await engine.start(check, {})).result()).toMatchObject({
      outcome: "failed",
      failure: { kind: "contract", message: expect.stringContaining("12 in turn 1") },
    });
  });

  it("loops lie in loops, each with its own turns", async () => {
    const { place } = here;
    const made = flow("nested", {
      input: z.object({}),
      build: ($) =>
        $.loop("outer", {
          start: { list: [] as string[] },
          output: z.object({ list: z.array(z.string()) }),
          maxTurns: 2,
          atLimit: "last",
          until: () => false,
          body: ($, before, outer) => {
            const inner = $.loop("inner", {
              start: { n: 0 },
              output: z.object({ n: z.number() }),
              maxTurns: 3,
              atLimit: "fail",
              until: ({ n }) => n >= 2,
              body: ($, previous) => ({
                n: $.step("add", { needs: { previous }, output: z.number() }).by(({ previous }) => previous.n + 1),
              }),
            });
            const list = $.step("note", { needs: { before, outer, inner }, output: z.array(z.string()) }).by(
              ({ before, outer, inner }) => [...before.list, `${outer}/${inner.n}`],
            );
            return { list };
          },
        }),
    });
    const engine = await place.open([made]);
    expect((await (await engine.start(made, {})).result()).output).toEqual({ list: ["1/2", "2/2"] });
  });
});

describe("the limit", () => {
  const here = usePlace("memory");

  type AtLimit = "fail" | "last" | ((turns: readonly Draft[]) => Draft);
  const never = (atLimit: AtLimit, more: { readonly maxCost?: { usd?: number; tokens?: number } } = {}) =>
    flow("never-enough", {
      input: z.object({}),
      build: ($) =>
        $.loop("improve", {
          output: Draft,
          maxTurns: 4,
          atLimit,
          until: () => false,
          ...more,
          body: ($, _previous, turn) =>
            $.step("write", { needs: { turn }, output: Draft }).by(({ turn }, { spend }) => {
              spend({ usd: 0.4, tokens: 100 });
              return { text: `v${turn}`, score: turn };
            }),
        }),
    });
  const run = async (made: ReturnType<typeof never>) => {
    const engine = await here.place.open([made]);
    const started = await engine.start(made, {});
    const result = await started.result();
    return { result, turns: (await entriesOfKind(engine, started.id, "turn.completed")).length };
  };

  it("fail: the loop fails and says after how many turns", async () => {
    const { result, turns } = await run(never("fail"));
    expect(result).toMatchObject({
      outcome: "failed",
      failedAt: "improve",
      failure: { kind: "limit", message: "not good enough after 4 turns" },
    });
    expect(turns).toBe(4);
  });

  it("last: the last turn answers, as a degradation", async () => {
    const { result } = await run(never("last"));
    expect(result).toMatchObject({
      outcome: "degraded",
      output: { text: "v4", score: 4 },
      degradations: [{ path: "improve", kind: "at-limit", reason: "not good enough after 4 turns" }],
    });
  });

  it("a function makes an answer of all turns, which is held to the contract", async () => {
    const best = await run(never((turns) => ({ text: turns.map(({ text }) => text).join("+"), score: turns.length })));
    expect(best.result).toMatchObject({ outcome: "degraded", output: { text: "v1+v2+v3+v4", score: 4 } });
    const broken = await run(never(() => ({ text: 5 }) as never));
    expect(broken.result).toMatchObject({ outcome: "failed", failedAt: "improve", failure: { kind: "contract" } });
    const thrown = await run(
      never(() => {
        throw new Error("none was good");
      }),
    );
    expect(thrown.result).toMatchObject({ outcome: "failed", failure: { message: "none was good" } });
  });

  it("maxCost: no turn begins when those before have cost so much, in money or in tokens", async () => {
    const usd = await run(never("last", { maxCost: { usd: 1 } }));
    expect(usd.turns).toBe(3);
    expect(usd.result).toMatchObject({ outcome: "degraded", output: { text: "v3" }, cost: { tokens: 300 } });
    const tokens = await run(never("fail", { maxCost: { tokens: 200 } }));
    expect(tokens.turns).toBe(2);
    expect(tokens.result).toMatchObject({ outcome: "failed", failure: { kind: "limit" } });
  });
});

describe("a loop that is given up", () => {
  const here = usePlace("memory");

  const booking = (until: (n: number) => boolean, undone: string[]) =>
    flow("booking", {
      input: z.object({}),
      build($) {
        const booked = $.loop("book", {
          output: z.number(),
          maxTurns: 3,
          atLimit: "fail",
          until,
          body: ($, _previous, turn) =>
            $.step("place", {
              needs: { turn },
              kind: "effect",
              output: z.number(),
              compensate: ({ needs, output, certainty }) => void undone.push(`${needs.turn} ${output} ${certainty}`),
            }).by(({ turn }) => turn * 10),
        });
        return $.step("go on", { needs: { booked: optional(booked, { onFailure: true }) }, output: z.string() }).by(
          ({ booked }) => {
            undone.push("went on");
            return `with ${booked}`;
          },
        );
      },
    });

  const reasons: readonly [string, (n: number) => boolean, string, number][] = [
    [
      "until that throws",
      (n) => {
        if (n === 20) throw new Error("cannot say");
        return false;
      },
      "cannot say",
      2,
    ],
    ["until that gives no boolean", (n) => (n === 20 ? ("yes" as never) : false), "until gave", 2],
    ["the limit", () => false, "not good enough after 3 turns", 3],
  ];
  for (const [what, until, reason, turns] of reasons) {
    it(`rule 8: after ${what}, all that the turns did is undone before others go on without it`, async () => {
      const { place } = here;
      const undone: string[] = [];
      const made = booking(until, undone);
      const engine = await place.open([made]);
      const result = await drive(place, (await engine.start(made, {})).result());
      expect(result).toMatchObject({
        outcome: "degraded",
        output: "with undefined",
        standing: [],
        degradations: [{ path: "book", reason: expect.stringContaining(reason) }],
      });
      const expected = [...Array(turns).keys()].map((i) => `${i + 1} ${(i + 1) * 10} applied`).reverse();
      expect(undone).toEqual([...expected, "went on"]);
    });
  }

  it("a step that fails in a turn fails the loop by that step's path", async () => {
    const { place } = here;
    const made = flow("failing", {
      input: z.object({}),
      build: ($) =>
        $.loop("improve", {
          output: z.number(),
          maxTurns: 5,
          atLimit: "last",
          until: () => false,
          body: ($, _previous, turn) =>
            $.step("write", { needs: { turn }, output: z.number(), retry: once }).by(({ turn }) => {
              if (turn === 3) throw new Error("out of paper");
              return turn;
            }),
        }),
    });
    const engine = await place.open([made]);
    expect(await (await engine.start(made, {})).result()).toMatchObject({
      outcome: "failed",
      failedAt: "improve[3].write",
    });
  });
});

for (const kind of storeKinds) {
  describe(`over a crash: ${kind}`, () => {
    const here = usePlace(kind);

    it("rule 5: turns that were recorded are not taken again, and until is not asked of them again", async () => {
      const { place } = here;
      const calls: string[] = [];
      const made = flow("crashing", {
        input: z.object({}),
        build: ($) =>
          $.loop("improve", {
            start: { text: "", score: 0 },
            output: Draft,
            maxTurns: 9,
            atLimit: "fail",
            until: ({ score }, turn) => {
              calls.push(`until ${turn}`);
              return score === 4;
            },
            body: ($, previous, turn) =>
              $.step("write", { needs: { previous, turn }, output: Draft }).by(async ({ previous, turn }) => {
                calls.push(`write ${turn}`);
                return { text: `${previous.text}${turn}`, score: turn };
              }),
          }),
      });
      const first = await place.open([made]);
      const run = await first.start(made, {}, { key: "k" });
      await drive(
        place,
        until(first, run.id, "turn.completed", ({ turn }) => turn === 2),
        1,
      );
      const known = (await entriesOfKind(first, run.id, "turn.completed")).length;
      const second = await place.restart([made]);
      const result = await drive(place, (await second.handle(run.id)).result(), 1);
      expect(result).toMatchObject({ outcome: "succeeded", output: { text: "1234", score: 4 } });
      for (let turn = 1; turn <= known; turn++) {
        expect(calls.filter((call) => call === `write ${turn}`)).toHaveLength(1);
        expect(calls.filter((call) => call === `until ${turn}`)).toHaveLength(1);
      }
    });
  });
}
