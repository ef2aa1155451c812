// Attacks what stands between a kept answer and who asks for it: open breakers, probes, lines, rates, and a store that cannot be read.
import { type BreakerOptions, flow, type LimitOptions } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { after, drive, entriesOfKind, type Place, signal, storeKinds, until, usePlace } from "./fixtures/place.ts";

type Engine = Awaited<ReturnType<Place["open"]>>;

interface Backend {
  isDown: boolean;
  readonly asked: string[];
  work: () => Promise<void>;
}

const newBackend = (): Backend => ({ isDown: false, asked: [], work: async () => {} });

const asking = (backend: Backend, rung: { breaker?: BreakerOptions; limit?: LimitOptions }) =>
  flow("asking", {
    input: z.object({ q: z.string() }),
    build: ($, { q }) =>
      $.step("ask", {
        needs: { q },
        output: z.string(),
        version: "1",
        cache: { maxAge: "1d" },
        retry: { maxAttempts: 1 },
      }).by({
        ...rung,
        name: "backend",
        run: async ({ q }) => {
          backend.asked.push(q);
          await backend.work();
          if (backend.isDown) throw new Error("down");
          return `${q}!`;
        },
      }),
  });

async function ask(place: Place, engine: Engine, q: string, stepMs = 0) {
  const run = await engine.start("asking", { q });
  const { outcome, output, failure } = await drive(place, run.result(), stepMs);
  return { id: run.id, said: output ?? failure?.kind, outcome };
}

describe.each(storeKinds)("behind a breaker on %s", (kind) => {
  const here = usePlace(kind);
  const breaker = { name: "backend", after: 2, openFor: "1m" } as const;
  const stateOf = async () => (await here.place.store.register("breaker/backend"))?.value;

  it("rule 16: a kept answer is given while the breaker is open, and asks nothing of it", async () => {
    const { place } = here;
    const backend = newBackend();
    const engine = await place.open([asking(backend, { breaker })]);
    expect((await ask(place, engine, "a")).said).toBe("a!");
    backend.isDown = true;
    for (const q of ["b", "c"]) expect((await ask(place, engine, q)).said).toBe("error");
    expect((await ask(place, engine, "d")).said).toBe("breaker-open");
    const before = await stateOf();
    const kept = await ask(place, engine, "a");
    expect(kept).toMatchObject({ said: "a!", outcome: "succeeded" });
    expect(await entriesOfKind(engine, kept.id, "admission.answered")).toEqual([]);
    expect(await entriesOfKind(engine, kept.id, "step.completed")).toMatchObject([
      { rung: 0, attempt: 1, from: { path: "ask" } },
    ]);
    expect(await stateOf()).toBe(before);
    expect(backend.asked).toEqual(["a", "b", "c"]);
  });

  it("rule 23: it takes no probe's permit, and is no vote for or against the backend", async () => {
    const { place } = here;
    const backend = newBackend();
    const engine = await place.open([asking(backend, { breaker })]);
    await ask(place, engine, "a");
    backend.isDown = true;
    await ask(place, engine, "b");
    await ask(place, engine, "a"); // between two failures: they are in a row all the same
    await ask(place, engine, "c");
    expect((await ask(place, engine, "d")).said).toBe("breaker-open");
    await place.clock.advance(60_000);
    backend.isDown = false;
    expect((await ask(place, engine, "a")).said).toBe("a!");
    expect((await ask(place, engine, "d")).said).toBe("d!"); // the permit was there for it
    expect(backend.asked).toEqual(["a", "b", "c", "d"]);
  });

  it("rule 23: a probe asks the backend, also for what was kept since it looked: its permit is not lost", async () => {
    const { place } = here;
    const backend = newBackend();
    const engine = await place.open([asking(backend, { breaker })]);
    const gate = signal();
    backend.work = () => gate.promise;
    const slow = await engine.start("asking", { q: "a" });
    while (backend.asked.length === 0) await place.clock.advance(1);
    backend.work = async () => {};
    backend.isDown = true;
    for (const q of ["b", "c"]) await ask(place, engine, q);
    await place.clock.advance(20_000);
    backend.isDown = false;
    place.clock.jump(60_000); // by the wall clock the breaker may be probed
    const { store } = place;
    const read = store.register.bind(store);
    const [looked, go] = [signal(), signal()];
    store.register = async (name) => {
      const register = await read(name);
      looked.resolve();
      await go.promise;
      return register;
    };
    const probing = await engine.start("asking", { q: "a" });
    await drive(place, looked.promise, 0);
    gate.resolve();
    await drive(place, slow.result(), 0);
    go.resolve();
    store.register = read;
    await drive(place, probing.result(), 0);
    expect(await entriesOfKind(engine, probing.id, "admission.answered")).toMatchObject([{ admission: "probe" }]);
    expect(backend.asked).toEqual(["a", "b", "c", "a"]);
    expect((await ask(place, engine, "d")).said).toBe("d!");
  });
});

