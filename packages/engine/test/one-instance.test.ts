// Attacks what must be there once: a run in memory, an answer to one request, and one run's trouble that is nobody else's.
import { join } from "node:path";
import { type Codec, flow, lastGood, template } from "@plumbline/core";
import { openEngine, sqlite } from "@plumbline/engine";
import { expect, it } from "vitest";
import { z } from "zod";
import { folderOfFile } from "./fixtures/folder.ts";
import { Money, money } from "./fixtures/money.ts";

const folder = folderOfFile();

it("rules 1, 3, 5: who asks for a run between its commit and its acknowledgement meets the run that started it", async () => {
  const calls: string[] = [];
  const pay = flow("pay", {
    input: z.object({ n: z.number() }),
    build: ($, input) => ({
      paid: $.step("pay", { kind: "effect", needs: { input }, output: z.string() }).by(
        async (_needs, { attemptId }) => {
          calls.push(attemptId);
          await new Promise((resolve) => setImmediate(resolve));
          return "paid";
        },
      ),
    }),
  });
  const engine = await openEngine({ store: sqlite(join(folder, "once.db")), flows: [pay] });
  for (let round = 0; round < 30; round++) {
    calls.length = 0;
    const before = (await engine.list({ limit: 1 })).items[0]?.id;
    const started = engine.start(pay, { n: round });
    let id: string | undefined;
    for (let look = 0; look < 10_000 && id === undefined; look++) {
      await new Promise((resolve) => setImmediate(resolve));
      const newest = (await engine.list({ limit: 1 })).items[0]?.id;
      if (newest !== before) id = newest;
    }
    await expect(engine.decide({ run: id as string, decision: {} })).rejects.toMatchObject({
      code: "approval-unknown",
    });
    const run = await started;
    expect(run.id).toBe(id);
    expect((await run.result()).outcome).toBe("succeeded");
    expect(calls).toHaveLength(1);
    const record = await engine.get(run.id);
    expect(record?.entries.map(({ kind }) => kind)).toEqual([
      "run.started",
      "attempt.started",
      "step.completed",
      "run.ended",
    ]);
    expect(record?.summary.length).toBe(4);
  }
  await engine.close();
});

it("rule 25: the same request is the same although its schema fills in another value each time", async () => {
  let filled = 0;
  const counted = flow("counted", {
    input: z.object({ name: z.string(), at: z.number().default(() => filled++) }),
    build: ($, input) => ({ at: $.step("read", { needs: { at: input.at }, output: z.number() }).by(({ at }) => at) }),
  });
  const engine = await openEngine({ flows: [counted] });
  const first = await engine.start(counted, { name: "Ada" }, { key: "k" });
  const again = await engine.start(counted, { name: "Ada" }, { key: "k" });
  expect([again.id, again.created]).toEqual([first.id, false]);
  expect(filled).toBeGreaterThan(1);
  await expect(engine.start(counted, { name: "Bob" }, { key: "k" })).rejects.toMatchObject({ code: "key-conflict" });
  await engine.close();
});

it("rule 4: a codec that throws while needs are opened fails its own step and nobody else's", async () => {
  const unreadable: Codec<Money> = {
    ...money,
    decode: () => {
      throw new Error("no such currency");
    },
  };
  const priced = flow("priced", {
    input: z.object({}),
    codecs: [unreadable],
    build($) {
      const price = $.step("price", { output: z.instanceof(Money) }).by(() => new Money(5));
      const options = { needs: { price }, output: z.string(), version: "1", retry: { maxAttempts: 1 } } as const;
      return {
        text: $.step("say", options).by(
          () => "unreached",
          lastGood({ maxAge: "1h" }),
          template(() => "unreached"),
        ),
      };
    },
  });
  const fine = flow("fine", {
    input: z.object({}),
    build: ($) => ({ one: $.step("one", { output: z.number() }).by(() => 1) }),
  });
  const engine = await openEngine({ store: sqlite(join(folder, "codec.db")), flows: [priced, fine] });
  const run = await engine.start(priced, {});
  expect(await run.result()).toMatchObject({ outcome: "failed", failedAt: "say" });
  expect(await (await engine.start(fine, {})).result()).toMatchObject({ outcome: "succeeded", output: { one: 1 } });
  await engine.close();
});
