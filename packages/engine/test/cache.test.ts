// Attacks the cache of steps: what counts as the same question, what is kept, for how long, and who makes what many miss.
import { flow, lastGood, type StepContext } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, entriesOfKind, type Place, signal, storeKinds, until, usePlace } from "./fixtures/place.ts";

const once = { maxAttempts: 1 };
type Answer = (needs: { q: string }, context: StepContext) => string | Promise<string>;

const cached = (
  answer: Answer,
  { version = "1", name = "asking", second }: { version?: string; name?: string; second?: Answer } = {},
) =>
  flow(name, {
    input: z.object({ q: z.string() }),
    build($, { q }) {
      const options = {
        needs: { q },
        output: z.string(),
        version,
        cache: { maxAge: "1h" as const },
        retry: { maxAttempts: 2, delay: "1s" as const },
      };
      const step = $.step("ask", options);
      return second ? step.by({ run: answer, name: "answer" }, second) : step.by({ run: answer, name: "answer" });
    },
  });

async function ask(
  place: Place,
  engine: Awaited<ReturnType<Place["open"]>>,
  made: ReturnType<typeof cached>,
  q: string,
  stepMs = 0,
) {
  const run = await engine.start(made, { q });
  return drive(place, run.result(), stepMs);
}

for (const kind of storeKinds) {
  describe(`answers that are kept: ${kind}`, () => {
    const here = usePlace(kind);

    it("rule 16: the same needs are answered again, also after a crash, with where the answer came from", async () => {
      const { place } = here;
      const calls: string[] = [];
      const made = cached(({ q }, { spend }) => {
        calls.push(q);
        spend({ usd: 1 });
        return `${q}!`;
      });
      const first = await place.open([made]);
      const one = await ask(place, first, made, "a");
      const second = await place.restart([made]);
      await place.clock.advance(60_000);
      const two = await ask(place, second, made, "a");
      const three = await ask(place, second, made, "b");
      expect([one, two, three].map(({ output, outcome }) => [output, outcome])).toEqual([
        ["a!", "succeeded"],
        ["a!", "succeeded"],
        ["b!", "succeeded"],
      ]);
      expect(calls).toEqual(["a", "b"]);
      expect([one.cost.usd, two.cost.usd]).toEqual([1, 0]);
      const [kept] = await entriesOfKind(second, two.id, "step.completed");
      const [made_] = await entriesOfKind(second, one.id, "step.completed");
      expect(kept?.from).toEqual({ run: one.id, path: "ask", at: made_?.at });
      expect(made_?.from).toBeUndefined();
    });

    it("rule 16: an answer that is too old is made anew, to the millisecond", async () => {
      const { place } = here;
      let calls = 0;
      const made = cached(() => String(++calls));
      const engine = await place.open([made]);
      expect((await ask(place, engine, made, "a")).output).toBe("1");
      const [{ at } = { at: 0 }] = (await entriesOfKind(
        engine,
        (
          await engine.list()
        ).items[0]?.id as string,
        "step.completed",
      )) as { at: number }[];
      await place.clock.advance(at + 3_600_000 - place.clock.now());
      expect((await ask(place, engine, made, "a")).output).toBe("1");
      await place.clock.advance(at + 3_600_001 - place.clock.now());
      expect((await ask(place, engine, made, "a")).output).toBe("2");
    });

    it("rule 13: an answer of dates, bytes and large texts belongs to whoever is given it", async () => {
      const { place } = here;
      const Scan = z.object({ at: z.date(), bytes: z.instanceof(Uint8Array) });
      let calls = 0;
      const made = flow("scanning", {
        input: z.object({}),
        build: ($) =>
          $.step("scan", { output: Scan, version: "1", cache: { maxAge: "1h" } }).by(() => {
            calls++;
            return { at: new Date(3), bytes: new Uint8Array(100_000).fill(calls) };
          }),
      });
      const first = await place.open([made]);
      const one = await drive(place, (await first.start(made, {})).result());
      const second = await place.restart([made]);
      const run = await second.start(made, {}, { key: "two" });
      const two = await drive(place, run.result());
      expect(two.output).toEqual(one.output);
      expect(calls).toBe(1);
      const record = await second.get(run.id);
      const completed = record?.entries.find((entry) => entry.kind === "step.completed");
      const opened = await second.open(run.id, completed?.value ?? "");
      expect(opened).toEqual({ at: new Date(3), bytes: new Uint8Array(100_000).fill(1) });
    });
  });
}

