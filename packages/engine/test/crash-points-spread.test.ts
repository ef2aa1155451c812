// Attacks the recovery of spread maps: the process dies at each commit in turn, of the caller or of a part, before or after it was
// recorded; signals, effects and their undoing come out as if nothing had happened.
import type { Engine } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { drive, entriesOfKind, type Place, usePlace } from "./fixtures/place.ts";
import { type How, type Ledger, spread, type Taken, take } from "./fixtures/spread-run.ts";

type When = "before" | "after";

async function dies(place: Place, made: ReturnType<typeof spread>, how: How, key: string, at: number, when: When) {
  const engine = await place.open([made]);
  const died = new Promise<"died">((resolve) => {
    place.store.fail({ at, when, onDeath: () => resolve("died") });
  });
  const first = await drive(place, Promise.race([take(engine, made, how, key), died]), 1);
  if (first !== "died") await place.crash(); // what comes after the end is not what is attacked
  return first === "died";
}

async function expectAccounts(
  engine: Engine,
  { did, undid }: Ledger,
  { id, result }: Taken,
  fails: boolean,
  at: string,
) {
  const parts = await entriesOfKind(engine, id, "call.requested");
  const keys = parts.map(({ run }, index) => `${run}:items[${999 + index}].way.long.book:0`);
  expect([...did].toSorted(), at).toEqual(keys.toSorted());
  if (fails) {
    expect(result, at).toMatchObject({ outcome: "failed", failedAt: "last", standing: [] });
    expect([...undid].toSorted(), at).toEqual(keys.toSorted());
  } else {
    expect(result, at).toMatchObject({ outcome: "succeeded", output: ["a", "b"] });
    expect([...undid], at).toEqual([]);
  }
  for (const { run } of parts) {
    const ended = await (await engine.handle(run)).result();
    expect(ended.outcome, at).toBe(fails ? "cancelled" : "succeeded");
    expect(await entriesOfKind(engine, run, "run.ended"), at).toHaveLength(1);
    expect(await entriesOfKind(engine, run, "signal.received"), at).toHaveLength(1);
  }
  expect(await entriesOfKind(engine, id, "call.answered"), at).toHaveLength(2);
}

describe("death at every commit of a spread map", () => {
  const here = usePlace("memory");

  for (const how of [
    { fails: false, patient: false },
    { fails: false, patient: true },
    { fails: true, patient: true },
  ]) {
    for (const when of ["before", "after"] as const) {
      it(`rules 1-10, 20: it ends as it would have, done once, undone once, each signal taken once (${JSON.stringify(how)}, ${when})`, async () => {
        const { place } = here;
        let points = 0;
        for (let at = 1; ; at++) {
          const ledger = { did: new Set<string>(), undid: new Set<string>() };
          const made = spread(ledger);
          if (!(await dies(place, made, how, `${at}`, at, when))) break;
          points++;
          const second = await place.restart([made]);
          const taken = await drive(place, take(second, made, how, `${at}`), 1);
          await drive(place, expectAccounts(second, ledger, taken, how.fails, `at ${at}`), 1);
          await place.reopen([]);
        }
        console.log(`spread crash points: ${points} commits (${JSON.stringify(how)}, ${when})`);
        expect(points).toBeGreaterThan(10);
      }, 120_000);
    }
  }
});
