// Attacks retries: how often, when, with which delay, and over a restart. Time is virtual.
import { type Failure, flow, type RetryOptions } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { entriesOfKind, storeKinds, until, usePlace } from "./fixtures/place.ts";

const failing = (retry: RetryOptions | undefined, answers: (attempt: number) => unknown) =>
  flow("retrying", {
    input: z.object({}),
    build($) {
      const text = $.step("ask", { output: z.string(), ...(retry ? { retry } : {}) }).by((_, { attempt }) => {
        const answer = answers(attempt);
        if (answer instanceof Error) throw answer;
        return answer as string;
      });
      return { text };
    },
  });

const always = () => new Error("down");

describe.each(storeKinds)("retry on %s", (kind) => {
  const here = usePlace(kind);

  async function delays(retry: RetryOptions | undefined, count: number): Promise<number[]> {
    const { place } = here;
    const asked = failing(retry, always);
    const engine = await place.open([asked]);
    const { id, result } = await engine.start(asked, {});
    const found: number[] = [];
    for (let i = 0; i < count; i++) {
      const { at, dueAt } = await until(engine, id, "retry.scheduled", (entry) => entry.at >= place.clock.now());
      found.push(dueAt - at);
      await place.clock.advance(dueAt - place.clock.now());
    }
    expect((await result()).outcome).toBe("failed");
    return found;
  }

  it("rule 17: three attempts in all by default, 1 s and then 2 s apart", async () => {
    expect(await delays(undefined, 2)).toEqual([1_000, 2_000]);
  });

  it("rule 17: exponential delays double up to the cap", async () => {
    expect(await delays({ maxAttempts: 6, delay: "1s", cap: "5s", jitter: 0 }, 5)).toEqual([
      1_000, 2_000, 4_000, 5_000, 5_000,
    ]);
  });

  it("rule 17: fixed delays stay, and jitter spreads them by the chance given", async () => {
    here.place.chance = 0.999_999;
    expect(await delays({ maxAttempts: 3, backoff: "fixed", delay: 1_000, jitter: 0.5 }, 2)).toEqual([1_500, 1_500]);
  });

  it("rule 17: the first success ends it; attempts are counted and vary the parameters", async () => {
    const { place } = here;
    const asked = failing({ delay: 0 }, (attempt) => (attempt < 3 ? new Error("down") : `at ${attempt}`));
    const engine = await place.open([asked]);
    const run = await engine.start(asked, {});
    expect((await run.result()).output).toEqual({ text: "at 3" });
    expect((await entriesOfKind(engine, run.id, "attempt.failed")).map((entry) => entry.attempt)).toEqual([1, 2]);
  });

  it("rule 17: retryIf is asked with the failure and the count, and false goes on at once", async () => {
    const { place } = here;
    const asked: [string, number][] = [];
    const retryIf = (failure: Failure, attempt: number) => {
      asked.push([failure.message, attempt]);
      return attempt < 2;
    };
    const flaky = failing({ delay: 0, maxAttempts: 9, retryIf }, (attempt) => new Error(`down ${attempt}`));
    const engine = await place.open([flaky]);
    const run = await engine.start(flaky, {});
    expect((await run.result()).failure?.message).toBe("down 2");
    expect(asked).toEqual([
      ["down 1", 1],
      ["down 2", 2],
    ]);
  });

  it("rule 17: retryIf that throws something hostile is said aloud, and the attempt is retried", async () => {
    const { place } = here;
    const hostile = {
      toString() {
        throw new Error("not even this");
      },
    };
    const retryIf = () => {
      throw hostile;
    };
    const flaky = failing({ delay: 0, retryIf }, (attempt) => (attempt === 1 ? new Error("down") : "up"));
    const engine = await place.open([flaky]);
    const run = await engine.start(flaky, {});
    expect((await run.result()).output).toEqual({ text: "up" });
    expect(place.warnings.map((warning) => warning.message)).toEqual(["retryIf threw; the attempt is retried"]);
  });

  it("rule 17: a delay is an absolute instant, so that a restart neither shortens nor repeats it", async () => {
    const { place } = here;
    let calls = 0;
    const asked = failing({ delay: "1m", jitter: 0 }, () => (++calls === 1 ? new Error("down") : "up"));
    const first = await place.open([asked]);
    const { id } = await first.start(asked, {});
    await until(first, id, "retry.scheduled");
    await place.clock.advance(40_000);
    const second = await place.restart([asked]);
    const run = await second.handle(id);
    await place.clock.advance(19_999);
    expect(calls).toBe(1);
    await place.clock.advance(1);
    expect((await run.result()).output).toEqual({ text: "up" });
    expect(calls).toBe(2);
    expect(await entriesOfKind(second, id, "attempt.lost")).toEqual([]);
  });

  it("rule 17: a delay that passed while nobody was there is over at once", async () => {
    const { place } = here;
    let calls = 0;
    const asked = failing({ delay: "1m" }, () => (++calls === 1 ? new Error("down") : "up"));
    const first = await place.open([asked]);
    const { id } = await first.start(asked, {});
    await until(first, id, "retry.scheduled");
    await place.crash();
    await place.clock.advance(3_600_000);
    const run = await (await place.open([asked])).handle(id);
    expect((await run.result()).output).toEqual({ text: "up" });
  });
});
