// Attacks the ladder: rungs, degradations, last good answers, templates, breakers of backends, skips and absorbed failures.
import { firstOf, flow, lastGood, optional, type Rung, template } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { drive, entriesOfKind, type Place, stateOf, storeKinds, usePlace } from "./fixtures/place.ts";

const down = () => {
  throw new Error("model down");
};

describe("rungs", () => {
  const here = usePlace("memory");

  it("rule 14: each rung has its own retry and time limit; who answered and why is recorded; the run ends degraded", async () => {
    const { place } = here;
    const calls: string[] = [];
    const call = (name: string, answer: () => unknown) => () => {
      calls.push(name);
      return answer() as string;
    };
    const made = flow("ladder", {
      input: z.object({}),
      build: ($) => ({
        text: $.step("write", { output: z.string(), timeout: "30s", retry: { maxAttempts: 2, delay: 0 } }).by(
          { name: "big model", run: call("big", down) },
          {
            name: "small model",
            run: call("small", () => new Promise(() => {})),
            timeout: "2s",
            retry: { maxAttempts: 1 },
          },
          { name: "garbage", run: call("garbage", () => 7), retry: { maxAttempts: 3 } },
          template(call("template", () => "plain")),
        ),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    const result = await drive(place, run.result());
    expect(calls).toEqual(["big", "big", "small", "garbage", "garbage", "garbage", "template"]);
    expect(result).toMatchObject({
      outcome: "degraded",
      output: { text: "plain" },
      degradations: [{ path: "write", kind: "fallback", reason: expect.stringContaining("answered by template") }],
    });
    const entered = await entriesOfKind(engine, run.id, "rung.entered");
    expect(entered.map(({ rung, because }) => `${rung} ${because.slice(0, 24)}`)).toEqual(
      ["1 big model: model down", "2 small model: no answer w", "3 garbage: broke its contr"].map((line) =>
        line.slice(0, 26),
      ),
    );
  });

  it("rule 14: a template is held to the contract like any other, and tried once", async () => {
    const { place } = here;
    let calls = 0;
    const made = flow("template", {
      input: z.object({}),
      build: ($) => ({
        text: $.step("write", { output: z.string(), retry: { maxAttempts: 1 } }).by(
          down,
          template(() => {
            calls++;
            return 5 as never;
          }),
        ),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect(await run.result()).toMatchObject({ outcome: "failed", failure: { kind: "contract" } });
    expect(calls).toBe(1);
  });

  it("rule 15: a skip passes through optional and firstOf, and skips what reads it otherwise", async () => {
    const { place } = here;
    const made = flow("skips", {
      input: z.object({ go: z.boolean() }),
      build($, input) {
        const maybe = $.step("maybe", { needs: { go: input.go }, when: ({ go }) => go, output: z.string() }).by(
          () => "a",
        );
        const other = $.step("other", { needs: { go: input.go }, when: ({ go }) => !go, output: z.string() }).by(
          () => "b",
        );
        const strict = $.step("strict", { needs: { maybe }, output: z.string() }).by(({ maybe }) => `strict ${maybe}`);
        const lenient = $.step("lenient", { needs: { maybe: optional(maybe) }, output: z.string() }).by(
          ({ maybe }) => `lenient ${maybe}`,
        );
        const one = $.step("one", { needs: { of: firstOf(maybe, other) }, output: z.string() }).by(
          ({ of }) => `of ${of}`,
        );
        return { strict, lenient, one };
      },
    });
    const engine = await place.open([made]);
    const answers = async (go: boolean) => (await (await engine.start(made, { go })).result()).output;
    expect(await answers(true)).toEqual({ strict: "strict a", lenient: "lenient a", one: "of a" });
    expect(await answers(false)).toEqual({ strict: undefined, lenient: "lenient undefined", one: "of b" });
  });

  it("rule 15: a failure is absorbed only where that is said, degrades the run, and is fatal elsewhere", async () => {
    const { place } = here;
    const made = (onFailure: boolean) =>
      flow(`absorbs-${onFailure}`, {
        input: z.object({}),
        build($) {
          const bad = $.step("bad", { output: z.string(), retry: { maxAttempts: 1 } }).by(down);
          return {
            reader: $.step("reader", { needs: { bad: optional(bad, { onFailure }) }, output: z.string() }).by(
              ({ bad }) => `got ${bad}`,
            ),
          };
        },
      });
    const [absorbing, fatal] = [made(true), made(false)];
    const engine = await place.open([absorbing, fatal]);
    expect(await (await engine.start(absorbing, {})).result()).toMatchObject({
      outcome: "degraded",
      output: { reader: "got undefined" },
      degradations: [{ path: "bad", kind: "absorbed-failure" }],
    });
    expect(await (await engine.start(fatal, {})).result()).toMatchObject({
      outcome: "failed",
      failure: { message: "model down" },
    });
  });
});

describe.each(storeKinds)("what is shared: %s", (kind) => {
  const here = usePlace(kind);

  const world = { isUp: true, calls: 0 };
  const remembering = (version: string) =>
    flow("remembering", {
      input: z.object({ question: z.string() }),
      build: ($, input) => ({
        answer: $.step("ask", {
          needs: { question: input.question },
          output: z.string(),
          version,
          retry: { maxAttempts: 1 },
        }).by(
          ({ question }) => {
            if (!world.isUp) down();
            return `${question}! ${++world.calls}`;
          },
          lastGood({ maxAge: "1h" }),
        ),
      }),
    });

  it("rule 16: the last good answer serves the same needs and version, over restarts, within its age, with provenance", async () => {
    const { place } = here;
    Object.assign(world, { isUp: true, calls: 0 });
    const made = remembering("1");
    let engine = await place.open([made]);
    const ask = async (question: string) => {
      const run = await engine.start(made, { question });
      return await run.result();
    };
    const good = await ask("why");
    await ask("why"); // the newest counts
    world.isUp = false;
    expect(await ask("why")).toMatchObject({ outcome: "degraded", output: { answer: "why! 2" } });
    expect(await ask("how")).toMatchObject({ outcome: "failed", failure: { kind: "nothing-good" } });
    engine = await place.reopen([made]);
    await place.clock.advance(3_600_000);
    const served = await ask("why");
    expect(served).toMatchObject({ outcome: "degraded", output: { answer: "why! 2" } });
    const [completed] = await entriesOfKind(engine, served.id, "step.completed");
    expect(completed).toMatchObject({ rung: 1, from: { path: "ask" } });
    expect(completed?.from?.run).not.toBe(good.id);
    expect((await stateOf(engine, served.id)).slots[0]?.from).toEqual(completed?.from);
    await place.clock.advance(1);
    expect((await ask("why")).outcome).toBe("failed");
    world.isUp = true;
    await ask("who");
    world.isUp = false;
    const newer = remembering("2");
    engine = await place.reopen([newer]);
    const run = await engine.start(newer, { question: "who" });
    expect((await run.result()).outcome).toBe("failed"); // another version never gave that answer
  });

  const backend = { name: "backend", after: 3, openFor: "30s" as const };
  const calling = (name: string, breaker: NonNullable<Rung<unknown, string>["breaker"]> = backend) =>
    flow(name, {
      input: z.object({}),
      build: ($) => ({
        text: $.step("call", { output: z.string(), timeout: "1s", retry: { maxAttempts: 1 } }).by(
          {
            breaker,
            run: () => {
              world.calls++;
              if (!world.isUp) down();
              return "up";
            },
          },
          template(() => "plain"),
        ),
      }),
    });

  async function answer(place: Place, engine: Awaited<ReturnType<Place["open"]>>, made: ReturnType<typeof calling>) {
    const run = await engine.start(made, {});
    return (await drive(place, run.result(), 0)).output?.text;
  }

  it("rule 23: runs of two flows share a breaker: it opens for all, over a restart, and one probe closes it", async () => {
    const { place } = here;
    Object.assign(world, { isUp: false, calls: 0 });
    const [one, two] = [calling("one"), calling("two")];
    let engine = await place.open([one, two]);
    for (const made of [one, two, one]) expect(await answer(place, engine, made)).toBe("plain");
    expect(world.calls).toBe(3);
    for (const made of [one, two]) expect(await answer(place, engine, made)).toBe("plain");
    expect(world.calls).toBe(3); // refused, not called
    engine = await place.reopen([one, two]);
    expect(await answer(place, engine, two)).toBe("plain");
    expect(world.calls).toBe(3);
    await place.clock.advance(30_000);
    expect(await answer(place, engine, one)).toBe("plain"); // the probe fails and opens it again
    expect(world.calls).toBe(4);
    expect(await answer(place, engine, two)).toBe("plain");
    expect(world.calls).toBe(4);
    await place.clock.advance(30_000);
    world.isUp = true;
    expect(await answer(place, engine, two)).toBe("up");
    expect(await answer(place, engine, one)).toBe("up");
  });

  it("rule 23: failures that many runs record in one commit are all counted, and survive it", async () => {
    const { place } = here;
    Object.assign(world, { isUp: false, calls: 0 });
    const many = calling("many", { name: "many", after: 20, openFor: "1h" });
    let engine = await place.open([many]);
    const runs = await Promise.all(Array.from({ length: 19 }, () => engine.start(many, {})));
    for (const run of runs) await run.result();
    engine = await place.reopen([many]);
    await answer(place, engine, many); // the 20th opens it
    const calls = world.calls;
    await answer(place, engine, many);
    expect(world.calls).toBe(calls);
  });

  it("rule 23: broken contracts count against the backend only where that is declared; cancelled attempts never", async () => {
    const { place } = here;
    const garbage = (countContract: boolean) =>
      flow(`garbage-${countContract}`, {
        input: z.object({}),
        build: ($) => ({
          text: $.step("call", { output: z.string(), retry: { maxAttempts: 1 } }).by(
            { breaker: { name: `b-${countContract}`, after: 1, countContract }, run: () => 7 as never },
            template(() => "plain"),
          ),
        }),
      });
    const [counted, uncounted] = [garbage(true), garbage(false)];
    const engine = await place.open([counted, uncounted]);
    const admissions = async (made: typeof counted) => {
      await (await engine.start(made, {})).result();
      const run = await engine.start(made, {});
      await run.result();
      return (await entriesOfKind(engine, run.id, "admission.answered")).map((entry) => entry.admission);
    };
    expect(await admissions(counted)).toEqual(["refused"]);
    expect(await admissions(uncounted)).toEqual(["admitted"]);
  });
});
