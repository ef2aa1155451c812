// Attacks hedges: a slow first choice, failures on either side, both, crashes, and what the losing side has cost.
import { flow, type Rung } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  after,
  drive,
  entriesOfKind,
  found,
  type Place,
  signal,
  stateOf,
  storeKinds,
  until,
  usePlace,
} from "./fixtures/place.ts";

type Run = Rung<unknown, string>["run"];

const hedged = (first: Run, second: Run, more: Partial<Rung<unknown, string>> = {}) =>
  flow("hedged", {
    input: z.object({}),
    build: ($) =>
      $.step("ask", { output: z.string(), hedge: { after: "500ms" }, timeout: "10s", retry: { maxAttempts: 1 } }).by(
        { name: "first", run: first },
        { name: "second", run: second, ...more },
      ),
  });

async function run(place: Place, made: ReturnType<typeof hedged>) {
  const engine = await place.open([made]);
  const started = await engine.start(made, {});
  const result = await drive(place, started.result(), 10);
  return { engine, id: started.id, result };
}

const hang = () => new Promise<string>(() => {});

for (const kind of storeKinds) {
  describe(`the faster one answers: ${kind}`, () => {
    const here = usePlace(kind);

    it("a first choice that is quick enough is never hedged", async () => {
      const { place } = here;
      let calls = 0;
      const { engine, id, result } = await run(
        place,
        hedged(
          async () => {
            await after(place, 499);
            return "first";
          },
          () => {
            calls++;
            return "second";
          },
        ),
      );
      expect(result).toMatchObject({ outcome: "succeeded", output: "first" });
      expect(calls).toBe(0);
      expect(await entriesOfKind(engine, id, "hedge.started")).toEqual([]);
    });

    it("rule 14: a slow one is overtaken: it is told through the signal, the answer is a degradation that says so", async () => {
      const { place } = here;
      const reasons: unknown[] = [];
      const slow = signal<string>();
      const { engine, id, result } = await run(
        place,
        hedged(
          (_, { signal }) => {
            signal.addEventListener("abort", () => reasons.push(signal.reason));
            return slow.promise;
          },
          async () => {
            await after(place, 100);
            return "second";
          },
        ),
      );
      expect(result).toMatchObject({
        outcome: "degraded",
        output: "second",
        degradations: [{ path: "ask", kind: "fallback", reason: expect.stringMatching(/answered by second.*slower/) }],
      });
      expect(reasons).toMatchObject([{ name: "AbortError" }]);
      const [hedge] = await entriesOfKind(engine, id, "hedge.started");
      const [completed] = await entriesOfKind(engine, id, "step.completed");
      expect((completed?.at ?? 0) - (hedge?.at ?? 0)).toBe(100);
      slow.resolve("too late");
      const late = await found(place, () => entriesOfKind(engine, id, "attempt.late"));
      expect(late).toMatchObject([{ result: "value" }]);
    });

    it("a first choice that comes before its hedge wins, without degradation; the hedge is aborted", async () => {
      const { place } = here;
      const aborted: string[] = [];
      const { result } = await run(
        place,
        hedged(
          async () => {
            await after(place, 900);
            return "first";
          },
          (_, { signal }) => {
            signal.addEventListener("abort", () => aborted.push("second"));
            return hang();
          },
        ),
      );
      expect(result).toMatchObject({ outcome: "succeeded", output: "first", degradations: [] });
      expect(aborted).toEqual(["second"]);
    });
  });
}

