// Attacks the taking up of what a process left: more runs than a page holds, and one whose journal cannot be read.
import { DatabaseSync } from "node:sqlite";
import { flow } from "@plumbline/core";
import { expect, it } from "vitest";
import { z } from "zod";
import { drive, usePlace } from "./fixtures/place.ts";

const here = usePlace("sqlite");

it("rule 5: takes up all of many runs, each once, and one that cannot be read keeps none from going on", async () => {
  const { place } = here;
  const count = 1_100; // two pages and a bit
  let hangs = true;
  let hanging = 0;
  const all = Promise.withResolvers<void>();
  const calls = new Map<number, number>();
  const made = flow("left", {
    input: z.object({ n: z.number() }),
    build($, { n }) {
      const first = $.step("first", { needs: { n }, output: z.number() }).by(({ n }) => n);
      return $.step("second", { needs: { first }, output: z.number() }).by(({ first }) => {
        if (++hanging === count) all.resolve();
        if (hangs) return new Promise<number>(() => {});
        calls.set(first, (calls.get(first) ?? 0) + 1);
        return first;
      });
    },
  });
  const engine = await place.open([made]);
  const ids = await Promise.all(Array.from({ length: count }, async (_, n) => (await engine.start(made, { n })).id));
  await drive(place, all.promise);
  await place.crash();
  const spoiled = ids[700] as string;
  const db = new DatabaseSync(place.file);
  db.prepare("UPDATE links SET body = '[{' WHERE run = (SELECT run FROM runs WHERE id = ?)").run(spoiled);
  db.close();
  hangs = false;

  const next = await place.open([made]);
  const results = ids.filter((id) => id !== spoiled).map(async (id) => (await next.handle(id)).result());
  const outcomes = new Set((await drive(place, Promise.all(results))).map(({ outcome }) => outcome));
  expect([...outcomes]).toEqual(["succeeded"]);
  expect([calls.size, new Set(calls.values())]).toEqual([count - 1, new Set([1])]);
  expect(calls.has(700)).toBe(false);
  expect(place.warnings).toMatchObject([{ message: "a run cannot go on", details: { run: spoiled } }]);
});
