// Attacks the engine with code of nested nodes that takes the process down each time: combine, below, until's contract, limits, waits.
import { flow, optional, type Schema } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, entriesOfKind, usePlace } from "./fixtures/place.ts";

type Builder = Parameters<Parameters<typeof flow>[1]["build"]>[0];
const once = { maxAttempts: 1 };
const fall = (): number => {
  throw new Error("down");
};

/** A contract that is asked once for each value. */
const dying = (die: () => Promise<never>): Schema<number> => ({
  "~standard": { version: 1, vendor: "test", validate: () => die() },
});

/** Each hangs where the process is then killed, as code does that ends a process. */
const poisons: Readonly<Record<string, ($: Builder, die: () => Promise<never>) => unknown>> = {
  combine: ($, die) => $.ensemble("node", { output: z.number(), quorum: 1, combine: () => die() }).by({ a: () => 1 }),
  below: ($, die) =>
    $.ensemble("node", {
      output: z.number(),
      quorum: 1,
      below: () => die(),
      retry: once,
    }).by({ a: fall, b: fall }),
  "a turn's contract": ($, die) =>
    $.loop("node", {
      output: dying(die),
      maxTurns: 3,
      atLimit: "last",
      until: () => true,
      body: ($) => $.step("turn", { output: z.number() }).by(() => 1),
    }),
  "the answer at the limit": ($, die) =>
    $.loop("node", {
      output: z.number(),
      maxTurns: 1,
      atLimit: () => die() as never,
      until: () => false,
      body: ($) => $.step("turn", { output: z.number() }).by(() => 1),
    }),
  "the contract of a called flow's input": ($, die) =>
    $.call("node", { flow: flow("called", { input: dying(die), build: () => 1 }), input: 1 }),
  "a signal's answer": ($, die) => $.signal("node", { schema: dying(die), timeout: "1s", onTimeout: () => 1 }),
};

describe("poison in nested nodes", () => {
  const here = usePlace("memory");

  for (const [what, place_] of Object.entries(poisons)) {
    it(`rule 5: ${what} that ends the process five times is given up; what stands beside it is undone or goes on`, async () => {
      const { place } = here;
      let calls = 0;
      let entered = Promise.withResolvers<"entered">();
      const said: string[] = [];
      const made = flow("poisoned", {
        input: z.object({ needed: z.boolean() }),
        build($, { needed }) {
          const booked = $.step("book", {
            kind: "effect",
            output: z.string(),
            compensate: () => void said.push("undo"),
          }).by(() => {
            said.push("book");
            return "booked";
          });
          const node = place_($, () => {
            calls++;
            entered.resolve("entered");
            return new Promise(() => {});
          });
          return $.step("read", {
            needs: { node: optional(node as never, { onFailure: true }), booked, needed },
            output: z.string(),
            retry: once,
          }).by(({ node, needed }) => {
            if (needed) throw new Error("not without it");
            return `with ${node}`;
          });
        },
      });
      let engine = await place.open([made]);
      const runs = [
        await engine.start(made, { needed: true }, { key: "needed" }),
        await engine.start(made, { needed: false }, { key: "not" }),
      ];
      const result = async (id: string) => (await engine.handle(id)).result();
      for (let death = 0; death < 5; death++) {
        const ended = Promise.all(runs.map(({ id }) => result(id)));
        ended.catch(() => {}); // of the engine that dies
        expect(await drive(place, Promise.race([entered.promise, ended]), 100), `death ${death}`).toBe("entered");
        while (calls < (death + 1) * 2) await place.clock.advance(10);
        entered = Promise.withResolvers();
        engine = await place.restart([made]);
      }
      const [needed, not] = await drive(place, Promise.all(runs.map(({ id }) => result(id))), 100);
      expect(needed).toMatchObject({ outcome: "failed", failedAt: "read", standing: [] });
      expect(not).toMatchObject({ outcome: "degraded", output: "with undefined" });
      expect(not?.degradations).toContainEqual(
        expect.objectContaining({ path: "node", reason: expect.stringContaining("the process died 5 times") }),
      );
      expect(said.toSorted()).toEqual(["book", "book", "undo"]);
      expect(calls).toBe(10);
      expect(await entriesOfKind(engine, runs[0]?.id as string, "attempt.lost")).toHaveLength(5);
    });
  }
});