describe("failures on either side", () => {
  const here = usePlace("memory");
  const failAfter = (place: Place, ms: number, message: string) => async () => {
    await after(place, ms);
    throw new Error(message);
  };
  const sayAfter = (place: Place, ms: number, text: string) => async () => {
    await after(place, ms);
    return text;
  };

  it("a first choice that fails while its hedge runs waits for it; both failures and answers are recorded", async () => {
    const { place } = here;
    const { engine, id, result } = await run(
      place,
      hedged(failAfter(place, 700, "first down"), sayAfter(place, 800, "second")),
    );
    expect(result).toMatchObject({ outcome: "degraded", output: "second" });
    expect(await entriesOfKind(engine, id, "attempt.failed")).toMatchObject([
      { rung: 0, failure: { message: "first down" }, hedge: true },
    ]);
  });

  it("a hedge that fails leaves the first choice to answer", async () => {
    const { place } = here;
    const { engine, id, result } = await run(
      place,
      hedged(sayAfter(place, 2_000, "first"), failAfter(place, 100, "second down")),
    );
    expect(result).toMatchObject({ outcome: "succeeded", output: "first", degradations: [] });
    expect(await entriesOfKind(engine, id, "attempt.failed")).toMatchObject([{ rung: 1, hedge: true }]);
  });

  for (const [first, second] of [
    [700, 900],
    [1_900, 200],
  ] as const) {
    it(`when both fail (${first}, ${second}), the ladder goes on, and the failure is told`, async () => {
      const { place } = here;
      let calls = 0;
      const { engine, id, result } = await run(
        place,
        hedged(failAfter(place, first, "first down"), async () => {
          calls++;
          return failAfter(place, second, "second down")();
        }),
      );
      expect(result).toMatchObject({ outcome: "failed", failedAt: "ask", failure: { message: "second down" } });
      expect(calls).toBe(2); // as a hedge, and as the next rung
      const failed = await entriesOfKind(engine, id, "attempt.failed");
      expect(failed.map(({ rung, hedge }) => [rung, hedge]).filter(([, hedge]) => hedge)).toEqual([[1, true]]);
      expect(failed).toHaveLength(3);
    });
  }

  it("a first choice that breaks its contract while the hedge runs does not answer", async () => {
    const { place } = here;
    const { result } = await run(
      place,
      hedged(
        async () => {
          await after(place, 600);
          return 7 as never;
        },
        sayAfter(place, 400, "second"),
      ),
    );
    expect(result).toMatchObject({ outcome: "degraded", output: "second" });
  });

  it("cost: what both sides spent is counted, whoever answers, and kept with the attempt", async () => {
    const { place } = here;
    const spending =
      (run: () => Promise<string>): Run =>
      (_, { spend }) => {
        spend({ usd: 1, tokens: 5 });
        return run();
      };
    const lost = await run(place, hedged(spending(hang), spending(sayAfter(place, 100, "second"))));
    expect(lost.result).toMatchObject({ output: "second", cost: { usd: 2, tokens: 10 } });
    const failed = await run(
      place,
      hedged(spending(failAfter(place, 600, "first down")), spending(sayAfter(place, 500, "second"))),
    );
    expect(failed.result).toMatchObject({ output: "second", cost: { usd: 2, tokens: 10 } });
    const kept = await run(place, hedged(spending(sayAfter(place, 900, "first")), spending(hang)));
    expect(kept.result).toMatchObject({ output: "first", outcome: "succeeded", cost: { usd: 2, tokens: 10 } });
    expect((await stateOf(kept.engine, kept.id)).usd).toBe(2);
  });

  it("rule 9: a run that is cancelled tells both sides, and neither answers", async () => {
    const { place } = here;
    const aborted: string[] = [];
    const told =
      (name: string): Run =>
      (_, { signal }) => {
        signal.addEventListener("abort", () => aborted.push(name));
        return hang();
      };
    const made = hedged(told("first"), told("second"));
    const engine = await place.open([made]);
    const started = await engine.start(made, {});
    await drive(place, until(engine, started.id, "hedge.started"), 10);
    await engine.cancel(started.id);
    expect(await drive(place, started.result())).toMatchObject({ outcome: "cancelled" });
    expect(aborted).toEqual(["first", "second"]);
  });

  it("a hedge takes its place in line at a resource that its rung is limited by", async () => {
    const { place } = here;
    let now = 0;
    let most = 0;
    const made = hedged(
      hang,
      async () => {
        most = Math.max(most, ++now);
        await after(place, 300);
        now--;
        return "second";
      },
      { limit: { name: "gpu", concurrency: 1 } },
    );
    const engine = await place.open([made]);
    const runs = await Promise.all(Array.from({ length: 3 }, () => engine.start(made, {})));
    const results = await drive(place, Promise.all(runs.map((run) => run.result())), 10);
    expect(results.map(({ output }) => output)).toEqual(["second", "second", "second"]);
    expect(most).toBe(1);
    expect(results.map(({ ms }) => Math.floor(ms / 100) * 100)).toEqual([800, 1_100, 1_400]);
  });

  it("rule 5: after a crash the first choice is asked again, and hedged again", async () => {
    const { place } = here;
    const calls: string[] = [];
    const made = hedged(
      () => {
        calls.push("first");
        return hang();
      },
      () => {
        calls.push("second");
        return calls.length > 2 ? "second" : hang();
      },
    );
    const first = await place.open([made]);
    const started = await first.start(made, {}, { key: "k" });
    await drive(place, until(first, started.id, "hedge.started"), 10);
    const second = await place.restart([made]);
    const result = await drive(place, (await second.handle(started.id)).result(), 10);
    expect(result).toMatchObject({ outcome: "degraded", output: "second" });
    expect(calls).toEqual(["first", "second", "first", "second"]);
  });
});
