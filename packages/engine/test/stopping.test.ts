// Attacks the way a run stops: reads are given up, effects get a grace, an answer that comes too late changes nothing.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, entriesOfKind, signal, until, usePlace } from "./fixtures/place.ts";

const never = () => new Promise<never>(() => {});

describe("stopping", () => {
  const here = usePlace("memory");

  /** A read that fails on demand beside an effect that is under way. */
  function besides(effect: (context: { signal: AbortSignal }) => Promise<string>) {
    const fail = signal();
    const reads: AbortSignal[] = [];
    const undone: string[] = [];
    const begun = signal();
    const made = flow("besides", {
      input: z.object({}),
      build($) {
        const failing = $.step("fails", { output: z.string(), retry: { maxAttempts: 1 } }).by(async () => {
          await fail.promise;
          throw new Error("the other one");
        });
        const read = $.step("reads", { output: z.string() }).by((_, { signal }) => {
          reads.push(signal);
          return never();
        });
        const booked = $.step("books", {
          kind: "effect",
          output: z.string(),
          timeout: "1h",
          compensate: ({ certainty, output }) => {
            undone.push(`${certainty} ${output}`);
          },
        }).by((_, context) => {
          begun.resolve();
          return effect(context);
        });
        const later = $.step("later", { needs: { booked }, kind: "effect", output: z.string() }).by(() => {
          undone.push("later was begun");
          return "later";
        });
        return { failing, read, later };
      },
    });
    return { made, fail, reads, undone, begun };
  }

  it("rule 9: stopping aborts reads at once, awaits effects, starts nothing new, and undoes what was applied", async () => {
    const { place } = here;
    const answer = signal<string>();
    const { made, fail, reads, undone, begun } = besides(() => answer.promise);
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await begun.promise;
    fail.resolve();
    await until(engine, run.id, "run.stopped");
    expect(reads.map((one) => one.aborted)).toEqual([true]);
    expect(undone).toEqual([]);
    answer.resolve("booked");
    const result = await drive(place, run.result());
    expect(undone).toEqual(["applied booked"]);
    expect(result).toMatchObject({ outcome: "failed", failure: { message: "the other one" } });
  });

  it("rule 9: an effect that outlasts the grace is aborted, in doubt, and undone as such", async () => {
    const { place } = here;
    let heard: unknown;
    const { made, fail, undone, begun } = besides(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            heard = signal.reason;
            reject(heard);
          });
        }),
    );
    const engine = await place.open([made], { grace: "10s" });
    const run = await engine.start(made, {});
    await begun.promise;
    fail.resolve();
    await until(engine, run.id, "run.stopped");
    await place.clock.advance(9_999);
    expect(undone).toEqual([]);
    await drive(place, run.result());
    expect(undone).toEqual(["in-doubt undefined"]);
    expect(heard).toMatchObject({ name: "AbortError" });
  });

  it("rule 9: an answer that breaks the flow's contract undoes what was done", async () => {
    const undone: string[] = [];
    const made = flow("answers", {
      input: z.object({}),
      output: z.object({ sum: z.number() }),
      checks: { "adds up": ({ sum }) => sum === 5 || `${sum} is not 5` },
      build: ($) => ({
        sum: $.step("add", {
          kind: "effect",
          output: z.number(),
          compensate: ({ output }) => undone.push(`${output}`),
        }).by(() => 4),
      }),
    });
    const { place } = here;
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    const result = await drive(place, run.result());
    expect(result).toMatchObject({ outcome: "failed", failure: { kind: "contract" }, partial: { add: 4 } });
    expect(result.failure?.message).toContain("4 is not 5");
    expect(undone).toEqual(["4"]);
  });

  it("rule 9: an answer that is judged while a cancel arrives does not end the run as if nothing had been", async () => {
    const { place } = here;
    const judging = signal();
    const go = signal();
    const undone: string[] = [];
    const made = flow("slow-answer", {
      input: z.object({}),
      checks: {
        slow: async () => {
          judging.resolve();
          await go.promise;
          return true;
        },
      },
      build: ($) => ({
        one: $.step("one", { kind: "effect", output: z.string(), compensate: () => undone.push("one") }).by(() => "1"),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await judging.promise;
    await engine.cancel(run.id);
    go.resolve();
    expect((await drive(place, run.result())).outcome).toBe("cancelled");
    expect(undone).toEqual(["one"]);
    expect(await entriesOfKind(engine, run.id, "run.ended")).toHaveLength(1);
  });

  it("rule 17: an answer whose contract never answers fails the run in time", async () => {
    const made = flow("hanging-answer", {
      input: z.object({}),
      checks: { hangs: () => never() },
      build: ($) => ({ one: $.step("one", { output: z.string() }).by(() => "1") }),
    });
    const { place } = here;
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    const result = await drive(place, run.result());
    expect(result).toMatchObject({ outcome: "failed", failure: { kind: "timeout" } });
  });
});