describe("in front of a resource", () => {
  const here = usePlace("memory");

  it("rule 16: a kept answer waits in no line and takes nothing from the rate", async () => {
    const { place } = here;
    const backend = newBackend();
    const limit = { name: "api", concurrency: 1, rate: { count: 2, per: "1h" } } as const;
    const engine = await place.open([asking(backend, { limit })]);
    await ask(place, engine, "a");
    const gate = signal();
    backend.work = () => gate.promise;
    const busy = await engine.start("asking", { q: "b" }); // now the place is taken, and the window used up
    await until(engine, busy.id, "run.started");
    const from = place.clock.now();
    for (let time = 0; time < 3; time++) expect((await ask(place, engine, "a")).said).toBe("a!");
    expect(place.clock.now()).toBe(from);
    gate.resolve();
    await drive(place, busy.result());
    expect((await ask(place, engine, "c", 60_000)).said).toBe("c!");
    expect(place.clock.now() - from).toBeLessThan(3_700_000);
    expect(backend.asked).toEqual(["a", "b", "c"]);
  });

  it("rule 16: of many who miss at once one takes from the rate; who is given its answer gives place and share back", async () => {
    const { place } = here;
    const backend = newBackend();
    backend.work = () => after(place, 100);
    const limit = { name: "api", concurrency: 1, rate: { count: 2, per: "1h" } } as const;
    const engine = await place.open([asking(backend, { limit })]);
    const from = place.clock.now();
    const runs = await Promise.all(Array.from({ length: 10 }, () => engine.start("asking", { q: "a" })));
    const results = await drive(place, Promise.all(runs.map((run) => run.result())), 10);
    expect(results.map(({ output }) => output)).toEqual(Array(10).fill("a!"));
    expect((await ask(place, engine, "b", 10)).said).toBe("b!"); // the second of this hour
    expect(place.clock.now() - from).toBeLessThan(1_000);
    expect(backend.asked).toEqual(["a", "b"]);
    await ask(place, engine, "c", 60_000);
    expect(place.clock.now() - from).toBeGreaterThanOrEqual(3_600_000);
  });

  it("rule 9: a run that is stopped while it looks begins nothing", async () => {
    const { place } = here;
    const backend = newBackend();
    const engine = await place.open([asking(backend, { limit: { name: "gpu", concurrency: 1 } })]);
    const looked = signal();
    const slow = signal();
    const { store } = place;
    const read = store.register.bind(store);
    store.register = async (name) => {
      looked.resolve();
      await slow.promise;
      return read(name);
    };
    const run = await engine.start("asking", { q: "a" });
    await looked.promise;
    await engine.cancel(run.id);
    slow.resolve();
    expect(await drive(place, run.result())).toMatchObject({ outcome: "cancelled" });
    expect(backend.asked).toEqual([]);
  });

  it("rule 4: a store that cannot be read is no answer and no failure of the step: it is opened again", async () => {
    for (const rung of [{}, { limit: { name: "gpu", concurrency: 1 } }, { breaker: { name: "b" } }]) {
      const { place } = here;
      const backend = newBackend();
      const engine = await place.open([asking(backend, rung)]);
      place.store.onRead = (what, name) => {
        if (what === "register" && name.startsWith("last-good/")) throw new Error("the disk cannot be read");
      };
      const key = JSON.stringify(rung); // with a key nothing is early
      const run = await engine.start("asking", { q: key }, { key });
      expect(await drive(place, run.result(), 50)).toMatchObject({ outcome: "succeeded" });
      expect(await entriesOfKind(engine, run.id, "attempt.failed")).toEqual([]);
      expect(place.warnings.at(-1)?.message).toBe("the store failed: starting again from the journal");
      await place.reopen([]);
    }
  });
});
