// Attacks the order of things: nothing begins before what it stands on is durable, and a thread that dies loses nothing.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asking } from "./fixtures/asking-flow.ts";
import { drive, entriesOf, entriesOfKind, type Place, signal, storeKinds, usePlace } from "./fixtures/place.ts";

type Engine = Awaited<ReturnType<Place["open"]>>;

describe.each(storeKinds)("order on %s", (kind) => {
  const here = usePlace(kind);

  it("rule 2: reads and effects find their needs in the journal; only pure steps run ahead", async () => {
    const { place } = here;
    let engine: Engine | undefined;
    const missing: string[] = [];
    const ahead: string[] = [];
    const look = async (needs: readonly string[], path: string, run: string) => {
      const record = await engine?.get(run);
      const done = (record?.entries ?? []).flatMap((entry) =>
        entry.kind === "step.completed" ? [record?.plan.scopes[0]?.nodes[entry.slot]?.name] : [],
      );
      for (const need of needs) if (!done.includes(need)) missing.push(`${path} before ${need}`);
    };
    const made = flow("diamond", {
      input: z.object({}),
      build($) {
        const one = $.step("one", { output: z.number() }).by(() => 1);
        const pure = $.step("pure", { needs: { one }, kind: "pure", output: z.number() }).by((_, { runId }) => {
          ahead.push(runId);
          return 2;
        });
        const read = $.step("read", { needs: { one, pure }, output: z.number() }).by(async (_, { runId, path }) => {
          await look(["one", "pure"], path, runId);
          return 3;
        });
        const effect = $.step("effect", { needs: { pure }, after: [read], kind: "effect", output: z.number() }).by(
          async (_, { runId, path }) => {
            await look(["one", "pure", "read"], path, runId);
            return 4;
          },
        );
        const undone = $.step("undone", { needs: { effect, read }, output: z.number() }).by(
          async (_, { runId, path }) => {
            await look(["effect", "read"], path, runId);
            return 5;
          },
        );
        return { undone };
      },
    });
    engine = await place.open([made]);
    const runs = await Promise.all(
      Array.from({ length: 30 }, (_, i) => engine?.start(made, {}, i % 2 === 0 ? {} : { key: `${i}` })),
    );
    for (const run of runs) expect((await run?.result())?.outcome).toBe("succeeded");
    expect(missing).toEqual([]);
    expect(ahead).toHaveLength(30);
  });

  it("rule 1: a run's entries are committed in the order in which they were made, whatever is under way", async () => {
    const { place } = here;
    const gates = Array.from({ length: 20 }, () => signal());
    const wide = flow("wide", {
      input: z.object({}),
      build($) {
        const all = gates.map((gate, i) =>
          $.step(`s${i}`, { output: z.number() }).by(async (_, { progress }) => {
            progress(0.5);
            await gate.promise;
            return i;
          }),
        );
        return {
          sum: $.step("sum", { needs: { all }, output: z.number() }).by(({ all }) => all.reduce((a, b) => a + b, 0)),
        };
      },
    });
    const engine = await place.open([wide]);
    const run = await engine.start(wide, {});
    const order = gates.map((_, i) => (i * 7) % 20);
    for (const i of order) {
      gates[i]?.resolve();
      await new Promise(setImmediate);
    }
    expect((await run.result()).output).toEqual({ sum: 190 });
    const completed = await entriesOfKind(engine, run.id, "step.completed");
    expect(completed.map(({ slot }) => slot)).toEqual([...order, 20]);
    const entries = await entriesOf(engine, run.id);
    expect(entries[0]?.kind).toBe("run.started");
    expect(entries.at(-1)?.kind).toBe("run.ended");
  });
});

describe("the writer's thread", () => {
  const here = usePlace("sqlite");

  it("rule 4: when it dies, the engine starts again from the journal, and closes in the end", async () => {
    const { place } = here;
    let calls = 0;
    const made = flow("made", {
      input: z.object({}),
      build: ($) => ({
        step: $.step("step", { output: z.number() }).by(() => {
          calls++;
          return 1;
        }),
      }),
    });
    const engine = await place.open([made]);
    const before = await engine.start(made, {}, { key: "before" });
    await before.result();
    const { inner } = place.store as unknown as { inner: { thread: { worker: { terminate(): Promise<unknown> } } } };
    await inner.thread.worker.terminate();
    await expect(engine.start(made, {}, { key: "after" })).rejects.toMatchObject({ code: "store-failed" });
    const after = await drive(place, engine.start(made, {}, { key: "after" }));
    expect((await drive(place, after.result())).outcome).toBe("succeeded");
    expect((await (await engine.handle(before.id)).result()).output).toEqual({ step: 1 });
    expect(calls).toBe(2);
  });
});

describe("reads that fail", () => {
  const here = usePlace("memory");
  const breaker = { after: 3, openFor: "1h", decide: { ok: true } } as const;
  const asked = asking("asking", { timeout: "10s", breaker });

  it.each(["register", "load"] as const)(
    "rule 4: a %s that cannot be read once delays a run and loses nothing",
    async (kind) => {
      const { place } = here;
      const engine = await place.open([asked]);
      let failures = 0;
      place.store.onRead = (what) => {
        if (what === kind && failures++ === 0) throw new Error("the disk hiccuped, says the test");
      };
      const run = await engine.start(asked, {});
      await place.clock.advance(30_000);
      while ((await engine.list({ status: "ended" })).items.length === 0) await place.clock.advance(1_000);
      const result = await drive(place, (await engine.handle(run.id)).result());
      expect(result.output).toEqual({ verdict: { ok: false, via: "timeout" } });
      expect(failures).toBeGreaterThan(0);
    },
  );
});
