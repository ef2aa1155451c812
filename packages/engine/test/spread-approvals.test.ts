// Attacks approvals in a spread map: people decide on the run that they know, or on the part that the inbox shows; both count once.
import { flow } from "@plumbline/core";
import { expect, it } from "vitest";
import { z } from "zod";
import { drive, type Place, usePlace } from "./fixtures/place.ts";
import { numbers } from "./fixtures/waiting-flow.ts";
import { waitsOf } from "./fixtures/waiting-parts.ts";

const asking = flow("asking", {
  input: z.object({ length: z.number(), asks: z.array(z.number()) }),
  build($, { length, asks }) {
    const list = $.step("list", { needs: { length }, output: z.array(z.number()) }).by(({ length }) => numbers(length));
    const items = $.map("items", {
      over: list,
      each: ($, item) =>
        $.branch("way", {
          needs: { item, asks },
          choose: ({ item, asks }) => (asks.includes(item) ? "ask" : "not"),
          cases: {
            ask: ($) =>
              $.approval("sign", {
                decision: z.object({ who: z.string() }),
                desk: "desk",
                timeout: "1d",
                onTimeout: { who: "nobody" },
              }).who,
            not: () => "",
          },
        }),
    });
    return $.step("who", { needs: { items }, output: z.array(z.string()) }).by(({ items }) =>
      items.filter((name) => name !== ""),
    );
  },
});

const here = usePlace("memory");

async function asked(place: Place, asks: number[]) {
  const engine = await place.open([asking]);
  const run = await engine.start(asking, { length: 1_010, asks }, { key: "k" });
  const parts = await drive(place, waitsOf(place, engine, run.id, asks.filter((item) => item < 1_000).length), 1);
  return { engine, run, part: parts[0] as string };
}

it("rule 19: a decision on the run by an item's path is for that item, wherever it lies, and counts once", async () => {
  const { place } = here;
  const { engine, run } = await asked(place, [5, 1_003]);
  const path = "items[5].way.ask.sign";
  await expect(
    engine.decide({ run: run.id, path: "items[1003].way.ask.sign", decision: { who: "Ada" } }),
  ).rejects.toThrow("approval-unknown");
  const first = { run: run.id, path, decision: { who: "Ada" }, id: "1" };
  expect(await engine.decide(first)).toEqual({ status: "decided", path });
  const second = await place.restart([asking]);
  expect(await drive(place, second.decide(first), 1)).toEqual({ status: "repeated", path });
  await drive(place, waitsOf(place, second, run.id, 1), 1);
  expect(await second.decide({ ...first, id: "2" })).toEqual({ status: "late", path });
  const last = "items[1003].way.ask.sign";
  expect(await second.decide({ run: run.id, path: last, decision: { who: "Eve" } })).toMatchObject({ path: last });
  const { output } = await drive(place, (await second.handle(run.id)).result(), 1);
  expect(output).toEqual(["Ada", "Eve"]);
});

it("a decision without a path is for the one approval that waits, in the run or in its part; of two none is picked", async () => {
  const { place } = here;
  const { engine, run, part } = await asked(place, [1, 2, 1_003]);
  await expect(engine.decide({ run: run.id, decision: { who: "Ada" } })).rejects.toMatchObject({
    code: "approval-ambiguous",
    expected: expect.stringContaining("items[1].way.ask.sign or items[2].way.ask.sign"),
  });
  await engine.decide({ run: part, path: "items[2].way.ask.sign", decision: { who: "Bob" } });
  expect(await engine.decide({ run: run.id, decision: { who: "Ada" } })).toMatchObject({ status: "decided" });
  await drive(place, waitsOf(place, engine, run.id, 1), 1);
  expect(await engine.decide({ run: run.id, decision: { who: "Eve" } })).toMatchObject({ status: "decided" });
  expect((await drive(place, run.result(), 1)).output).toEqual(["Ada", "Bob", "Eve"]);
});

it("rule 33: where nobody is asked, and for paths that no item has, it says so", async () => {
  const { place } = here;
  const { engine, run } = await asked(place, [5]);
  for (const path of ["items[7].way.ask.sign", "items[99999].way.ask.sign", "items[x].sign", "others[5].sign"]) {
    await expect(engine.decide({ run: run.id, path, decision: { who: "Ada" } })).rejects.toMatchObject({
      code: "approval-unknown",
    });
  }
  await engine.decide({ run: run.id, decision: { who: "Ada" } });
  await drive(place, run.result(), 1);
  await expect(engine.decide({ run: run.id, decision: { who: "Ada" } })).rejects.toMatchObject({
    code: "approval-unknown",
    found: expect.stringContaining("in which nobody is asked now"),
  });
});