describe("what is the same question", () => {
  const here = usePlace("memory");

  it("rule 16: not for another version, flow, step, first rung or check", async () => {
    const { place } = here;
    const calls: string[] = [];
    const say = (name: string) => () => {
      calls.push(name);
      return name;
    };
    const variants = [
      cached(say("plain")),
      cached(say("version"), { version: "2" }),
      cached(say("flow"), { name: "other" }),
    ];
    for (const made of variants) {
      const engine = await place.open([made]);
      await ask(place, engine, made, "a");
      await place.crash();
    }
    const shape = (more: {
      checks?: Record<string, () => boolean>;
      rung?: string;
      step?: string;
      onDropped?: "fail";
    }) =>
      flow("asking", {
        input: z.object({ q: z.string() }),
        build: ($, { q }) =>
          $.step(more.step ?? "ask", {
            needs: { q },
            output: z.string(),
            version: "1",
            cache: { maxAge: "1h" },
            ...(more.checks ? { checks: more.checks } : {}),
            ...(more.onDropped ? { onDropped: more.onDropped } : {}),
          }).by({ run: say(JSON.stringify(Object.keys(more))), name: more.rung ?? "answer" }),
      });
    for (const made of [
      shape({ checks: { short: () => true } }),
      shape({ rung: "another" }),
      shape({ step: "question" }),
      shape({ onDropped: "fail" }),
    ]) {
      const engine = await place.open([made]);
      await ask(place, engine, made, "a");
      await place.crash();
    }
    expect(calls).toEqual(["plain", "version", "flow", '["checks"]', '["rung"]', '["step"]', '["onDropped"]']);
    const same = shape({});
    expect((await ask(place, await place.open([same]), same, "a")).output).toBe("plain");
  });

  it("items and turns of one step ask the same questions", async () => {
    const { place } = here;
    let calls = 0;
    const made = flow("items", {
      input: z.array(z.string()),
      build: ($, words) =>
        $.map("out", {
          over: words,
          each: ($, word) =>
            $.step("count", { needs: { word }, output: z.number(), version: "1", cache: { maxAge: "1h" } }).by(
              async ({ word }) => {
                calls++;
                return word.length;
              },
            ),
        }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, ["a", "bb", "a", "bb", "a"]);
    expect((await drive(place, run.result())).output).toEqual([1, 2, 1, 2, 1]);
    expect(calls).toBe(2);
  });

  it("needs differ by type, by order of arrays and by what is absent", async () => {
    const { place } = here;
    let calls = 0;
    const made = flow("shapes", {
      input: z.any(),
      build: ($, q) =>
        $.step("ask", { needs: { q: q as never }, output: z.number(), version: "1", cache: { maxAge: "1h" } }).by(
          () => ++calls,
        ),
    });
    const engine = await place.open([made]);
    const answer = async (q: unknown) => (await drive(place, (await engine.start(made, q as never)).result())).output;
    const questions = [1, "1", [1, 2], [2, 1], new Date(1), { a: 1 }, { a: 1, b: undefined }, null, 1n, -0, 0];
    const answers: unknown[] = [];
    for (const question of questions) answers.push(await answer(question));
    expect(new Set(answers).size).toBe(questions.length);
    for (const [index, question] of questions.entries()) expect(await answer(question)).toBe(answers[index]);
  });
});

describe("what is not kept", () => {
  const here = usePlace("memory");

  it("rule 16: a lower rung's answer, a broken contract, a failure", async () => {
    const { place } = here;
    const script = ["throw", 7, "good"];
    const calls: unknown[] = [];
    const made = cached(
      () => {
        const next = script.shift();
        calls.push(next);
        if (next === "throw") throw new Error("down");
        return next as string;
      },
      { second: () => "second choice" },
    );
    const engine = await place.open([made]);
    expect(await ask(place, engine, made, "a", 10)).toMatchObject({ outcome: "degraded", output: "second choice" });
    expect(calls).toEqual(["throw", 7]);
    expect(await ask(place, engine, made, "a")).toMatchObject({ outcome: "succeeded", output: "good" });
    expect(await ask(place, engine, made, "a")).toMatchObject({ outcome: "succeeded", output: "good" });
    expect(calls).toEqual(["throw", 7, "good"]);
  });

  it("an answer given by the cache does not make it younger, and a last-good rung keeps its own age", async () => {
    const { place } = here;
    let down = false;
    const made = flow("both", {
      input: z.object({}),
      build: ($) =>
        $.step("ask", { output: z.string(), version: "1", cache: { maxAge: "1m" }, retry: once }).by(
          function answer() {
            if (down) throw new Error("down");
            return "good";
          },
          lastGood({ maxAge: "1h" }),
        ),
    });
    const engine = await place.open([made]);
    const answer = async () => drive(place, (await engine.start(made, {})).result());
    await answer();
    down = true;
    await place.clock.advance(50_000);
    expect((await answer()).outcome).toBe("succeeded");
    await place.clock.advance(50_000);
    expect(await answer()).toMatchObject({ outcome: "degraded", output: "good" });
    await place.clock.advance(3_600_000);
    expect((await answer()).outcome).toBe("failed");
  });
});

for (const kind of storeKinds) {
  describe(`many who miss at once: ${kind}`, () => {
    const here = usePlace(kind);

    it("rule 16: one makes the answer, the others are given it, whoever of them is stopped meanwhile", async () => {
      const { place } = here;
      const gate = signal();
      let calls = 0;
      const made = cached(async () => {
        calls++;
        await gate.promise;
        return "made";
      });
      const engine = await place.open([made]);
      const runs = await Promise.all(Array.from({ length: 20 }, () => engine.start(made, { q: "a" })));
      await place.clock.advance(10);
      await engine.cancel(runs[7]?.id as string);
      gate.resolve();
      const results = await Promise.all(runs.map((run) => drive(place, run.result(), 1)));
      expect(calls).toBe(1);
      expect(results.filter(({ output }) => output === "made")).toHaveLength(19);
      expect(results[7]?.outcome).toBe("cancelled");
    });

    it("rule 16: when the one who makes it fails, or is stopped, another is elected", async () => {
      const { place } = here;
      const calls: string[] = [];
      const gates = new Map<string, PromiseWithResolvers<string>>();
      const made = cached((_, { runId }) => {
        calls.push(runId);
        const gate = signal<string>();
        gates.set(runId, gate);
        return gate.promise;
      });
      const engine = await place.open([made]);
      const runs = await Promise.all(Array.from({ length: 4 }, () => engine.start(made, { q: "a" })));
      const results = runs.map((run) => run.result());
      const called = async (count: number) => {
        while (calls.length < count) await place.clock.advance(1);
        return calls[count - 1] as string;
      };
      gates.get(await called(1))?.reject(new Error("no answer"));
      await engine.cancel(await called(2));
      gates.get(await called(3))?.resolve("third");
      const all = await drive(place, Promise.all(results), 10);
      const outcomes = all.map(({ id, outcome, output }) => (id === calls[1] ? outcome : output));
      expect(outcomes.toSorted()).toEqual(["cancelled", "third", "third", "third"]);
      expect(calls).toHaveLength(3);
    });

    it("rule 16: who looked before the answer was recorded, and hears of it after, does not make it again", async () => {
      const { place } = here;
      let calls = 0;
      const gate = signal();
      const made = cached(async () => {
        calls++;
        await gate.promise;
        return "made";
      });
      const engine = await place.open([made]);
      const { store } = place;
      const leader = await engine.start(made, { q: "a" });
      while (calls === 0) await place.clock.advance(1);
      const [asked, slow] = [signal(), signal()];
      const read = store.register.bind(store);
      store.register = async (name) => {
        const register = await read(name);
        asked.resolve();
        await slow.promise; // it has read, and its answer takes its time
        return register;
      };
      const follower = await engine.start(made, { q: "a" });
      await drive(place, asked.promise, 0);
      store.register = read;
      gate.resolve();
      await drive(place, leader.result(), 0);
      slow.resolve();
      expect((await drive(place, follower.result(), 0)).output).toBe("made");
      expect(calls).toBe(1);
    });

    it("rule 16: those who wait when the process dies are elected anew in the next one", async () => {
      const { place } = here;
      let calls = 0;
      let hangs = true;
      const made = cached(async () => {
        calls++;
        if (hangs) await new Promise(() => {});
        return "made";
      });
      const first = await place.open([made]);
      const runs = await Promise.all(
        Array.from({ length: 5 }, (_, i) => first.start(made, { q: "a" }, { key: String(i) })),
      );
      for (const run of runs) await drive(place, until(first, run.id, "run.started"));
      while (calls === 0) await place.clock.advance(1);
      hangs = false;
      const second = await place.restart([made]);
      const results = await Promise.all(
        runs.map(async ({ id }) => drive(place, (await second.handle(id)).result(), 1)),
      );
      expect(results.map(({ output }) => output)).toEqual(Array(5).fill("made"));
      expect(calls).toBe(2);
    });
  });
}
