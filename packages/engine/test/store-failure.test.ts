// Attacks rule 4: the store fails at any commit, before or after it has recorded it, and again while it is opened.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asking } from "./fixtures/asking-flow.ts";
import { attemptsIn } from "./fixtures/attempts.ts";
import { mixed } from "./fixtures/mixed-flow.ts";
import { drive, entriesOf, entriesOfKind, signal, stateOf, storeKinds, until, usePlace } from "./fixtures/place.ts";

const single = () => {
  const calls: string[] = [];
  const made = flow("single", {
    input: z.object({}),
    build: ($) => ({
      made: $.step("make", { output: z.number() }).by(() => {
        calls.push("make");
        return 1;
      }),
    }),
  });
  return { made, calls };
};

const asked = asking("asking");

describe.each(storeKinds)("a failing store: %s", (kind) => {
  const here = usePlace(kind);

  for (const fail of kind === "memory" ? [false, true] : [true]) {
    it(`rule 4: wherever a commit fails, the run ends as it would have, and nothing recorded is repeated (${fail})`, async () => {
      const { place } = here;
      let reached = true;
      for (let at = 1; reached; at++) {
        // Opening a file again is slow: what was recorded after all is the harder half.
        for (const when of kind === "memory" ? (["before", "after"] as const) : (["after"] as const)) {
          const calls: string[] = [];
          const tried = mixed(calls);
          const engine = await place.open([tried]);
          const { store } = place;
          const before = store.counts.commits;
          store.fail({ at, when });
          const started = engine.start(tried, { fail }, { key: `${at} ${when}` });
          const run = await drive(place, started).catch(async (error: unknown) => {
            expect(error).toMatchObject({ code: "store-failed" });
            return drive(place, engine.start(tried, { fail }, { key: `${at} ${when}` }));
          });
          const result = await drive(place, run.result());
          expect(result.outcome, `${at} ${when}`).toBe(fail ? "failed" : "degraded");
          expect(result.standing).toEqual([]);
          const entries = await entriesOf(engine, run.id);
          // The pure step may have begun on a result that was not recorded (rule 2), so it is not counted.
          for (const [slot, name] of [
            [0, "read"],
            [2, "book"],
          ] as const) {
            expect(calls.filter((call) => call === name).length).toBeLessThanOrEqual(attemptsIn(entries, slot));
          }
          expect(calls.includes("undo")).toBe(fail);
          reached = store.counts.commits - before < at ? false : reached;
          await place.reopen([]);
        }
      }
    });
  }

  it("rule 4: starts under way are told, and those that wait for a run hear its end from the next store", async () => {
    const { place } = here;
    const calls: string[] = [];
    const tried = mixed(calls);
    const engine = await place.open([tried]);
    const waiting = await engine.start(tried, { fail: false });
    await until(engine, waiting.id, "approval.requested");
    const result = waiting.result();
    place.store.fail({ at: 1, when: "before" });
    await expect(engine.start(tried, { fail: false })).rejects.toMatchObject({ code: "store-failed" });
    expect((await drive(place, result)).outcome).toBe("degraded");
    expect(place.warnings.map(({ message }) => message)).toContain("the store failed: starting again from the journal");
  });

  it("rule 4: an end that was recorded though the commit failed is told to who waited for it", async () => {
    const { place } = here;
    const { made } = single();
    const engine = await place.open([made]);
    place.store.onCommit = (batch) => {
      if (batch.some((item) => item.summary.status === "ended")) place.store.fail({ at: 1, when: "after" });
    };
    const run = await drive(place, engine.start(made, {})).catch(() => undefined);
    const { items } = await drive(place, engine.list());
    const id = run?.id ?? items[0]?.id ?? "";
    const handle = await drive(place, engine.handle(id));
    expect((await drive(place, handle.result())).outcome).toBe("succeeded");
    const ends = await drive(place, entriesOfKind(engine, id, "run.ended")); // the end may be read before the failure is heard
    expect(ends).toHaveLength(1);
  });

  it("rule 1: a watcher sees each entry once and in order, also those of a commit that was reported as failed", async () => {
    const { place } = here;
    const calls: string[] = [];
    const tried = mixed(calls);
    const engine = await place.open([tried]);
    const run = await engine.start(tried, { fail: true });
    place.store.fail({ at: 3, when: "after" });
    const seen = async () => {
      const indices: number[] = [];
      for await (const { index } of engine.watch(run.id)) indices.push(index);
      return indices;
    };
    const indices = await drive(place, seen());
    const entries = await entriesOf(engine, run.id);
    expect(indices).toEqual(entries.map((_, index) => index));
  });

  it("rule 1: a decision whose commit failed is not acknowledged, and sent again it is found or counts", async () => {
    for (const when of ["before", "after"] as const) {
      const { place } = here;
      const engine = await place.open([asked]);
      const run = await engine.start(asked, {});
      await until(engine, run.id, "approval.requested");
      place.store.fail({ at: 1, when });
      const decision = { run: run.id, decision: { ok: true }, id: "d1", by: "Ada" };
      await expect(engine.decide(decision)).rejects.toMatchObject({ code: "store-failed" });
      expect((await drive(place, engine.decide(decision))).status).toBe(when === "before" ? "decided" : "repeated");
      const { output } = await drive(place, run.result());
      expect(output).toMatchObject({ verdict: { ok: true, via: "person", by: "Ada" } });
      await place.reopen([]);
    }
  });

  it("rule 4: a store that fails again while runs are taken up is opened again, by one only", async () => {
    const { place } = here;
    const calls: string[] = [];
    const tried = mixed(calls);
    const engine = await place.open([tried]);
    let opened = 0;
    place.onOpen = (store) => {
      opened++;
      if (opened <= 3) store.fail({ at: 1, when: "before" });
    };
    const run = await engine.start(tried, { fail: false });
    place.store.fail({ at: 1, when: "before" });
    expect((await drive(place, run.result())).outcome).toBe("degraded");
    expect(opened).toBe(4);
    expect((await stateOf(engine, run.id)).outcome).toBe("degraded");
  });

  it("rule 4: a store that never opens again ends the engine, with a word to everybody", async () => {
    const { place } = here;
    const { made } = single();
    const engine = await place.open([asked, made]);
    const run = await engine.start(asked, {});
    const result = run.result();
    result.catch(() => {});
    const watching = (async () => {
      for await (const _ of engine.watch(run.id));
    })();
    watching.catch(() => {});
    await until(engine, run.id, "approval.requested");
    place.onOpen = () => {
      throw new Error("the disk is gone");
    };
    place.store.fail({ at: 1, when: "before" });
    await expect(engine.start(made, {})).rejects.toMatchObject({ code: "store-failed" });
    await expect(drive(place, result)).rejects.toMatchObject({ code: "store-failed" });
    await expect(watching).rejects.toMatchObject({ code: "store-failed" });
    await expect(engine.start(made, {})).rejects.toMatchObject({ code: "store-failed" });
    await expect(engine.list()).rejects.toMatchObject({ code: "store-failed" });
    place.onOpen = () => {};
  });

  it("rule 4: bytes that cannot be read are no failure of the step that needs them, nor of the answer", async () => {
    const { place } = here;
    let calls = 0;
    const large = flow("large", {
      input: z.object({ text: z.string() }),
      build: ($, { text }) => ({
        text,
        length: $.step("measure", { needs: { text }, output: z.number(), retry: { maxAttempts: 1 } }).by(({ text }) => {
          calls++;
          return text.length;
        }),
      }),
    });
    const opens: number[] = [];
    place.onOpen = (store) => {
      const number = opens.push(opens.length);
      const read = store.blob.bind(store);
      let reads = 0;
      // The first store cannot give them to the step, the second not to the answer.
      store.blob = (run, id) =>
        ++reads === number && number < 3 ? Promise.reject(new Error("no bytes")) : read(run, id);
    };
    const engine = await place.open([large]);
    const run = await engine.start(large, { text: "x".repeat(100_000) }, { key: "k" });
    expect(await drive(place, run.result(), 50)).toMatchObject({ outcome: "succeeded", output: { length: 100_000 } });
    expect([calls, opens.length]).toEqual([1, 3]);
    expect(await entriesOfKind(engine, run.id, "attempt.failed")).toEqual([]);
  });

  it("rule 4: closing while the store is being opened again leaves nothing open behind", async () => {
    const { place } = here;
    const { made, calls } = single();
    const engine = await place.open([made]);
    place.store.fail({ at: 1, when: "before" });
    await expect(engine.start(made, {}, { key: "k" })).rejects.toMatchObject({ code: "store-failed" });
    const before = place.store;
    await engine.close(); // no time has passed: the engine was waiting to open again
    expect(place.store).toBe(before);
    await expect(engine.start(made, {})).rejects.toMatchObject({ code: "engine-closed" });
    expect(calls.length).toBeLessThanOrEqual(1);
  });
});

