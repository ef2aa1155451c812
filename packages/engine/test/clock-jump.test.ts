// Attacks rule 21: a wall clock that jumps stops timers, deadlines and retries alike, also over a store that is opened again, until
// it comes back or somebody says that it is right; the owner can be told so by another process.
import { flow } from "@plumbline/core";
import { openEngine, sqlite } from "@plumbline/engine";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asking } from "./fixtures/asking-flow.ts";
import { drive, entriesOfKind, storeKinds, until, usePlace } from "./fixtures/place.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const parked = asking("parked");

function retrying(delay: "500ms" | "10m") {
  const calls: number[] = [];
  const made = flow("retrying", {
    input: z.object({}),
    build: ($) =>
      $.step("ask", { output: z.string(), retry: { delay, jitter: 0 } }).by((_, { attempt }) => {
        calls.push(attempt);
        if (attempt === 1) throw new Error("down");
        return "up";
      }),
  });
  return { made, calls };
}

describe.each(storeKinds)("a clock that jumps, on %s", (kind) => {
  const here = usePlace(kind);

  // One stays in memory for its short delay, the other leaves and comes back for its timer.
  it.each(["500ms", "10m"] as const)(
    "rule 21: a retry in %s waits with the rest, and goes on when the clock is trusted",
    async (delay) => {
      const { place } = here;
      const { made, calls } = retrying(delay);
      const engine = await place.open([made]);
      const run = await engine.start(made, {});
      await until(engine, run.id, "retry.scheduled");
      place.clock.jump(dayMs);
      await place.clock.advance(hourMs);
      expect(calls).toEqual([1]);
      expect(await engine.trustClock()).toEqual({ wasPaused: true, driftMs: dayMs });
      expect((await drive(place, run.result())).output).toBe("up");
      expect(await engine.trustClock()).toEqual({ wasPaused: false, driftMs: 0 });
    },
  );

  it("rule 21: a jump while the store is opened again is noticed after it", async () => {
    const { place } = here;
    const engine = await place.open([parked]);
    const run = await engine.start(parked, {});
    place.onOpen = () => place.clock.jump(dayMs);
    place.store.fail({ at: 1, when: "before" });
    await drive(place, engine.start(parked, {})).catch(() => {});
    await place.clock.advance(10_000);
    await drive(place, engine.list());
    await place.clock.advance(hourMs);
    const messages = place.warnings.map(({ message }) => message);
    expect(messages).toContainEqual(expect.stringContaining("the store failed"));
    expect(messages).toContainEqual(expect.stringContaining("the wall clock jumped"));
    expect(await entriesOfKind(engine, run.id, "approval.decided")).toEqual([]);
    place.clock.jump(-dayMs);
    expect((await drive(place, run.result())).output).toMatchObject({ verdict: { via: "timeout" } });
  });

  it("rule 21: one that was set back pauses too, and says by how much", async () => {
    const { place } = here;
    const engine = await place.open([parked], { clockJump: "1m" });
    await engine.start(parked, {});
    place.clock.jump(-120_000);
    await place.clock.advance(hourMs);
    const jumped = place.warnings.find(({ message }) => message.includes("jumped"));
    expect(jumped?.details).toEqual({ driftMs: -120_000, boundMs: 60_000 });
    expect(await engine.trustClock()).toEqual({ wasPaused: true, driftMs: -120_000 });
  });
});

describe("a clock that another process trusts", () => {
  const here = usePlace("sqlite");

  it("rules 21 and 30: the owner's timers go on when a client says that its clock is right", async () => {
    const { place } = here;
    const store = sqlite(place.file, { durability: "normal" });
    await place.open([parked], { store });
    const client = await openEngine({ store, flows: [parked], onOwned: "client" });
    try {
      const run = await client.start(parked, {});
      place.clock.jump(dayMs);
      await place.clock.advance(hourMs);
      while (place.warnings.length === 0) await place.clock.advance(20); // sockets are looked at first: real turns
      expect((await client.get(run.id))?.summary.status).toBe("waiting");
      expect(await client.trustClock()).toEqual({ wasPaused: true, driftMs: dayMs });
      expect((await drive(place, run.result())).output).toMatchObject({ verdict: { via: "timeout" } });
    } finally {
      await client.close();
    }
    await expect(client.trustClock()).rejects.toMatchObject({ code: "engine-closed" });
  });
});
