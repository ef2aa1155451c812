// Attacks held runs in an engine that does not have their code: they need none to wait for their caller and to end with it.
import { type Flow, flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, found, type Place, until, usePlace } from "./fixtures/place.ts";

const once = { maxAttempts: 1 };
const booking = (name: string) =>
  flow("booking", {
    input: z.object({ n: z.number() }),
    build: ($, { n }) =>
      $.step(name, { needs: { n }, kind: "effect", output: z.number(), compensate: () => {} }).by(({ n }) => n),
  });
const calling = (called: ReturnType<typeof booking>) =>
  flow("calling", {
    input: z.array(z.number()),
    build($, items) {
      const all = $.map("all", { over: items, each: ($, n) => $.call("book", { flow: called, input: { n } }) });
      const go = $.signal("go", { schema: z.boolean(), timeout: "1d", onTimeout: true, after: all });
      const last = $.step("last", { needs: { go, all }, output: z.array(z.number()), retry: once }).by(
        ({ go, all }) => {
          if (!go) throw new Error("not like this");
          return all;
        },
      );
      return last;
    },
  });
const other = flow("other", {
  input: z.object({}),
  build: ($) => $.step("say", { output: z.string() }).by(() => "so"),
});

describe("a held run without its code", () => {
  const here = usePlace("sqlite");

  async function leave(place: Place) {
    const made = calling(booking("book"));
    const engine = await place.open([made]);
    const run = await engine.start(made, [1, 2, 3], { key: "k" });
    await drive(place, until(engine, run.id, "signal.awaited"), 1);
    return { engine, id: run.id };
  }

  const heldOf = async (engine: { list: Place["store"]["list"] }, parent: string) =>
    (await engine.list({ parent, limit: 10 })).items.map(({ status }) => status);

  for (const flows of [[], [other]] as const) {
    it(`waits for its caller without a word (${flows.length} flows)`, async () => {
      const { place } = here;
      const { id } = await leave(place);
      const second = await place.restart(flows as readonly Flow<never>[]);
      expect(await heldOf(second, id)).toEqual(["held", "held", "held"]);
      await second.close();
      expect(place.warnings).toEqual([]);
    });
  }

  it("ends with its caller, also when that ended just before the process died", async () => {
    const { place } = here;
    const { engine, id } = await leave(place);
    place.store.onCommit = (batch) => {
      const isEnd = batch.some(({ summary, entries }) => summary.id === id && entries.at(-1)?.kind === "run.ended");
      if (isEnd) place.store.fail({ at: 1, when: "after", onDeath: () => died.resolve() });
    };
    const died = Promise.withResolvers<void>();
    await drive(place, engine.signal({ run: id, name: "go", value: true }), 1);
    await drive(place, died.promise, 1);
    const second = await place.restart([other]);
    expect(await found(place, async () => ((await heldOf(second, id)).includes("held") ? [] : [true]))).toHaveLength(1);
    expect(await heldOf(second, id)).toEqual(["ended", "ended", "ended"]);
    const { items } = await second.list({ parent: id });
    const result = await (await second.handle(items[0]?.id as string)).result();
    expect(result).toMatchObject({ outcome: "succeeded", output: 3 });
    await second.cancel(result.id); // there is nothing to stop
    expect(await second.signal({ run: result.id, name: "go", value: 1 })).toEqual({ status: "late" });
    await second.close();
    expect(place.warnings).toEqual([]);
  });

  it("rule 28: is not undone by code that is not its own, and says so; it is as soon as its own is there again", async () => {
    const { place } = here;
    const { id } = await leave(place);
    const changed = calling(booking("reserve")); // what was booked cannot be undone by it
    const second = await place.restart([changed]);
    await drive(place, second.signal({ run: id, name: "go", value: false }), 1);
    await drive(place, until(second, id, "compensation.started"), 1);
    await found(place, async () => place.warnings);
    expect(place.warnings).toMatchObject([
      {
        message: "a called run cannot be undone by what is here",
        details: { error: expect.stringContaining("run-held") },
      },
    ]);
    await place.clock.advance(3_600_000);
    expect((await second.get(id))?.summary.status).toBe("stopping");
    const before = place.clock.now();
    await drive(place, second.close(), 1);
    expect(place.clock.now() - before).toBeLessThan(20_000); // the grace is 30 s, and nobody waits for what cannot go on
    const third = await place.open([calling(booking("book"))]);
    const result = await drive(place, (await third.handle(id)).result(), 1_000);
    expect(result).toMatchObject({ outcome: "failed", failedAt: "last", standing: [] });
    // On this clock a second may go by while a real disk works, and closing says so.
    const messages = place.warnings.map(({ message }) => message).filter((said) => !said.startsWith("closing waits"));
    expect(messages).toEqual(["a called run cannot be undone by what is here"]);
  });
});
