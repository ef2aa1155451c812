// Attacks rule 32: kept answers are forgotten when nobody will ask for them any more, and not before, whoever has the file open.
import { type Duration, type Flow, flow, lastGood } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, type Place, storeKinds, usePlace } from "./fixtures/place.ts";

const hourMs = 3_600_000;

/** A flow whose answer is kept for a while. */
function answering(name: string, maxAge: Duration) {
  const outside = { isDown: false };
  const made = flow(name, {
    input: z.object({ n: z.number() }),
    build: ($, { n }) =>
      $.step("ask", { needs: { n }, output: z.string(), version: "1", retry: { maxAttempts: 1 } }).by(function model() {
        if (outside.isDown) throw new Error("down");
        return name;
      }, lastGood({ maxAge })),
  });
  return { made, outside };
}

/** Names of the registers that the engines of a place write from now on. */
function namesWritten(place: Place): string[] {
  const names: string[] = [];
  place.store.onCommit = (batch) => {
    for (const { registers = [] } of batch) names.push(...registers.map(({ name }) => name));
  };
  return names;
}

describe.each(storeKinds)("kept answers on %s", (kind) => {
  const here = usePlace(kind);

  async function answered(flows: readonly Flow<never>[], names: readonly string[]): Promise<string[]> {
    const { place } = here;
    const engine = await place.open(flows, { chance: () => 0.5 });
    const written = namesWritten(place);
    for (const name of names) {
      const run = await engine.start(name, { n: 1 });
      await drive(place, run.result());
    }
    return written;
  }

  const kept = async (names: readonly string[]) =>
    Promise.all(names.map(async (name) => (await here.place.store.register(name)) !== undefined));

  /** Lets hours go by, and what an hour sets going be done. */
  async function hours(count: number): Promise<void> {
    for (let hour = 0; hour < count; hour++) {
      await here.place.clock.advance(hourMs);
      await here.place.store.plans(); // behind what was asked before it
    }
    await drive(here.place, here.place.store.forgetRegisters("nothing", 0, 1));
  }

  it("rule 32: go when they are older than the longest age that is declared, within an hour, and not before", async () => {
    const [short, long] = [answering("short", "1h"), answering("long", "3h")];
    const names = await answered([short.made, long.made], ["short", "long"]);
    expect(names).toHaveLength(2);
    await hours(3);
    expect(await kept(names)).toEqual([true, true]);
    await hours(2);
    expect(await kept(names)).toEqual([false, false]);
  });

  it("rule 32: go when an engine is opened, and never for one that knows none of their flows sooner", async () => {
    const { place } = here;
    const long = answering("long", "2d");
    const other = answering("other", "1h");
    const names = await answered([long.made], ["long"]);
    await place.reopen([other.made]);
    await hours(30);
    expect(await kept(names)).toEqual([true]);
    const engine = await place.reopen([long.made]);
    long.outside.isDown = true;
    const run = await engine.start(long.made, { n: 1 });
    expect(await drive(place, run.result())).toMatchObject({ outcome: "degraded", output: "long" });
    await place.reopen([]);
    place.clock.jump(30 * hourMs); // while nothing is open, time is what the clock says
    await place.reopen([]);
    await hours(0);
    expect(await kept(names)).toEqual([false]);
  });

  it("rule 21: stay while the wall clock is in doubt", async () => {
    const { place } = here;
    const names = await answered([answering("short", "1h").made], ["short"]);
    place.clock.jump(1_000 * hourMs);
    await hours(3);
    expect(await kept(names)).toEqual([true]);
    place.clock.jump(-1_000 * hourMs);
    await hours(2);
    expect(await kept(names)).toEqual([false]);
  });

  it("failing is said and ends nothing; the next hour tries again", async () => {
    const { place } = here;
    const short = answering("short", "1h");
    const names = await answered([short.made], ["short"]);
    const forget = place.store.forgetRegisters.bind(place.store);
    place.store.forgetRegisters = (prefix, ...rest) =>
      prefix === "nothing" ? forget(prefix, ...rest) : Promise.reject(new Error("the disk is full"));
    await hours(2);
    expect(place.warnings.map(({ message }) => message)).toContain("old answers could not be forgotten");
    place.store.forgetRegisters = forget;
    await hours(1);
    expect(await kept(names)).toEqual([false]);
  });
});
