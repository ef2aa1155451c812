// Attacks the recovery of everything that nests: the process dies at each commit in turn, before or after it was recorded.
import type { Engine } from "@plumbline/core";
import { fold, newState, pathOf } from "@plumbline/core";
import type { VirtualClock } from "@plumbline/testing";
import { describe, expect, it } from "vitest";
import { type Ledger, nested, standing } from "./fixtures/nested-flow.ts";
import { drive, entriesOfKind, usePlace } from "./fixtures/place.ts";

class Book implements Ledger {
  readonly calls: string[] = [];
  readonly did: Set<string> = new Set();
  readonly undid: Set<string> = new Set();
  called = ({ runId, path }: { runId: string; path: string }) => void this.calls.push(`${runId} ${path}`);
  once = (kind: "did" | "undid", key: string) => void this[kind].add(key);
  private readonly clock: VirtualClock;
  private works = 0;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  /** Takes a different time each time, so that few things end in the same commit. */
  work = () => new Promise<void>((resolve) => this.clock.timer([1, 4, 2, 5, 3][this.works++ % 5] as number, resolve));
}

/** Calls of steps by run and path are at most the attempts that the journal knows of. */
async function expectNothingTwice(engine: Engine, ids: readonly string[], book: Book, at: string): Promise<void> {
  for (const id of ids) {
    const record = await engine.get(id);
    const state = fold(newState(record?.plan as never), record?.entries ?? []);
    for (const slot of state.slots) {
      const ends = (record?.entries ?? []).filter(
        (entry) =>
          ["attempt.failed", "attempt.lost", "step.completed"].includes(entry.kind) &&
          "slot" in entry &&
          entry.slot === slot.id,
      );
      const calls = book.calls.filter((call) => call === `${id} ${pathOf(slot)}`).length;
      expect(calls, `${at}: ${pathOf(slot)}`).toBeLessThanOrEqual(ends.length);
    }
  }
}

/** From the start to the end of the run and of the run that it called. */
async function take(engine: Engine, made: ReturnType<typeof nested>, fail: boolean, key: string) {
  const run = await engine.start(made, { n: 1, fail }, { key });
  await engine.signal({ run: run.id, name: "go", value: "go", id: "go" });
  const result = await run.result();
  const [called] = await entriesOfKind(engine, run.id, "call.requested");
  const trip = called?.run as string;
  return { id: run.id, result, trip, tripEnded: await (await engine.handle(trip)).result() };
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
          const made = nested(book);
          const first = await place.open([made]);
          const died = new Promise<"died">((resolve) => {
            place.store.fail({ at, when, onDeath: () => resolve("died") });
          });
          const key = `${at}`;
          if ((await drive(place, Promise.race([take(first, made, fail, key), died]), 1)) !== "died") break;
          points++;
          const second = await place.restart([made]);
          const { id, result, trip, tripEnded } = await drive(place, take(second, made, fail, key), 1);
          expect(result, `at ${at}`).toMatchObject({ outcome: fail ? "failed" : "degraded", standing: [] });
          if (!fail) expect(result.output).toMatchObject({ kept: 2, vote: true });
          expect(tripEnded).toMatchObject({ outcome: fail ? "cancelled" : "succeeded", standing: [] });
          const { did, undid } = standing(id, trip, fail);
          expect([...book.did].toSorted(), `done at ${at}`).toEqual(did.toSorted());
          // One that was lost before it did anything is undone as well, in doubt: there was nothing to undo.
          const undone = [...book.undid].filter((key) => book.did.has(key));
          expect(undone.toSorted(), `undone at ${at}`).toEqual(undid.toSorted());
          await expectNothingTwice(second, [id, trip], book, `at ${at}`);
          for (const run of [id, trip]) expect(await entriesOfKind(second, run, "run.ended")).toHaveLength(1);
          await place.reopen([]);
        }
        console.log(`nested crash points: ${points} commits (${fail}, ${when})`);
        expect(points).toBeGreaterThan(15);
      }, 60_000);
    }
  }
});
