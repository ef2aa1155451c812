// Members and ways to combine that misbehave. Goal: a member costs its own voice at the most, what combines is held to what a journal
// can keep, and nobody's changes reach anybody else. Method: whatever user code can do, in one member or in combine.
import { flow, majority, type Vote, weighted } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, entriesOfKind, usePlace } from "./fixtures/place.ts";

const Score = z.object({ score: z.number() });
type Score = z.infer<typeof Score>;
const once = { maxAttempts: 1 };
const fall = (): never => {
  throw new Error("model down");
};

type Asked = { readonly needs: { readonly words: string[] } };
type Member = (needs: Asked["needs"]) => unknown;

describe("members", () => {
  const here = usePlace("memory");
  const votesOf = async (bad: Member, output: z.ZodType = Score) => {
    const made = flow("asking", {
      input: z.object({ words: z.array(z.string()) }),
      build: ($, { words }) =>
        $.ensemble("risk", { needs: { words }, output, quorum: 1, retry: once, timeout: "2s" }).by({
          bad: bad as never,
          good: (({ words }: Asked["needs"]) => ({ score: words.length })) as never,
        }),
    });
    const engine = await here.place.open([made]);
    const result = await drive(here.place, (await engine.start(made, { words: ["a", "b"] })).result(), 500);
    expect(result.output).toMatchObject({ votes: { good: { status: "success", value: { score: 2 } } } });
    return { ...(result.output as { votes: { bad: Vote } }).votes.bad, outcome: result.outcome };
  };

  it.each<[string, Member, string, string]>([
    ["throws at once", fall, "error", "model down"],
    ["throws what is no error", () => Promise.reject(null), "error", "thrown: null"],
    ["hangs", () => new Promise(() => {}), "timeout", "no answer within 2000 ms"],
    ["gives nothing", () => undefined, "contract", "expected object"],
  ])("rule 14: one that %s is a missing voice, and the others answer", async (_, bad, status, message) => {
    const vote = await votesOf(bad);
    expect(vote).toMatchObject({ status, message: expect.stringContaining(message), outcome: "degraded" });
  });

  it("rule 13: one that gives what no journal can keep is a missing voice", async () => {
    const vote = await votesOf(() => new (class Odd {})(), z.unknown());
    expect(vote).toMatchObject({ status: "error", message: expect.stringContaining("Odd"), outcome: "degraded" });
  });

  it("rule 13: one that changes its needs changes them for nobody else", async () => {
    const vote = await votesOf(({ words }) => ({ score: words.splice(0).length }));
    expect(vote).toMatchObject({ status: "success", value: { score: 2 }, outcome: "succeeded" });
  });

  it("have names that an object knows already, and answer in the order in which objects give them", async () => {
    const say = (score: number) => () => ({ score });
    const made = flow("named", {
      input: z.object({}),
      build: ($) => {
        const asked = $.ensemble("risk", { output: Score, quorum: 4 }).by({
          hasOwnProperty: say(3),
          "10": say(2),
          constructor: say(4),
          "2": say(1),
        });
        return { all: asked.value, first: asked.votes.constructor.value, second: asked.votes.hasOwnProperty.value };
      },
    });
    const engine = await here.place.open([made]);
    const { output } = await (await engine.start(made, {})).result();
    expect(output).toEqual({
      all: [{ score: 1 }, { score: 2 }, { score: 3 }, { score: 4 }],
      first: { score: 4 },
      second: { score: 3 },
    });
  });
});

describe("ways to combine", () => {
  const here = usePlace("memory");
  type Ways = {
    readonly combine?: (values: readonly Score[]) => unknown;
    readonly byName?: (survivors: { readonly a?: Score; readonly b?: Score }) => unknown;
  };
  const answer = async ({ combine, byName }: Ways, b: () => Score = () => ({ score: 2 })) => {
    const made = flow("combining", {
      input: z.object({}),
      build: ($) =>
        $.ensemble("risk", { output: Score, quorum: 1, retry: once, ...(combine ? { combine } : {}) }).by(
          { a: () => ({ score: 1 }), b },
          byName,
        ),
    });
    const engine = await here.place.open([made]);
    const run = await engine.start(made, {});
    return { engine, ...(await drive(here.place, run.result(), 1_000)) };
  };

  it.each<[string, () => unknown, string, string]>([
    ["throws", fall, "predicate", "model down"],
    ["rejects", async () => fall(), "predicate", "model down"],
    ["hangs", () => new Promise(() => {}), "timeout", "no answer within 30000 ms"],
    ["gives an instance of a class", () => new (class Odd {})(), "value", "Odd"],
    ["gives a function", () => fall, "value", "function"],
    ["gives what is no number", () => Number.NaN, "value", "NaN"],
  ])("one that %s fails the ensemble, whether it knows the names or not", async (_, way, kind, message) => {
    for (const ways of [{ combine: way }, { byName: way }]) {
      const result = await answer(ways);
      expect(result).toMatchObject({ outcome: "failed", failedAt: "risk", failure: { kind } });
      expect(result.failure?.message).toContain(message);
    }
  });

  it("rule 13: one that changes what it is given changes no vote", async () => {
    const spoil = (score: Score | undefined) => Object.assign(score as object, { score: 99 });
    const votes = { a: { value: { score: 1 } }, b: { value: { score: 2 } } };
    const combine = (values: readonly Score[]) => (values as Score[]).splice(0).map(spoil).length;
    expect((await answer({ combine })).output).toMatchObject({ value: 2, votes });
    const byName = (survivors: { readonly a?: Score }) => {
      spoil(survivors.a);
      return delete (survivors as { a?: Score }).a;
    };
    expect((await answer({ byName })).output).toMatchObject({ value: true, votes });
  });

  it("is asked once, with nothing but the good answers; who gave none is absent", async () => {
    const given: unknown[] = [];
    const keep = (...all: unknown[]) => given.push(all);
    await answer({ byName: keep }, fall);
    await answer({ combine: keep }, fall);
    expect(given).toEqual([[{ a: { score: 1 } }], [[{ score: 1 }]]]);
  });

  it("where those that answered weigh nothing, the ensemble fails and says so", async () => {
    const result = await answer({ byName: weighted({ a: 0 }, ({ score }) => score) }, fall);
    expect(result).toMatchObject({ outcome: "failed", failure: { message: "those that answered weigh nothing: a" } });
  });

  it("none at all gives the list of the good answers, which the journal keeps as the answer", async () => {
    const { output, engine, id } = await answer({}, fall);
    expect(output).toMatchObject({ value: [{ score: 1 }], survivors: 1 });
    expect(await entriesOfKind(engine, id, "scope.completed")).toMatchObject([{ value: '[{"score":1}]' }]);
  });

  it("of what equally many say, the first member counts", async () => {
    expect((await answer({ combine: majority(({ score }) => score) })).output).toMatchObject({ value: 1 });
  });
});
