// Attacks the stopping of spread maps: somebody cancels at each commit in turn; whatever was done in any part is undone, once.
import { describe, expect, it } from "vitest";
import { drive, usePlace } from "./fixtures/place.ts";
import { spread, take } from "./fixtures/spread-run.ts";

describe("a cancel at every commit of a spread map", () => {
  const here = usePlace("memory");

  for (const dies of [false, true]) {
    it(`rules 8-10: whatever was done by then is undone, by the parts that did it (dies: ${dies})`, async () => {
      const { place } = here;
      const how = { fails: false, patient: true };
      let points = 0;
      for (let at = 2; ; at++) {
        const ledger = { did: new Set<string>(), undid: new Set<string>() };
        const made = spread(ledger);
        let engine = await place.open([made]);
        const reached = place.reaches(at);
        const taken = take(engine, made, how, `${at}`);
        taken.catch(() => {}); // of the engine that dies nobody hears
        if ((await drive(place, Promise.race([taken, reached]), 1)) !== "reached") break;
        points++;
        const { id } = await drive(place, engine.start(made, { fails: false }, { key: `${at}` }), 1);
        await drive(place, engine.cancel(id, { by: "Ada" }), 1);
        if (dies) engine = await place.restart([made]);
        const ended = await drive(place, (await engine.handle(id)).result(), 1);
        const isWhole = ended.outcome === "succeeded"; // it was over before the cancel came
        if (!isWhole) {
          expect(ended, `at ${at}`).toMatchObject({ outcome: "cancelled", standing: [] });
          expect([...ledger.undid].filter((key) => ledger.did.has(key)).toSorted()).toEqual([...ledger.did].toSorted());
        }
        for (const part of (await engine.list({ parent: id })).items) {
          const { outcome } = await drive(place, (await engine.handle(part.id)).result(), 1);
          expect(outcome, `at ${at}`).toBe(isWhole ? "succeeded" : "cancelled");
        }
        await place.reopen([]);
      }
      console.log(`spread cancel points: ${points} commits (dies: ${dies})`);
      expect(points).toBeGreaterThan(10);
    }, 60_000);
  }
});
