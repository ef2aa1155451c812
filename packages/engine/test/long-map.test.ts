/** Maps over arrays that are too long for one journal are spread over runs of their own (rule 32). */
import { join } from "node:path";
import { type Engine, firstOf, flow, openEngine, optional, sqlite } from "plumbline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { useFolder } from "./fixtures/folder.ts";

const here = useFolder();
let engine: Engine;
const undone: string[] = [];
const made: string[] = [];

const long = flow("long", {
  input: z.object({ length: z.number(), bad: z.number(), fails: z.boolean() }),
  build($, input) {
    const list = $.step("list", { needs: { length: input.length }, output: z.array(z.number()) }).by(({ length }) =>
      Array.from({ length }, (_, index) => index),
    );
    const skipped = $.step("skipped", { output: z.string(), when: () => false }).by(() => "never");
    const rate = $.step("rate", { output: z.object({ since: z.date() }) }).by(() => ({ since: new Date(5) }));
    const items = $.map("items", {
      over: list,
      concurrency: 50,
      onFailure: "drop",
      each: ($, item, index) =>
        $.step("make", {
          needs: { item, index, bad: input.bad, none: optional(skipped), since: firstOf(skipped, rate.since) },
          output: z.object({ place: z.number(), item: z.number(), none: z.boolean(), since: z.date() }),
          kind: "effect",
          retry: { maxAttempts: 1 },
          compensate: ({ key }) => {
            undone.push(key);
          },
        }).by(({ item, index, bad, none, since }, { idempotencyKey }) => {
          if (item === bad) throw new Error("this one cannot be made");
          made.push(idempotencyKey);
          return { place: index, item, none: none === undefined, since: since as Date };
        }),
    });
    const count = $.step("count", {
      needs: { items, fails: input.fails },
      output: z.number(),
      retry: { maxAttempts: 1 },
    }).by(({ items, fails }) => {
      if (fails) throw new Error("at the very end");
      return items.length;
    });
    return { count, items };
  },
});

beforeEach(async () => {
  engine = await openEngine({ store: sqlite(join(here.folder, "runs.db")), flows: [long] });
  undone.length = 0;
  made.length = 0;
});

afterEach(() => engine.close());

test("the answers are in order, with what lies around the map, whichever run made them", async () => {
  const run = await engine.start(long, { length: 2_300, bad: 1_700, fails: false });
  const { outcome, output, degradations } = await run.result();
  expect(outcome).toBe("degraded");
  expect(output?.count).toBe(2_299);
  expect(output?.items.map(({ item }) => item)).toEqual(
    Array.from({ length: 2_300 }, (_, i) => i).filter((i) => i !== 1_700),
  );
  expect(output?.items.every(({ place, item, none, since }) => place === item && none && since.getTime() === 5)).toBe(
    true,
  );
  expect(degradations).toMatchObject([{ path: "items[1000...].part", kind: "called-run" }]);
  expect(new Set(made).size).toBe(2_299);
});

test("rule 32: no journal grows with the array; the parts are linked both ways and out of the way of lists", async () => {
  const run = await engine.start(long, { length: 2_300, bad: -1, fails: false });
  await run.result();
  const parts = await engine.list({ parent: run.id });
  expect(parts.items).toHaveLength(3);
  expect(parts.items.every(({ parent, length }) => parent === run.id && length < 4_000)).toBe(true);
  const topLevel = await engine.list({ topLevel: true });
  expect(topLevel.items.map(({ id }) => id)).toEqual([run.id]);
  const record = await engine.get(run.id);
  expect(record?.entries.length).toBeLessThan(40);
  const requested = record?.entries.filter((entry) => entry.kind === "call.requested").map(({ run }) => run);
  expect(parts.items.map(({ id }) => id).sort()).toEqual(requested?.sort());
});

test("rule 10: when the run fails after the map, what the parts did is undone", async () => {
  const run = await engine.start(long, { length: 1_200, bad: -1, fails: true });
  const { outcome, failedAt, standing } = await run.result();
  expect([outcome, failedAt, standing]).toEqual(["failed", "count", []]);
  expect(undone.toSorted()).toEqual(made.toSorted());
});

test("parts that were held are released with the run that they belong to, also by a later process", async () => {
  const run = await engine.start(long, { length: 1_200, bad: -1, fails: false });
  await run.result();
  await engine.close();
  engine = await openEngine({ store: sqlite(join(here.folder, "runs.db")), flows: [long] });
  await expect
    .poll(async () => (await engine.list({ parent: run.id })).items.map(({ outcome }) => outcome))
    .toEqual(["succeeded", "succeeded"]);
});
