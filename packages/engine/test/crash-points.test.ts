// Attacks recovery at every boundary there is: the process dies at each commit in turn, before or after it was recorded.
import { describe, expect, it } from "vitest";
import { attemptsIn } from "./fixtures/attempts.ts";
import { mixed } from "./fixtures/mixed-flow.ts";
import { drive, entriesOf, entriesOfKind, usePlace } from "./fixtures/place.ts";

describe("death at every commit", () => {
  const here = usePlace("memory");

  for (const fail of [false, true]) {
    for (const when of ["before", "after"] as const) {
      it(`rules 1-9: the run ends as it would have, and nothing recorded is done again (${fail}, ${when})`, async () => {
        const { place } = here;
        let points = 0;
        for (let at = 1; ; at++) {
          const calls: string[] = [];
          const tried = mixed(calls);
          const first = await place.open([tried]);
          let survived = true;
          const died = new Promise<void>((resolve) => {
            const onDeath = () => {
              survived = false;
              resolve();
            };
            place.store.fail({ at, when, onDeath });
          });
          const key = `${at}`;
          const whole = first.start(tried, { fail }, { key }).then((run) => run.result());
          await drive(place, Promise.race([whole, died]));
          if (survived) break; // the run has no commit of this number
          points++;
          const second = await place.restart([tried]);
          const run = await drive(place, second.start(tried, { fail }, { key }));
          const result = await drive(place, run.result());
          expect(result, `at ${at}`).toMatchObject({ outcome: fail ? "failed" : "degraded", standing: [] });
          const entries = await entriesOf(second, run.id);
          for (const [slot, name] of [
            [0, "read"],
            [2, "book"],
          ] as const) {
            const called = calls.filter((call) => call === name).length;
            expect(called, `${name} at ${at}`).toBeLessThanOrEqual(attemptsIn(entries, slot));
          }
          expect(calls.includes("undo")).toBe(fail);
          expect(await entriesOfKind(second, run.id, "run.ended")).toHaveLength(1);
          await place.reopen([]);
        }
        expect(points).toBe(fail ? 7 : 6);
      });
    }
  }
});
