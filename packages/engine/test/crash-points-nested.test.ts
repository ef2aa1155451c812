// Attacks the recovery of everything that nests: the process dies at each commit in turn, before or after it was recorded,
// and again while it recovers; or the store fails there.
import { Seeded } from "@plumbline/testing";
import { describe, expect, it } from "vitest";
import { nested } from "./fixtures/nested-flow.ts";
import { Book, expectAccounts, take } from "./fixtures/nested-run.ts";
import { drive, type Place, usePlace } from "./fixtures/place.ts";

type When = "before" | "after";

/** The next engine on the place dies at this commit; false when the run has ended before it. */
async function dies(place: Place, book: Book, fail: boolean, key: string, at: number, when: When): Promise<boolean> {
  const made = nested(book);
  const engine = await place.open([made]);
  const died = new Promise<"died">((resolve) => {
    place.store.fail({ at, when, onDeath: () => resolve("died") });
  });
  // Taking up what was left commits as well, so it may die before anybody asks.
  return (await drive(place, Promise.race([take(engine, made, fail, key), died]), 1)) === "died";
}

describe("death at every commit of nested scopes", () => {
  const here = usePlace("memory");

  for (const fail of [false, true]) {
    for (const when of ["before", "after"] as const) {
      it(`rules 1-10: the run ends as it would have, done once, undone once (${fail}, ${when})`, async () => {
        const { place } = here;
        let points = 0;
        for (let at = 1; ; at++) {
          const book = new Book(place.clock);
          if (!(await dies(place, book, fail, `${at}`, at, when))) break;
          points++;
          const made = nested(book);
          const second = await place.restart([made]);
          const taken = await drive(place, take(second, made, fail, `${at}`), 1);
          await expectAccounts(second, book, taken, fail, `at ${at}`);
          await place.reopen([]);
        }
        console.log(`nested crash points: ${points} commits (${fail}, ${when})`);
        expect(points).toBeGreaterThan(15);
      }, 60_000);
    }
  }

  it("rules 1-10: also when it dies again and again while it recovers", async () => {
    const { place } = here;
    const seed = Number(process.env["PLUMBLINE_SEED"] ?? Math.floor(Math.random() * 1e9));
    console.log(`nested crash points: seed ${seed}`);
    const random = new Seeded(seed);
    for (let sample = 0; sample < 60; sample++) {
      const book = new Book(place.clock);
      const fail = random.integer(0, 1) === 1;
      const deaths: string[] = [];
      for (let death = 0; death < 4; death++) {
        const [at, when] = [random.integer(1, 9), random.integer(0, 1) === 1 ? "before" : "after"] as const;
        deaths.push(`${at} ${when}`);
        if (!(await dies(place, book, fail, `s${sample}`, at, when))) break;
        await place.crash();
      }
      const made = nested(book);
      const last = await place.open([made]);
      const taken = await drive(place, take(last, made, fail, `s${sample}`), 1);
      await expectAccounts(last, book, taken, fail, `sample ${sample} of seed ${seed}, died at ${deaths.join(", ")}`);
      await place.reopen([]);
    }
  }, 60_000);

  for (const when of ["before", "after"] as const) {
    it(`rule 4: a store that fails at any commit, ${when} it recorded, changes nothing of how the run ends`, async () => {
      const { place } = here;
      for (let at = 1, reached = true; reached; at++) {
        for (const fail of [false, true]) {
          const book = new Book(place.clock);
          const made = nested(book);
          const engine = await place.open([made]);
          const { store } = place;
          store.fail({ at, when });
          const key = `${at} ${fail}`;
          const taking = async () => {
            for (;;) {
              try {
                return await take(engine, made, fail, key);
              } catch (error) {
                expect(error).toMatchObject({ code: "store-failed" });
              }
            }
          };
          const taken = await drive(place, taking(), 1);
          // What follows the end (called runs are released) is committed too, and may be what fails.
          await drive(place, expectAccounts(engine, book, taken, fail, `at ${at}`), 1);
          reached = place.store !== store;
          await place.reopen([]);
        }
      }
    }, 60_000);
  }
});
