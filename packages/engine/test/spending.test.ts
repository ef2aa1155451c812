// Attacks what a run says that it cost: attempts that were given up, came late, were undone or were under way at a close.
import { flow, type StepContext } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { after, drive, entriesOfKind, found, type Place, signal, stateOf, until, usePlace } from "./fixtures/place.ts";

type Engine = Awaited<ReturnType<Place["open"]>>;

const once = { maxAttempts: 1 };
const never = () => new Promise<never>(() => {});
const usdOf = async (engine: Engine, run: string) => (await engine.get(run))?.summary.usd;

/** Spends at once, and again when it is told that it is not wanted any more; ends when the test says so. */
const spending =
  (usd: number, end: () => Promise<string>, atAbort = 0) =>
  (_: unknown, { spend, signal }: StepContext) => {
    spend({ usd });
    if (atAbort > 0) signal.addEventListener("abort", () => spend({ usd: atAbort }));
    return end();
  };

describe("spent in vain", () => {
  const here = usePlace("memory");

  const quorum = (slow: (needs: unknown, context: StepContext) => Promise<string>) =>
    flow("quorum", {
      input: z.object({}),
      build: ($) =>
        $.ensemble("ask", {
          output: z.string(),
          quorum: 1,
          settle: "quorum",
          combine: (answers) => Object.values(answers)[0] as string,
        }).by({ quick: spending(1, async () => "quick"), slow }),
    });

  it("a member that was overtaken counts when the run ends; what its late answer cost is added", async () => {
    const { place } = here;
    const end = signal<string>();
    let context: StepContext | undefined;
    const made = quorum((needs, given) => {
      context = given;
      return spending(2, () => end.promise)(needs, given);
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect((await drive(place, run.result())).cost.usd).toBe(3);
    const [given] = await entriesOfKind(engine, run.id, "attempt.superseded");
    expect(given).toMatchObject({ attempt: 1, rung: 0, cost: { usd: 2, tokens: 0 }, because: expect.any(String) });
    context?.spend({ usd: 4, tokens: 7 }); // the bill comes with the answer
    end.resolve("slow");
    const late = await found(place, () => entriesOfKind(engine, run.id, "attempt.late"));
    expect(late).toMatchObject([{ result: "value", hash: expect.any(String), cost: { usd: 4, tokens: 7 } }]);
    expect(await usdOf(engine, run.id)).toBe(7);
    expect((await run.result()).cost).toEqual({ usd: 7, tokens: 7 });
  });

  it("one that hears its signal, says what it had used and throws, counts with that", async () => {
    const { place } = here;
    const made = quorum((_, { spend, signal }) => {
      spend({ usd: 2 });
      return new Promise((_, reject) => {
        signal.addEventListener("abort", async () => {
          await null; // as a stream does that is told to stop
          spend({ usd: 8 });
          reject(signal.reason);
        });
      });
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await drive(place, run.result());
    await found(place, () => entriesOfKind(engine, run.id, "attempt.late"));
    expect(await usdOf(engine, run.id)).toBe(11);
  });

  it("one that had spent nothing leaves no entry", async () => {
    const { place } = here;
    const made = quorum(never);
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect((await drive(place, run.result())).cost.usd).toBe(1);
    expect(await entriesOfKind(engine, run.id, "attempt.superseded")).toEqual([]);
  });

  it("maxCost: turns of a loop count what was given up in them", async () => {
    const { place } = here;
    const made = flow("refining", {
      input: z.object({}),
      build: ($) =>
        $.loop("refine", {
          output: z.string(),
          maxTurns: 9,
          maxCost: { usd: 5 },
          atLimit: "last",
          until: () => false,
          body: ($) =>
            $.ensemble("ask", {
              output: z.string(),
              quorum: 1,
              settle: "quorum",
              combine: (answers) => Object.values(answers)[0] as string,
            }).by({ quick: spending(1, async () => "quick"), slow: spending(2, never) }).value,
        }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect((await drive(place, run.result())).cost.usd).toBe(6);
    expect(await entriesOfKind(engine, run.id, "turn.completed")).toHaveLength(2);
  });

  for (const [how, stop] of [
    ["failed", (_: Engine, __: string, fail: () => void) => fail()],
    ["was cancelled", (engine: Engine, run: string) => void engine.cancel(run)],
  ] as const) {
    it(`rule 9: reads that were aborted when their run ${how} count in its result`, async () => {
      const { place } = here;
      const fail = signal();
      const begun = signal();
      const made = flow("stopped", {
        input: z.object({}),
        build($) {
          const read = $.step("read", { output: z.string() }).by((needs, context) => {
            begun.resolve();
            return spending(3, never, 4)(needs, context);
          });
          const failing = $.step("fail", { output: z.string(), retry: once }).by(async () => {
            await fail.promise;
            throw new Error("down");
          });
          return { read, failing };
        },
      });
      const engine = await place.open([made]);
      const run = await engine.start(made, {});
      await begun.promise;
      stop(engine, run.id, fail.resolve);
      const { cost, outcome } = await drive(place, run.result());
      expect([outcome, cost.usd]).toEqual([how === "failed" ? "failed" : "cancelled", 7]);
      expect(await stateOf(engine, run.id)).toMatchObject({ usd: 7 });
    });
  }

  it("rule 18: an attempt that timed out counts with what it had spent, and its late answer with the rest", async () => {
    const { place } = here;
    const end = signal<string>();
    const made = flow("late", {
      input: z.object({}),
      build($) {
        const read = $.step("read", { output: z.string(), timeout: "1s", retry: once }).by(
          async (needs, context) => {
            await spending(1, () => end.promise)(needs, context);
            context.spend({ usd: 2 });
            return "late";
          },
          spending(4, async () => "second"),
        );
        return $.approval("sign", {
          needs: { read },
          decision: z.object({}),
          desk: "desk",
          timeout: "1h",
          onTimeout: {},
        });
      },
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await drive(place, until(engine, run.id, "approval.requested"), 100);
    expect(await usdOf(engine, run.id)).toBe(5);
    end.resolve("late");
    await found(place, () => entriesOfKind(engine, run.id, "attempt.late"));
    expect(await usdOf(engine, run.id)).toBe(7);
    await engine.decide({ run: run.id, decision: {} });
    expect((await drive(place, run.result())).cost.usd).toBe(7);
  });

  it("a hedge that lost counts with what it spends after it was told", async () => {
    const { place } = here;
    const made = flow("hedged", {
      input: z.object({}),
      build: ($) =>
        $.step("ask", { output: z.string(), hedge: { after: "1s" } }).by(
          spending(1, async () => {
            await after(place, 2_000);
            return "first";
          }),
          spending(2, never, 4),
        ),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect(await drive(place, run.result())).toMatchObject({ outcome: "succeeded", output: "first", cost: { usd: 7 } });
  });

  it("rule 23: one that had ended, and was given up before its breaker had heard, counts", async () => {
    const { place } = here;
    const go = signal();
    const made = flow("between", {
      input: z.object({}),
      build($) {
        const asked = $.step("ask", { output: z.string() }).by({
          run: spending(3, async () => {
            await go.promise;
            return "answer";
          }),
          breaker: { name: "backend" },
        });
        const failing = $.step("fail", { output: z.string(), retry: once }).by(async () => {
          await go.promise;
          throw new Error("down");
        });
        return { asked, failing };
      },
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await drive(place, until(engine, run.id, "admission.answered"));
    await place.clock.advance(1);
    go.resolve();
    const result = await drive(place, run.result());
    await found(place, async () => ((await usdOf(engine, run.id)) === 3 ? [1] : []));
    expect(result.outcome).toBe("failed");
  });

  it("rule 8: undoing counts, and what a called run spends when it is undone counts for its caller", async () => {
    const { place } = here;
    const paying = flow("paying", {
      input: z.object({}),
      build: ($) =>
        $.step("pay", {
          kind: "effect",
          output: z.string(),
          compensate: (_, { spend }) => spend({ usd: 4 }),
        }).by(spending(1, async () => "paid")),
    });
    const calling = flow("calling", {
      input: z.object({}),
      build($) {
        const own = $.step("own", {
          kind: "effect",
          output: z.string(),
          compensate: { run: (_, { spend, attempt }) => undoing(spend, attempt), retry: { delay: 0 } },
        }).by(spending(1, async () => "done"));
        const called = $.call("call", { flow: paying, input: {} });
        return $.step("fail", { needs: { own, called }, output: z.string(), retry: once }).by(() => {
          throw new Error("down");
        });
      },
    });
    const undoing = (spend: StepContext["spend"], attempt: number) => {
      spend({ usd: 8 });
      if (attempt === 1) throw new Error("not yet");
    };
    const engine = await place.open([calling]);
    const run = await engine.start(calling, {});
    const result = await drive(place, run.result());
    expect(result).toMatchObject({ outcome: "failed", standing: [] });
    expect(result.cost.usd).toBe(1 + 1 + 4 + 8 + 8);
  });
});

describe("spent before a close", () => {
  const here = usePlace("sqlite");

  it("rule 5: what attempts had spent that outlasted the grace is recorded when their engine is closed in order", async () => {
    const { place } = here;
    const begun = signal();
    let hangs = true;
    const made = flow("closing", {
      input: z.object({}),
      build: ($) =>
        $.step("read", { output: z.string() }).by((needs, context) => {
          begun.resolve();
          return spending(hangs ? 2 : 1, hangs ? never : async () => "read")(needs, context);
        }),
    });
    const first = await place.open([made], { grace: 0 });
    const { id } = await first.start(made, {});
    await begun.promise;
    await place.clock.advance(1);
    hangs = false;
    const closed = place.reopen([made]);
    const second = await drive(place, closed);
    expect(await drive(place, (await second.handle(id)).result())).toMatchObject({ output: "read", cost: { usd: 3 } });
    const lost = await entriesOfKind(second, id, "attempt.lost");
    expect(lost).toMatchObject([{ because: "left" }]);
  });
});
