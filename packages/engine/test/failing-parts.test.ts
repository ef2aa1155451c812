// Attacks what is told of items whose map is spread: each by its own path and place, also when their part fails as a whole.
import { type Engine, flow, optional } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, entriesOfKind, found, type Place, signal, usePlace } from "./fixtures/place.ts";

const once = { maxAttempts: 1 };
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Item `bad` fails, item `waits` waits for a signal, those from `acts` on change the world. */
const mapping = (onFailure: "fail" | "drop" | "collect", undone: string[] = []) =>
  flow("mapping", {
    input: z.object({ length: z.number(), bad: z.number(), waits: z.number(), acts: z.number() }),
    build($, { length, bad, waits, acts }) {
      const list = $.step("list", { needs: { length }, output: z.array(z.number()) }).by(({ length }) =>
        numbers(0, length),
      );
      return $.map("items", {
        over: list,
        concurrency: 5,
        onFailure,
        each($, item) {
          const made = $.step("make", { needs: { item, bad }, output: z.number(), retry: once }).by(({ item, bad }) => {
            if (item === bad) throw new Error("this one cannot be made");
            return item * 2;
          });
          const acted = $.step("act", {
            needs: { made, item, acts },
            when: ({ item, acts }) => item >= acts,
            kind: "effect",
            output: z.number(),
            compensate: ({ key }) => void undone.push(key),
          }).by(({ item }) => item);
          const waited = $.branch("wait", {
            needs: { item, waits },
            choose: ({ item, waits }) => (item === waits ? "long" : "not"),
            cases: {
              long: ($) => $.signal("go", { schema: z.number(), timeout: "30d", onTimeout: 0 }),
              not: () => 0,
            },
          });
          return $.step("tell", { needs: { made, acted: optional(acted), waited }, output: z.number() }).by(
            ({ made }) => made,
          );
        },
      });
    },
  });

/** The part that began last, when nothing moves in it any more but the item that waits. */
async function stuckPart(place: Place, engine: Engine, run: string): Promise<string> {
  const [part] = await found(place, async () => (await engine.list({ parent: run, status: "waiting" })).items);
  return (part as { id: string }).id;
}

describe("items of a spread map", () => {
  const here = usePlace("memory");

  it("rule 9: the failure of a map names the item, whether its array was spread or not", async () => {
    const { place } = here;
    const made = mapping("fail");
    const engine = await place.open([made]);
    for (const [length, bad] of [
      [10, 3],
      [1_200, 1_100],
    ] as const) {
      const run = await engine.start(made, { length, bad, waits: -1, acts: 9_999 });
      const path = `items[${bad}].make`;
      expect(await drive(place, run.result(), 1)).toMatchObject({
        outcome: "failed",
        failedAt: path,
        failure: {
          kind: "scope",
          path,
          message: `${path} failed: this one cannot be made`,
          cause: { kind: "error", message: "this one cannot be made" },
        },
      });
    }
  });

  for (const onFailure of ["drop", "collect"] as const) {
    it(`rule 14: a part that is cancelled loses the items that were not done, or are undone with it, and no other (${onFailure})`, async () => {
      const { place } = here;
      const undone: string[] = [];
      const made = mapping(onFailure, undone);
      const engine = await place.open([made]);
      const run = await engine.start(made, { length: 1_200, bad: 5, waits: 7, acts: 990 });
      const part = await drive(place, stuckPart(place, engine, run.id), 1);
      await engine.cancel(part, { reason: "it takes too long" });
      const { outcome, output, degradations } = await drive(place, run.result(), 1);
      expect([outcome, undone.length]).toEqual(["degraded", 10]);
      expect(degradations).toMatchObject([
        {
          path: "items[0...]",
          kind: "absorbed-failure",
          reason: expect.stringMatching(
            /items lost with it: 5, 7, 990 to 999; .* ended cancelled: .*it takes too long/,
          ),
        },
      ]);
      const good = [...numbers(0, 5), 6, ...numbers(8, 990), ...numbers(1_000, 1_200)];
      if (onFailure === "drop") expect(output).toEqual(good.map((item) => item * 2));
      else {
        const all = output as readonly { status: string; value?: number; failure?: object }[];
        expect(all).toHaveLength(1_200);
        expect(all.flatMap(({ status }, item) => (status === "success" ? [item] : []))).toEqual(good);
        expect(all[5]?.failure).toMatchObject({ message: "items[5].make failed: this one cannot be made" });
        expect(all[7]?.failure).toMatchObject({ kind: "scope", path: "items[7]", cause: { kind: "call" } });
        expect(all[995]?.failure).toMatchObject({
          path: "items[995]",
          message: expect.stringContaining("with its part"),
        });
      }
    });
  }

  it("rule 5: a part that dies again and again while it answers loses none of the items that were done", async () => {
    const { place } = here;
    const made = mapping("collect");
    let deaths = 0;
    let died = signal();
    place.onOpen = (store) => {
      store.onCommit = (batch) => {
        const isAnswer = batch.some(({ entries }) => entries.some(({ kind }) => kind === "run.held"));
        if (!isAnswer || deaths === 6) return;
        deaths++;
        store.fail({ at: 1, when: "before", onDeath: () => died.resolve() });
      };
    };
    let engine = await place.open([made]);
    const input = { length: 1_001, bad: -1, waits: -1, acts: 9_999 };
    const { id } = await drive(place, engine.start(made, input, { key: "k" }), 1);
    for (let death = 0; death < 6; death++) {
      await drive(place, died.promise, 1);
      died = signal();
      engine = await place.restart([made]);
    }
    const { outcome, output, degradations } = await drive(place, (await engine.handle(id)).result(), 1);
    expect([outcome, deaths]).toEqual(["degraded", 6]);
    expect(output).toEqual(numbers(0, 1_001).map((item) => ({ status: "success", value: item * 2 })));
    expect(degradations).toMatchObject([
      { path: "items[0...]", reason: expect.stringContaining("none of its items was lost") },
    ]);
    expect(await entriesOfKind(engine, id, "call.answered")).toMatchObject([
      { outcome: "failed" },
      { outcome: "succeeded" },
    ]);
  });
});
