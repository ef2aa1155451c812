// Attacks the stopping of everything that nests: somebody cancels at each commit in turn; what was done is undone, once.
import { describe, expect, it } from "vitest";
import { nested } from "./fixtures/nested-flow.ts";
import { Book } from "./fixtures/nested-run.ts";
import { drive, usePlace } from "./fixtures/place.ts";

describe("a cancel at every commit of nested scopes", () => {
  const here = usePlace("memory");

  for (const dies of [false, true]) {
    it(`rules 8-10: whatever was done by then is undone, by the run and those that it called (dies: ${dies})`, async () => {
      const { place } = here;
      let points = 0;
      for (let at = 2; ; at++) {
        const book = new Book(place.clock);
        const made = nested(book);
        let engine = await place.open([made]);
        const reached = place.reaches(at);
        const run = await drive(place, engine.start(made, { n: 1, fail: false }, { key: `${at}` }), 1);
        await drive(place, engine.signal({ run: run.id, name: "go", value: "go", id: "go" }), 1);
        const result = run.result();
        result.catch(() => {}); // of the engine that dies nobody hears
        if ((await drive(place, Promise.race([result, reached]), 1)) !== "reached") break;
        points++;
        await drive(place, engine.cancel(run.id, { by: "Ada" }), 1);
        if (dies) engine = await place.restart([made]);
        const ended = await drive(place, (await engine.handle(run.id)).result(), 1);
        const runs = (await engine.list({ limit: 1_000 })).items.filter(({ id }) => id.startsWith(run.id));
        const whole = ended.outcome === "degraded"; // it was over before the cancel came
        if (!whole) expect(ended, `at ${at}`).toMatchObject({ outcome: "cancelled", standing: [] });
        for (const { id } of runs) await drive(place, (await engine.handle(id)).result(), 1);
        const left = [...book.did].filter((key) => !book.undid.has(key));
        if (whole) expect(left).toHaveLength(4);
        else expect(left, `left at ${at}`).toEqual([]);
        await place.reopen([]);
      }
      expect(points).toBeGreaterThan(15);
    }, 60_000);
  }
});
