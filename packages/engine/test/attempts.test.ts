// Attacks one attempt: contract, checks, previous and dropped fields; time limits and late answers; what it is given.
import { hash } from "node:crypto";
import { flow, type Previous, type StepContext, seal } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  drive,
  entriesOf,
  entriesOfKind,
  found,
  signal,
  stateOf,
  storeKinds,
  until,
  usePlace,
} from "./fixtures/place.ts";

describe("contracts", () => {
  const here = usePlace("memory");

  it("rule 11: a broken contract is a failed attempt; the next one sees the value and every reason", async () => {
    const { place } = here;
    const previous: (Previous | undefined)[] = [];
    const made = flow("contract", {
      input: z.object({}),
      build: ($) => ({
        fields: $.step("extract", {
          output: z.object({ income: z.number(), name: z.string().optional() }),
          checks: {
            positive: ({ income }) => income > 0,
            plausible: async ({ income }) => income < 1_000 || `${income} is too much`,
          },
          retry: { maxAttempts: 4, delay: 0 },
        }).by((_, context) => {
          previous.push(context.previous);
          return [{ income: "none" }, { income: -1 }, { income: 5_000 }, { income: 7 }][context.attempt - 1] as never;
        }),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect(await run.result()).toMatchObject({ outcome: "succeeded", output: { fields: { income: 7 } } });
    expect(previous[0]).toBeUndefined();
    expect(previous.slice(1)).toMatchObject([
      { attempt: 1, rung: 0, value: { income: "none" }, reasons: [expect.stringContaining("income")] },
      { attempt: 2, rung: 0, value: { income: -1 }, reasons: ['check "positive" did not hold'] },
      { attempt: 3, rung: 0, value: { income: 5_000 }, reasons: ['check "plausible": 5000 is too much'] },
    ]);
  });

  it("rule 11: what was recorded is never judged again", async () => {
    const { place } = here;
    let judged = 0;
    const begun = signal();
    let hang = true;
    const counted = z.number().refine(() => {
      judged++;
      return true;
    });
    const made = flow("once", {
      input: z.object({}),
      build($) {
        const one = $.step("one", { output: counted }).by(() => 1);
        return {
          two: $.step("two", { needs: { one }, output: z.any() }).by(() => {
            begun.resolve();
            return hang ? new Promise(() => {}) : 2;
          }),
        };
      },
    });
    const first = await place.open([made]);
    const { id } = await first.start(made, {});
    await begun.promise;
    hang = false;
    const second = await place.restart([made]);
    await (await second.handle(id)).result();
    expect(judged).toBe(1);
  });

  it("rule 12: fields that the schema strips are recorded, or break the contract where that is declared", async () => {
    const { place } = here;
    const made = (onDropped: "record" | "fail") =>
      flow(`dropping-${onDropped}`, {
        input: z.object({}),
        build: ($) => ({
          step: $.step("step", {
            output: z.object({ items: z.array(z.object({ id: z.number() })) }),
            onDropped,
            retry: { maxAttempts: 1 },
          }).by(() => ({ items: [{ id: 1 }, { id: 2, unit: "kg" }], note: "lost" }) as never),
        }),
      });
    const [recording, failing] = [made("record"), made("fail")];
    const engine = await place.open([recording, failing]);
    const kept = await engine.start(recording, {});
    expect((await kept.result()).output).toEqual({ step: { items: [{ id: 1 }, { id: 2 }] } });
    const [completed] = await entriesOfKind(engine, kept.id, "step.completed");
    expect(completed?.dropped).toEqual([".items[1].unit", ".note"]);
    const broken = await engine.start(failing, {});
    expect((await broken.result()).outcome).toBe("failed");
    const [failed] = await entriesOfKind(engine, broken.id, "attempt.failed");
    expect(failed?.failure).toMatchObject({ kind: "contract" });
    expect(failed?.dropped).toEqual([".items[1].unit", ".note"]);
  });

  it("rule 11: an answer of the flow is held to the flow's contract, and what it strips is recorded", async () => {
    const { place } = here;
    const made = flow("answer", {
      input: z.object({}),
      output: z.object({ a: z.number() }),
      build($) {
        const one = $.step("one", { output: z.number() }).by(() => 1);
        return { a: one, b: one };
      },
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect((await run.result()).output).toEqual({ a: 1 });
    expect((await entriesOfKind(engine, run.id, "run.ended"))[0]?.dropped).toEqual([".b"]);
  });
});

describe.each(storeKinds)("time limits on %s", (kind) => {
  const here = usePlace(kind);

  it("rule 18: a timeout aborts by the signal; a late answer is recorded by its hash and never used", async () => {
    const { place } = here;
    const late = signal<{ answer: string }>();
    const signals: AbortSignal[] = [];
    const made = flow("late", {
      input: z.object({}),
      build: ($) => ({
        step: $.step("step", { output: z.object({ answer: z.string() }), timeout: "5s", retry: { delay: 0 } }).by(
          (_, context) => {
            signals.push(context.signal);
            return context.attempt === 1 ? late.promise : { answer: "in time" };
          },
        ),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await until(engine, run.id, "run.started");
    await place.clock.advance(4_999);
    expect(signals.map((one) => one.aborted)).toEqual([false]);
    await place.clock.advance(1);
    expect(signals[0]?.aborted).toBe(true);
    expect((await drive(place, run.result())).output).toEqual({ step: { answer: "in time" } });
    expect((await entriesOfKind(engine, run.id, "attempt.failed"))[0]?.failure).toMatchObject({ kind: "timeout" });
    late.resolve({ answer: "too late" });
    await drive(place, untilLate(engine, run.id));
    const entries = await entriesOf(engine, run.id);
    expect(entries.at(-1)).toMatchObject({ kind: "attempt.late", attempt: 1, result: "value" });
    const sealed = seal({ answer: "too late" }) as { sealed: string };
    expect(entries.at(-1)).toMatchObject({ hash: hash("sha256", sealed.sealed, "hex") });
    expect(JSON.stringify(entries)).not.toContain("too late");
    expect((await (await engine.handle(run.id)).result()).output).toEqual({ step: { answer: "in time" } });
  });

  it("rule 17: 30 s by default", async () => {
    const { place } = here;
    const made = flow("default", {
      input: z.object({}),
      build: ($) => ({
        step: $.step("step", { output: z.any(), retry: { maxAttempts: 1 } }).by(() => new Promise(() => {})),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await until(engine, run.id, "run.started");
    await place.clock.advance(29_999);
    expect((await engine.get(run.id))?.summary.status).toBe("running");
    await place.clock.advance(1);
    expect((await drive(place, run.result())).failure?.message).toBe("no answer within 30000 ms");
  });
});

async function untilLate(engine: Parameters<typeof entriesOf>[0], run: string): Promise<void> {
  while ((await entriesOf(engine, run)).at(-1)?.kind !== "attempt.late") await new Promise(setImmediate);
}

describe("a step that answers after its abort", () => {
  const here = usePlace("memory");

  it.each([
    ["hears the signal and throws its reason", true, []],
    ["does not listen and answers", false, ["value"]],
  ])("rule 18: one that %s leaves the right trace after a cancel", async (_, listens, expected) => {
    const { place } = here;
    const begun = signal();
    const go = signal();
    const made = flow("aborted", {
      input: z.object({}),
      build: ($) => ({
        step: $.step("step", { output: z.any() }).by(async (_, context) => {
          begun.resolve();
          if (!listens) await go.promise;
          else
            await new Promise((_, reject) => {
              context.signal.addEventListener("abort", () => reject(context.signal.reason));
            });
          return "late";
        }),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await begun.promise;
    await engine.cancel(run.id);
    expect((await run.result()).outcome).toBe("cancelled");
    go.resolve();
    const late = () => entriesOfKind(engine, run.id, "attempt.late");
    if (expected.length > 0) await found(place, late);
    await place.clock.advance(10);
    expect((await late()).map((entry) => entry.result)).toEqual(expected);
    const record = await engine.get(run.id);
    expect(record?.summary.length).toBe(record?.entries.length);
  });
});

describe("what an attempt is given", () => {
  const here = usePlace("memory");

  it("rule 6: one signal, one key for all attempts of a rung, another id for each attempt, another key for each rung", async () => {
    const { place } = here;
    const seen: Pick<StepContext, "attempt" | "rung" | "idempotencyKey" | "attemptId" | "runId" | "path">[] = [];
    const look = (_: unknown, context: StepContext): string => {
      const { attempt, rung, idempotencyKey, attemptId, runId, path } = context;
      expect(context.signal).toBe(context.signal);
      seen.push({ attempt, rung, idempotencyKey, attemptId, runId, path });
      if (attempt < 4) throw new Error("again");
      return "done";
    };
    const made = flow("given", {
      input: z.object({}),
      build: ($) => ({
        step: $.step("step", { output: z.string(), retry: { maxAttempts: 2, delay: 0 } }).by(look, { run: look }),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await run.result();
    expect(seen.map(({ attempt, rung }) => [attempt, rung])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 1],
    ]);
    expect(seen.every(({ runId, path }) => runId === run.id && path === "step")).toBe(true);
    expect(new Set(seen.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
    expect(new Set(seen.map(({ attemptId }) => attemptId)).size).toBe(4);
  });

  it("rule 32: costs add up by attempt, step and run; progress is kept sparsely; log and evidence stay with the attempt", async () => {
    const { place } = here;
    const made = flow("costly", {
      input: z.object({}),
      build($) {
        const one = $.step("one", { output: z.any(), retry: { delay: 0 } }).by(async (_, context) => {
          const { spend, log, note, progress, attempt } = context; // taken out of the context
          spend({ usd: 0.5, tokens: 10 });
          spend({ usd: 0.25 });
          log("asking", { model: "m1" });
          note({ model: "m1", cached: false });
          for (let i = 0; i <= 100; i++) progress(i / 100, `${i} %`);
          await place.clock.advance(600);
          progress(0.9, "nearly");
          if (attempt === 1) throw new Error("again");
          return 1;
        });
        return { two: $.step("two", { needs: { one }, output: z.any() }).by((_, { spend }) => spend({ tokens: 5 })) };
      },
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    const { cost } = await run.result();
    expect(cost).toEqual({ usd: 1.5, tokens: 25 });
    expect((await engine.get(run.id))?.summary).toMatchObject({ usd: 1.5, tokens: 25 });
    const [failed] = await entriesOfKind(engine, run.id, "attempt.failed");
    expect(failed).toMatchObject({
      cost: { usd: 0.75, tokens: 10 },
      log: [{ message: "asking", fields: { model: "m1" } }],
      evidence: { model: "m1", cached: false },
      ms: 600,
    });
    const progress = await entriesOfKind(engine, run.id, "attempt.progressed");
    expect(progress.map(({ attempt, fraction, note }) => [attempt, fraction, note])).toEqual([
      [1, 0, "0 %"],
      [1, 0.9, "nearly"],
      [2, 0, "0 %"],
      [2, 0.9, "nearly"],
    ]);
    expect((await stateOf(engine, run.id)).slots[0]).toMatchObject({ usd: 1.5, tokens: 20, ms: 1_200 });
  });
});
