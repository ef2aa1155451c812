// Attacks the engine with faults of its own: where the core throws, that one run is held, loudly, and the others go on.
import { type Flow, flow, type Plan, type PlanStep } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asking } from "./fixtures/asking-flow.ts";
import { drive, entriesOf, entriesOfKind, type Place, storeKinds, until, usePlace } from "./fixtures/place.ts";

/** Fails once and is tried again: when, is decided by chance. */
function retrying() {
  const calls: number[] = [];
  const made = flow("retrying", {
    input: z.object({}),
    build: ($) =>
      $.step("step", { output: z.string(), retry: { delay: "1s" } }).by((_, { attempt }) => {
        calls.push(attempt);
        if (attempt === 1) throw new Error("again");
        return "done";
      }),
  });
  return { made, calls };
}

const chain = () =>
  flow("chain", {
    input: z.object({}),
    build($) {
      const one = $.step("one", { output: z.string(), kind: "effect" }).by(async () => "one");
      return $.step("two", { needs: { one }, output: z.string() }).by(async ({ one }) => `${one} two`);
    },
  });

/** As a plan is that a fault has made. */
function broken(made: Flow<never, unknown>, breaks: (step: PlanStep) => Partial<PlanStep>): void {
  const nodes = (made.plan as Plan).scopes[0]?.nodes as PlanStep[];
  Object.assign(nodes[0] as PlanStep, breaks(nodes[0] as PlanStep));
}

const parked = asking("parked");

/** The engine was not opened again, and says which run is held and what to do about it. */
function expectHeld(place: Place, run: string, error: RegExp): void {
  const [told, ...others] = place.warnings;
  expect(others).toEqual([]);
  expect(told?.message).toBe("a fault in Plumbline: this run is stuck, the others go on");
  expect(told?.details).toMatchObject({ code: "run-fault", run, error: expect.stringMatching(error) });
  expect(told?.details["mend"]).toMatch(/report it/);
}

describe.each(storeKinds)("a fault of our own on %s", (kind) => {
  const here = usePlace(kind);

  it("rule 4: in deciding holds its run, with what had happened recorded; the others go on, the store is not opened again", async () => {
    const { place } = here;
    let opened = 0;
    place.onOpen = () => opened++;
    const { made, calls } = retrying();
    const engine = await place.open([made, parked], {
      chance: () => {
        throw new TypeError("no chance");
      },
    });
    const other = await engine.start(parked, {});
    await until(engine, other.id, "approval.requested");
    const run = await engine.start(made, {});
    const watching = (async () => {
      for await (const _ of engine.watch(run.id));
    })();
    await expect(run.result()).rejects.toMatchObject({ code: "run-fault", path: run.id });
    await expect(watching).rejects.toMatchObject({ code: "run-fault" });
    expectHeld(place, run.id, /no chance/);
    for (const asked of [
      () => engine.cancel(run.id),
      () => engine.decide({ run: run.id, decision: {} }),
      async () => (await engine.handle(run.id)).result(),
    ]) {
      await expect(asked()).rejects.toMatchObject({ code: "run-fault" });
    }
    expect((await engine.list({ status: "running" })).items.map(({ id }) => id)).toEqual([run.id]);
    expect((await entriesOf(engine, run.id)).map(({ kind }) => kind)).toEqual(["run.started", "attempt.failed"]);
    await engine.decide({ run: other.id, decision: { ok: true } });
    expect(await drive(place, other.result())).toMatchObject({ outcome: "succeeded" });
    expect([place.warnings.length, opened, calls]).toEqual([1, 1, [1]]);

    const mended = await place.reopen([made, parked]);
    expect(await drive(place, (await mended.handle(run.id)).result(), 100)).toMatchObject({ output: "done" });
    expect(calls).toEqual([1, 2]);
    expect(await entriesOfKind(mended, run.id, "attempt.lost")).toEqual([]);
  });

  it("rule 4: in folding holds its run as the journal has it, and drops what it could not fold", async () => {
    const { place } = here;
    const made = chain();
    broken(made, () => ({ dependents: [99] }));
    const engine = await place.open([made, parked]);
    const run = await engine.start(made, {});
    await expect(drive(place, run.result())).rejects.toMatchObject({ code: "run-fault" });
    expectHeld(place, run.id, /TypeError/);
    const kinds = (await entriesOf(engine, run.id)).map(({ kind }) => kind);
    expect(kinds).toEqual(["run.started", "attempt.started"]);
    const other = await engine.start(parked, {});
    await until(engine, other.id, "approval.requested");
    await engine.decide({ run: other.id, decision: { ok: true } });
    expect(await drive(place, other.result())).toMatchObject({ outcome: "succeeded" });
  });

  it("rule 4: in the first decision leaves a run that was started and is held, and in the next process the same again", async () => {
    const { place } = here;
    const made = chain();
    broken(made, () => ({ rungs: [] }));
    const engine = await place.open([made, parked]);
    const run = await engine.start(made, {});
    await expect(drive(place, run.result())).rejects.toMatchObject({ code: "run-fault" });
    expectHeld(place, run.id, /TypeError/);
    place.warnings.length = 0;
    const next = await place.reopen([made, parked]);
    expectHeld(place, run.id, /TypeError/);
    const other = await next.start(parked, {});
    await until(next, other.id, "approval.requested");
  });

  it("rule 29: a journal that cannot be folded holds its run when it is loaded, whoever asks for it", async () => {
    const { place } = here;
    const first = await place.open([parked]);
    const [bad, good] = [await first.start(parked, {}), await first.start(parked, {})];
    for (const { id } of [bad, good]) await until(first, id, "approval.requested");
    place.onOpen = (store) => {
      const load = store.load.bind(store);
      store.load = async (id) => {
        const stored = await load(id);
        return id === bad.id && stored ? { ...stored, entries: [...stored.entries, null as never] } : stored;
      };
    };
    const engine = await place.reopen([parked]);
    await expect(engine.decide({ run: bad.id, decision: { ok: true } })).rejects.toMatchObject({ code: "run-fault" });
    expectHeld(place, bad.id, /TypeError/);
    await place.clock.advance(3_700_000); // and its timer, which is due with the others', is not asked for again and again
    expect(place.warnings).toHaveLength(1);
    expect(await drive(place, (await engine.handle(good.id)).result())).toMatchObject({ outcome: "degraded" });
  });
});