describe.each(storeKinds)("a start whose first commit fails: %s", (kind) => {
  const here = usePlace(kind);

  it.each(["before", "after"] as const)(
    "rule 4: what it began early is dropped and writes nothing (%s)",
    async (when) => {
      const { place } = here;
      const go = signal();
      let calls = 0;
      const early = flow("early", {
        input: z.object({}),
        build: ($) => ({
          read: $.step("read", { output: z.number() }).by(async () => {
            calls++;
            await go.promise;
            return calls;
          }),
        }),
      });
      const engine = await place.open([early]);
      place.store.fail({ at: 1, when });
      await expect(engine.start(early, {})).rejects.toMatchObject({ code: "store-failed" });
      const { items } = await drive(place, engine.list());
      go.resolve();
      for (const { id } of items) {
        expect((await drive(place, (await engine.handle(id)).result())).output).toEqual({ read: 2 });
        const record = await engine.get(id);
        expect(record?.summary.length).toBe(record?.entries.length);
        expect(await entriesOfKind(engine, id, "step.completed")).toHaveLength(1);
      }
      expect(items).toHaveLength(when === "before" ? 0 : 1);
      const other = await engine.start(early, {});
      expect((await drive(place, other.result())).outcome).toBe("succeeded");
      expect(place.warnings.filter(({ message }) => message.startsWith("the store failed"))).toHaveLength(1);
    },
  );

  it("rule 4: closing while a start is being committed answers it, and begins nothing of it", async () => {
    const { place } = here;
    const { made, calls } = single();
    const engine = await place.open([made]);
    const gate = signal();
    place.store.gate = gate.promise;
    const committing = signal();
    place.store.onCommit = () => committing.resolve();
    const started = engine.start(made, {}, { key: "k" });
    await committing.promise;
    const closed = engine.close();
    await place.clock.advance(1);
    gate.resolve();
    const { id } = await started;
    await closed;
    expect(calls).toEqual([]);
    const next = await place.reopen([made]);
    expect((await drive(place, (await next.handle(id)).result())).outcome).toBe("succeeded");
    expect(await entriesOfKind(next, id, "attempt.lost")).toHaveLength(1); // nobody can know that it was not begun
  });
});
