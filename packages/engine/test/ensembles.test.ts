// Attacks ensembles: members that hang, throw, talk nonsense or come late; quorum and what lies below it; ready ways to combine.
import { flow, majority, mean, median, type RunResult, upperMedian, type Vote, weighted } from "@plumbline/core";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { drive, entriesOf, entriesOfKind, found, signal, stateOf, storeKinds, usePlace } from "./fixtures/place.ts";

const Score = z.object({ score: z.number().min(0).max(1) });
type Score = z.infer<typeof Score>;
const once = { maxAttempts: 1 };
const hang = () => new Promise<Score>(() => {});
const fall = (): Score => {
  throw new Error("model down");
};
const say = (score: number) => () => ({ score });

describe("the quorum", () => {
  const here = usePlace("memory");

  type Members = Record<"rules" | "tree" | "graph", () => Score | Promise<Score>>;
  const scoring = (members: Members, more: { readonly below?: unknown; readonly settle?: "quorum" | "all" } = {}) =>
    flow("scoring", {
      input: z.object({ id: z.string() }),
      build($, { id }) {
        const risk = $.ensemble("risk", {
          needs: { id },
          output: Score,
          quorum: 2,
          combine: upperMedian((one) => one.score),
          timeout: "5s",
          retry: once,
          ...(more as { readonly below?: string }),
        }).by(members);
        return { value: risk.value, survivors: risk.survivors, votes: risk.votes };
      },
    });
  const run = async (made: ReturnType<typeof scoring>) => {
    const engine = await here.place.open([made]);
    const started = await engine.start(made, { id: "t" });
    return { engine, id: started.id, result: await drive(here.place, started.result(), 1_000) };
  };

  it("rule 14: one that hangs and one that says what it may not are missing voices; the rest answers, degraded", async () => {
    const { result, engine, id } = await run(
      scoring({ rules: hang, tree: say(0.25), graph: say(0.75) }, { settle: "all" }),
    );
    expect(result).toMatchObject({
      outcome: "degraded",
      output: {
        value: 0.75,
        survivors: 2,
        votes: {
          rules: { status: "timeout", message: "no answer within 5000 ms" },
          tree: { status: "success", value: { score: 0.25 } },
          graph: { status: "success", value: { score: 0.75 } },
        },
      },
      degradations: [{ path: "risk.rules", kind: "missing-voice" }],
    });
    expect(result.ms).toBeGreaterThanOrEqual(5_000);
    expect((await stateOf(engine, id)).outcome).toBe("degraded");
    const nonsense = await run(scoring({ rules: say(7), tree: say(0.5), graph: say(0.5) }));
    expect(nonsense.result).toMatchObject({
      outcome: "degraded",
      output: { votes: { rules: { status: "contract", message: expect.stringContaining("contract") } } },
    });
  });

  it("rule 14: all well is a success, and every vote is readable by name", async () => {
    const { result } = await run(scoring({ rules: say(0.1), tree: say(0.2), graph: say(0.9) }));
    expect(result).toMatchObject({ outcome: "succeeded", degradations: [] });
    expect(result.output).toEqual({
      value: 0.2,
      survivors: 3,
      votes: {
        rules: { status: "success", value: { score: 0.1 } },
        tree: { status: "success", value: { score: 0.2 } },
        graph: { status: "success", value: { score: 0.9 } },
      },
    });
  });

  const tooFew = { rules: fall, tree: hang, graph: say(0.9) };
  const reason = "1 of 3 members gave an answer, 2 are needed";

  it("rule 14: below the quorum a declared value answers", async () => {
    const { result } = await run(scoring(tooFew, { below: "unknown" }));
    expect(result).toMatchObject({ outcome: "degraded", output: { value: "unknown", survivors: 1 } });
    expect(result.degradations).toContainEqual({ path: "risk", kind: "below-quorum", reason });
  });

  it("rule 14: below the quorum a function of votes and needs answers", async () => {
    const seen: unknown[] = [];
    const below = (votes: Record<string, Vote<Score>>, needs: unknown) => {
      seen.push(needs);
      return Object.entries(votes).map(([name, { status, value }]) => `${name} ${status} ${value?.score}`);
    };
    const { result } = await run(scoring(tooFew, { below }));
    expect(result).toMatchObject({
      outcome: "degraded",
      output: { value: ["rules error undefined", "tree timeout undefined", "graph success 0.9"] },
    });
    expect(seen).toEqual([{ id: "t" }]);
  });

  it("rule 14: below the quorum without an answer the ensemble fails and says how few there were", async () => {
    const { result } = await run(scoring(tooFew));
    expect(result).toMatchObject({ outcome: "failed", failedAt: "risk", failure: { kind: "quorum", message: reason } });
  });

  it("a below that throws, and one that gives what no journal can keep, fail the ensemble", async () => {
    const thrown = await run(
      scoring(tooFew, {
        below: () => {
          throw new Error("no idea");
        },
      }),
    );
    expect(thrown.result).toMatchObject({ outcome: "failed", failure: { kind: "predicate", message: "no idea" } });
    const kept = await run(scoring(tooFew, { below: () => new (class Odd {})() }));
    expect(kept.result).toMatchObject({ outcome: "failed", failedAt: "risk", failure: { kind: "value" } });
  });

  it("settle quorum: fails as soon as the quorum cannot be reached, without waiting for those who hang", async () => {
    const { result } = await run(scoring({ rules: fall, tree: fall, graph: hang }, { settle: "quorum" }));
    expect(result).toMatchObject({ outcome: "failed", failure: { kind: "quorum" } });
    expect(result.ms).toBeLessThan(5_000);
  });

  it("a member's attempts and rungs are its own: a fallback degrades, a retry does not", async () => {
    const { place } = here;
    let calls = 0;
    const made = flow("ladders", {
      input: z.object({}),
      build: ($) =>
        $.ensemble("risk", {
          output: Score,
          quorum: 2,
          combine: mean((one) => one.score),
          retry: { delay: 0 },
        }).by({
          retried: () => {
            calls++;
            if (calls === 1) throw new Error("busy");
            return { score: 0.4 };
          },
          ladder: [{ run: fall, retry: once }, say(0.6)],
        }).value,
    });
    const engine = await place.open([made]);
    const result = await drive(place, (await engine.start(made, {})).result());
    expect(result).toMatchObject({
      outcome: "degraded",
      output: 0.5,
      degradations: [{ path: "risk.ladder", kind: "fallback" }],
    });
    expect(calls).toBe(2);
  });
});

