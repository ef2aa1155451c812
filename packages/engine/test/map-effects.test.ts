// Attacks effects inside of maps: what an item left behind that is left out, has not begun, is under way, or belongs to a run that fails.
import { type FlowBuilder, flow, type Ref } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, entriesOfKind, signal, soon, storeKinds, until, usePlace } from "./fixtures/place.ts";

const once = { maxAttempts: 1 };

/** Goes over the names of orders and leaves out, or collects, what fails. */
const ordering = (name: string, onFailure: "drop" | "collect", each: ($: FlowBuilder, name: Ref<string>) => unknown) =>
  flow(name, { input: z.array(z.string()), build: ($, over) => $.map("orders", { over, onFailure, each }) });

/** Answers as told, but for an order of a bad name. */
const pay = ($: FlowBuilder, name: Ref<string>, answer: Ref<string>) =>
  $.step("pay", { needs: { name, answer }, output: z.string(), retry: once }).by(({ name, answer }) => {
    if (name === "bad") throw new Error("no money");
    return answer;
  });

for (const kind of storeKinds) {
  describe(`effects of items: ${kind}`, () => {
    const here = usePlace(kind);

    it("rule 8: what an item did is undone before it is left out, knows its answer, and is tried again", async () => {
      const { place } = here;
      const undone: unknown[] = [];
      const booked: string[] = [];
      const made = flow("leaving-out", {
        input: z.array(z.string()),
        build($, over) {
          const out = $.map("orders", {
            over,
            onFailure: "drop",
            concurrency: 2,
            each($, name) {
              const seat = $.step("book", {
                needs: { name },
                kind: "effect",
                output: z.object({ seat: z.string() }),
                compensate: {
                  retry: { maxAttempts: 3, delay: "1s" },
                  run: (undo, { attempt }) => {
                    if (attempt < 3) throw new Error("the line is busy");
                    undone.push({ attempt, ...undo });
                  },
                },
              }).by(({ name }, { idempotencyKey }) => {
                booked.push(idempotencyKey);
                return { seat: `seat of ${name}` };
              });
              return pay($, name, seat.seat);
            },
          });
          return $.step("after", { needs: { out }, output: z.array(z.string()) }).by(({ out }) => {
            expect(undone).toHaveLength(1); // before anybody goes on without the item
            return out;
          });
        },
      });
      const engine = await place.open([made]);
      const run = await engine.start(made, ["good", "bad", "fine"]);
      const result = await drive(place, run.result(), 100);
      expect(result).toMatchObject({
        outcome: "degraded",
        output: ["seat of good", "seat of fine"],
        standing: [],
      });
      expect(booked).toHaveLength(3);
      expect(undone).toEqual([
        {
          attempt: 3,
          key: `${run.id}:orders[1].book:0`,
          needs: { name: "bad" },
          output: { seat: "seat of bad" },
          certainty: "applied",
        },
      ]);
      expect(await entriesOfKind(engine, run.id, "compensation.failed")).toHaveLength(2);
    });

    it("rule 8: an undo of an item left out that goes on failing is listed as standing, and the run goes on", async () => {
      const { place } = here;
      const made = ordering("stuck", "collect", ($, name) => {
        const seat = $.step("book", {
          needs: { name },
          kind: "effect",
          output: z.string(),
          compensate: {
            retry: { maxAttempts: 2, delay: 0 },
            run: () => {
              throw new Error("no such seat");
            },
          },
        }).by(({ name }) => name);
        return pay($, name, seat);
      });
      const engine = await place.open([made]);
      const run = await engine.start(made, ["bad", "good"]);
      const result = await drive(place, run.result(), 100);
      expect(result).toMatchObject({
        outcome: "degraded",
        output: [{ status: "failure" }, { status: "success", value: "good" }],
        standing: [{ path: "orders[0].book", certainty: "applied", reason: expect.stringContaining("no such seat") }],
      });
    });

    it("rule 9: an effect that has not begun when its item has failed does not begin any more", async () => {
      const { place } = here;
      const gate = signal();
      const calls: string[] = [];
      const made = ordering("not-begun", "drop", ($, name) => {
        const waits = $.step("ship", {
          needs: { name },
          kind: "effect",
          output: z.string(),
          compensate: () => void calls.push("undo"),
        }).by({
          limit: { name: "carrier", concurrency: 1 },
          run: async ({ name }) => {
            calls.push(`ship ${name}`);
            await gate.promise;
            return name;
          },
        });
        return { waits, fails: pay($, name, name) };
      });
      const engine = await place.open([made], { grace: "100ms" });
      const run = await engine.start(made, ["good", "bad"]);
      await drive(place, until(engine, run.id, "scope.failed"));
      gate.resolve();
      expect(await drive(place, run.result())).toMatchObject({
        outcome: "degraded",
        output: [{ waits: "good", fails: "good" }],
        standing: [],
      });
      expect(calls).toEqual(["ship good"]);
    });

    it("rule 8: an item that failed while its effect is under way waits for it, and undoes it then", async () => {
      const { place } = here;
      const gate = signal();
      const calls: string[] = [];
      const made = ordering("under-way", "drop", ($, name) => {
        const ships = $.step("ship", {
          needs: { name },
          kind: "effect",
          output: z.string(),
          compensate: ({ certainty, output }) => void calls.push(`undo ${certainty} ${output}`),
        }).by(async ({ name }) => {
          calls.push("ship");
          await gate.promise;
          calls.push("shipped");
          return name;
        });
        const fails = $.step("pay", { needs: { name }, output: z.string(), retry: once }).by(async () => {
          await soon(9);
          throw new Error("no money");
        });
        return { ships, fails };
      });
      const engine = await place.open([made]);
      const run = await engine.start(made, ["bad"]);
      await drive(place, until(engine, run.id, "scope.stopped"), 1);
      gate.resolve();
      expect(await drive(place, run.result(), 1)).toMatchObject({ outcome: "degraded", output: [], standing: [] });
      expect(calls).toEqual(["ship", "shipped", "undo applied bad"]);
    });

    it("rule 9: a run that fails later undoes the effects of all items that had answered, last first", async () => {
      const { place } = here;
      const undone: string[] = [];
      const made = flow("later", {
        input: z.array(z.string()),
        build($, over) {
          const out = $.map("orders", {
            over,
            concurrency: 1,
            each: ($, name) =>
              $.step("book", {
                needs: { name },
                kind: "effect",
                output: z.string(),
                compensate: ({ output }) => void undone.push(String(output)),
              }).by(({ name }) => name),
          });
          return $.step("tell", { needs: { out }, output: z.string(), retry: once }).by(() => {
            throw new Error("nobody there");
          });
        },
      });
      const engine = await place.open([made]);
      const run = await engine.start(made, ["a", "b", "c"]);
      expect(await run.result()).toMatchObject({ outcome: "failed", failedAt: "tell", standing: [] });
      expect(undone).toEqual(["c", "b", "a"]);
    });
  });
}
