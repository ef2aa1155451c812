// Attacks time limits from inside: code that keeps the event loop busy past its limit, so that no timer can stop it.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, entriesOfKind, found, usePlace } from "./fixtures/place.ts";

const once = { maxAttempts: 1 };

describe("code that keeps the event loop busy", () => {
  const here = usePlace("memory");
  const busy = (ms: number) => here.place.clock.pass(ms);

  for (const [what, answer] of [
    ["answers without a promise", () => "late"],
    ["answers with a promise", async () => "late"],
  ] as const) {
    it(`rule 18: that ${what} after its limit has timed out; what it gave is late and not used`, async () => {
      const { place } = here;
      const signals: AbortSignal[] = [];
      const made = flow("busy", {
        input: z.object({}),
        build: ($) => ({
          step: $.step("step", { output: z.string(), timeout: "1s", retry: once }).by(
            (_, { signal, spend }) => {
              signals.push(signal);
              spend({ usd: 1 });
              busy(1_001);
              return answer();
            },
            () => "in time",
          ),
        }),
      });
      const engine = await place.open([made]);
      const run = await engine.start(made, {});
      const result = await drive(place, run.result());
      expect(result).toMatchObject({ outcome: "degraded", output: { step: "in time" }, cost: { usd: 1 } });
      expect(await entriesOfKind(engine, run.id, "attempt.failed")).toMatchObject([
        { failure: { kind: "timeout", message: "no answer within 1000 ms" }, ms: 1_001, cost: { usd: 1 } },
      ]);
      expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
      const late = await found(place, () => entriesOfKind(engine, run.id, "attempt.late"));
      expect(late).toMatchObject([{ attempt: 1, result: "value", hash: expect.any(String) }]);
    });
  }

  it("rule 18: that throws after its limit has timed out as well, and its error is late", async () => {
    const { place } = here;
    const made = flow("throws", {
      input: z.object({}),
      build: ($) =>
        $.step("step", { output: z.string(), timeout: "1s", retry: once }).by(() => {
          busy(2_000);
          throw new Error("after all");
        }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect(await drive(place, run.result())).toMatchObject({ outcome: "failed", failure: { kind: "timeout" } });
    expect(await found(place, () => entriesOfKind(engine, run.id, "attempt.late"))).toMatchObject([
      { result: "failure" },
    ]);
  });

  it("rule 18: that answers at the very instant of its limit is in time", async () => {
    const { place } = here;
    const made = flow("just", {
      input: z.object({}),
      build: ($) =>
        $.step("step", { output: z.string(), timeout: "1s", retry: once }).by(() => {
          busy(1_000);
          return "just";
        }),
    });
    const engine = await place.open([made]);
    expect(await drive(place, (await engine.start(made, {})).result())).toMatchObject({
      outcome: "succeeded",
      output: "just",
    });
  });

  it("rule 18: a contract that takes its time is part of it, and what comes before a promise is not added to it", async () => {
    const { place } = here;
    const judged = z.string().refine(() => {
      busy(600);
      return true;
    });
    const made = flow("judged", {
      input: z.object({}),
      build: ($) =>
        $.step("step", { output: judged, timeout: "1s", retry: once }).by(
          () => {
            busy(500);
            return "together too long";
          },
          () => {
            busy(900); // 100 ms are left for the rest
            return new Promise<string>(() => {});
          },
          { run: () => "in time", timeout: "2s" },
        ),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect(await drive(place, run.result())).toMatchObject({ output: "in time" });
    expect(await entriesOfKind(engine, run.id, "attempt.failed")).toMatchObject([
      { rung: 0, ms: 1_100, failure: { kind: "timeout" } },
      { rung: 1, ms: 1_000, failure: { kind: "timeout" } },
    ]);
  });

  it("rule 7: an effect that answers after its limit is in doubt: undone, and not taken for done", async () => {
    const { place } = here;
    const world: string[] = [];
    const made = flow("pays", {
      input: z.object({}),
      build: ($) =>
        $.step("pay", {
          kind: "effect",
          output: z.string(),
          timeout: "1s",
          retry: once,
          compensate: ({ certainty }) => void world.push(`undone ${certainty}`),
        }).by(() => {
          world.push("paid");
          busy(5_000);
          return "receipt";
        }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect(await drive(place, run.result())).toMatchObject({ outcome: "failed", failure: { kind: "timeout" } });
    expect(world).toEqual(["paid", "undone in-doubt"]);
  });
});