for (const kind of storeKinds) {
  describe(`settle quorum: ${kind}`, () => {
    const here = usePlace(kind);

    it("rule 18: the rest is told through the signal, and what it says after all is kept as late, by hash", async () => {
      const { place } = here;
      const slow = signal<Score>();
      const reasons: unknown[] = [];
      const made = flow("first-two", {
        input: z.object({}),
        build: ($) =>
          $.ensemble("risk", {
            output: Score,
            quorum: 2,
            settle: "quorum",
            combine: median((one) => one.score),
          }).by({
            quick: async () => ({ score: 0.1 }),
            brisk: async () => ({ score: 0.3 }),
            slow: (_, { signal }) => {
              signal.addEventListener("abort", () => reasons.push(signal.reason));
              return slow.promise;
            },
          }),
      });
      const engine = await place.open([made]);
      const run = await engine.start(made, {});
      const result = await drive(place, run.result());
      expect(result).toMatchObject({
        outcome: "succeeded",
        output: { value: 0.2, survivors: 2, votes: { slow: { status: "superseded" } } },
      });
      expect(reasons).toMatchObject([{ name: "AbortError" }]);
      slow.resolve({ score: 0.9 });
      const late = await found(place, () => entriesOfKind(engine, run.id, "attempt.late"));
      expect(late).toMatchObject([{ result: "value", hash: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
      expect(JSON.stringify(await entriesOf(engine, run.id))).not.toContain("0.9");
      const again: RunResult = await (await engine.handle(run.id)).result();
      expect(again.output).toEqual(result.output);
    });

    it("over a crash: members that had answered are not asked again, and the votes are the same", async () => {
      const { place } = here;
      const calls: string[] = [];
      const held = signal<Score>();
      const member = (name: string, answer: () => Score | Promise<Score>) => () => {
        calls.push(name);
        return answer();
      };
      const made = flow("crashing", {
        input: z.object({}),
        build: ($) =>
          $.ensemble("risk", {
            output: Score,
            quorum: 2,
            combine: mean((one) => one.score),
            retry: once,
          }).by({ a: member("a", say(0.1)), b: member("b", () => held.promise), c: member("c", fall) }),
      });
      const first = await place.open([made]);
      const run = await first.start(made, {}, { key: "k" });
      await drive(place, whenSettled(first, run.id, 2));
      const second = await place.restart([made]);
      held.resolve({ score: 0.3 });
      const result = await drive(place, (await second.handle(run.id)).result());
      expect(result.output).toMatchObject({ value: 0.2, survivors: 2, votes: { c: { status: "error" } } });
      expect(calls).toEqual(["a", "b", "c", "b"]);
    });
  });
}

async function whenSettled(engine: Parameters<typeof entriesOf>[0], run: string, count: number): Promise<void> {
  let settled = 0;
  for await (const { entry } of engine.watch(run)) {
    if (entry.kind === "step.completed" || entry.kind === "step.failed") settled++;
    if (settled === count) return;
  }
}

describe("ready ways to combine", () => {
  const here = usePlace("memory");

  it("upper median, median, mean, majority, weighted, and none at all, over even and odd numbers of survivors", async () => {
    const { place } = here;
    const made = flow("combined", {
      input: z.array(z.number()),
      build($, given) {
        const members = Object.fromEntries(
          ["a", "b", "c", "d"].map((name, index) => [
            name,
            ({ given }: { given: number[] }) => {
              const score = given[index];
              if (score === undefined) throw new Error("absent");
              return { score };
            },
          ]),
        );
        const of = ({ score }: { score: number }) => score;
        const options = { needs: { given }, output: z.object({ score: z.number() }), quorum: 1, retry: once };
        return {
          upper: $.ensemble("upper", { ...options, combine: upperMedian(of) }).by(members).value,
          median: $.ensemble("median", { ...options, combine: median(of) }).by(members).value,
          mean: $.ensemble("mean", { ...options, combine: mean(of) }).by(members).value,
          majority: $.ensemble("majority", { ...options, combine: majority(of) }).by(members).value,
          weighted: $.ensemble("weighted", options).by(members, weighted({ a: 3, b: 0 }, of)).value,
          all: $.ensemble("all", options).by(members).value,
        };
      },
    });
    const engine = await place.open([made]);
    const combine = async (given: number[]) => {
      const { output: { all, ...others } = { all: [] } } = await (await engine.start(made, given)).result();
      expect(all).toEqual(given.map((score) => ({ score })));
      return others;
    };
    expect(await combine([5])).toEqual({ upper: 5, median: 5, mean: 5, majority: 5, weighted: 5 });
    expect(await combine([8, 2])).toEqual({ upper: 8, median: 5, mean: 5, majority: 8, weighted: 8 });
    expect(await combine([9, 10, 2])).toEqual({ upper: 9, median: 9, mean: 7, majority: 9, weighted: 29 / 4 });
    expect(await combine([1, 3, 3, 5])).toEqual({ upper: 3, median: 3, mean: 3, majority: 3, weighted: 11 / 5 });
  });

  type Survivors = { readonly a?: { score: number }; readonly b?: { score: number } };
  const combined = (combine: ((survivors: Survivors) => unknown) | undefined, values?: (values: unknown) => unknown) =>
    flow("own-way", {
      input: z.object({}),
      build: ($) =>
        $.ensemble("risk", {
          output: z.object({ score: z.number() }),
          quorum: 1,
          ...(values === undefined ? {} : { combine: values }),
        }).by({ a: () => ({ score: 1 }), b: () => ({ score: 2 }) }, combine).value,
    });

  it("a way of one's own may take its time; what it throws, or gives that no journal keeps, fails the ensemble", async () => {
    const { place } = here;
    const answer = async (...combine: Parameters<typeof combined>) => {
      const made = combined(...combine);
      const engine = await place.open([made]);
      return drive(place, (await engine.start(made, {})).result(), 1_000);
    };
    const sum = async (values: unknown) => (values as Score[]).reduce((all, { score }) => all + score, 0);
    expect(await answer(undefined, sum)).toMatchObject({ outcome: "succeeded", output: 3 });
    expect(await answer((survivors) => survivors)).toMatchObject({ output: { a: { score: 1 }, b: { score: 2 } } });
    expect(await answer(() => Number.NaN)).toMatchObject({ outcome: "failed", failedAt: "risk" });
    expect(await answer(() => new Promise(() => {}))).toMatchObject({
      outcome: "failed",
      failure: { kind: "timeout" },
    });
    const thrown = await answer(() => {
      throw new Error("cannot agree");
    });
    expect(thrown).toMatchObject({ outcome: "failed", failure: { kind: "predicate", message: "cannot agree" } });
  });

  it("votes, survivors and value have the types that they have at run time", () => {
    flow("typed", {
      input: z.object({}),
      build($) {
        const risk = $.ensemble("risk", {
          output: Score,
          quorum: 1,
          below: "unknown",
        }).by({ rules: say(1), tree: say(0) }, (survivors) => {
          expectTypeOf(survivors.rules).toEqualTypeOf<Score | undefined>();
          return Object.keys(survivors).length;
        });
        return $.step("read", { needs: { risk }, output: z.string() }).by(({ risk }) => {
          expectTypeOf(risk.value).toEqualTypeOf<number | "unknown">();
          expectTypeOf(risk.votes.tree).toEqualTypeOf<Vote<Score>>();
          expectTypeOf(risk.survivors).toEqualTypeOf<number>();
          // @ts-expect-error there is no such member
          return `${risk.votes.graph}`;
        });
      },
    });
  });
});
