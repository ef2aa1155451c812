// Attacks an engine's life: what it keeps in memory, closing while work goes on, deadlines, clocks that jump, changed flows.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { asking, sign } from "./fixtures/asking-flow.ts";
import { activeRuns, drive, entriesOfKind, signal, storeKinds, until, usePlace } from "./fixtures/place.ts";

const parked = asking("parked");

describe.each(storeKinds)("life on %s", (kind) => {
  const here = usePlace(kind);

  it("rule 22: a thousand parked runs leave memory, at start, after a restart, and after each was looked at", async () => {
    const { place } = here;
    let engine = await place.open([parked]);
    const runs = await Promise.all(Array.from({ length: 1_000 }, () => engine.start(parked, {})));
    expect(activeRuns(engine)).toBe(0);
    engine = await place.restart([parked]);
    expect(activeRuns(engine)).toBe(0);
    await engine.decide({ run: runs[0]?.id ?? "", decision: "?" }).catch(() => {});
    await engine.cancel(runs[1]?.id ?? "");
    await engine.get(runs[2]?.id ?? "");
    expect(activeRuns(engine)).toBe(0);
    await place.clock.advance(3_600_000);
    const [, , third, last] = [runs[0], runs[1], runs[2], runs.at(-1)];
    for (const run of [third, last]) {
      const handle = await engine.handle(run?.id ?? "");
      expect((await drive(place, handle.result(), 0)).output).toEqual({ verdict: { ok: false, via: "timeout" } });
    }
    while ((await engine.list({ status: "waiting", limit: 1 })).items.length > 0) await place.clock.advance(0);
    while (activeRuns(engine) > 0) await place.clock.advance(0);
    expect((await engine.list({ outcome: "degraded", limit: 1_000 })).items).toHaveLength(999);
  }, 30_000);

  it("rule 4: closing lets attempts in flight end, begins nothing after them, and the next engine goes on", async () => {
    const { place } = here;
    const begun = signal();
    const go = signal();
    const calls: string[] = [];
    const made = flow("chain", {
      input: z.object({}),
      build($) {
        const one = $.step("one", { output: z.string() }).by(async () => {
          calls.push("one");
          begun.resolve();
          await go.promise;
          return "one";
        });
        const two = $.step("two", { needs: { one }, kind: "effect", output: z.string() }).by(() => {
          calls.push("two");
          return "two";
        });
        return { two };
      },
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    const waiting = run.result();
    waiting.catch(() => {});
    await begun.promise;
    const closed = engine.close();
    await expect(engine.start(made, {})).rejects.toMatchObject({ code: "engine-closed" });
    go.resolve();
    await closed;
    await expect(waiting).rejects.toMatchObject({ code: "engine-closed" });
    expect(calls).toEqual(["one"]);
    const next = await place.reopen([made]);
    expect((await drive(place, (await next.handle(run.id)).result())).output).toEqual({ two: "two" });
    expect(calls).toEqual(["one", "two"]); // what had ended was recorded
  });

  it("rule 5: what outlasts the grace of a close is lost, said so, and tried again", async () => {
    const { place } = here;
    const begun = signal();
    let aborted: AbortSignal | undefined;
    const made = flow("slow", {
      input: z.object({}),
      build: ($) => ({
        step: $.step("step", { output: z.number(), timeout: "1h" }).by((_, { attempt, signal }) => {
          aborted = attempt === 1 ? signal : aborted;
          begun.resolve();
          return attempt === 1 ? new Promise<never>(() => {}) : attempt;
        }),
      }),
    });
    const engine = await place.open([made], { grace: "5s" });
    const run = await engine.start(made, {});
    await begun.promise;
    let isClosed = false;
    const closed = engine.close().then(() => {
      isClosed = true;
    });
    await place.clock.advance(4_999);
    expect(isClosed).toBe(false);
    await drive(place, closed, 1);
    expect(aborted?.aborted).toBe(true);
    const next = await place.reopen([made]);
    expect((await (await next.handle(run.id)).result()).output).toEqual({ step: 2 });
    expect(await entriesOfKind(next, run.id, "attempt.lost")).toMatchObject([{ attempt: 1 }]);
  });

  it("rule 17: a missed deadline fails the run, or gives its declared answer, also when it passed unattended", async () => {
    const { place } = here;
    const made = (name: string, answers: boolean) =>
      flow(name, {
        input: z.object({ id: z.number() }),
        deadline: answers ? { after: "10s", answer: ({ id }) => ({ step: -id }) } : "10s",
        build: ($) => ({
          step: $.step("step", { output: z.number(), timeout: "1h" }).by(() => new Promise<never>(() => {})),
        }),
      });
    const [failing, answering] = [made("failing", false), made("answering", true)];
    let engine = await place.open([failing, answering]);
    const [fails, answers] = [await engine.start(failing, { id: 7 }), await engine.start(answering, { id: 7 })];
    await place.clock.advance(10_000);
    expect(await drive(place, fails.result())).toMatchObject({ outcome: "failed", failure: { kind: "deadline" } });
    expect(await drive(place, answers.result())).toMatchObject({
      outcome: "degraded",
      output: { step: -7 },
      degradations: [{ kind: "deadline" }],
    });
    const unattended = await engine.start(answering, { id: 8 });
    await place.crash();
    await place.clock.advance(60_000);
    engine = await place.open([failing, answering]);
    const handle = await engine.handle(unattended.id);
    expect((await drive(place, handle.result(), 0)).output).toEqual({ step: -8 });
  });

  it("rule 28: a run goes on with a changed flow that fits, and is held by the step that does not", async () => {
    const { place } = here;
    const versions = (change: "none" | "compatible" | "needs" | "gone" | "kind") =>
      flow("changing", {
        input: z.object({ n: z.number() }),
        build($, input) {
          if (change === "compatible") $.step("added", { output: z.any(), kind: "effect" }).by(() => "never asked for");
          const signed = $.approval("sign", {
            needs: { n: input.n },
            ...sign(change === "compatible" ? "5m" : "1h"),
          });
          const last = $.step(change === "gone" ? "renamed" : "last", {
            needs: change === "needs" ? { sign: signed } : { sign: signed, n: input.n },
            output: z.string(),
            kind: change === "kind" ? "effect" : "read",
          }).by(() => change);
          return { last };
        },
      });
    let engine = await place.open([versions("none")]);
    const run = await engine.start("changing", { n: 1 });
    await until(engine, run.id, "approval.requested");
    for (const change of ["needs", "gone", "kind"] as const) {
      engine = await place.reopen([versions(change)]);
      await expect(engine.decide({ run: run.id, decision: { ok: true } })).rejects.toMatchObject({
        code: "run-held",
        path: `${run.id} last`,
      });
    }
    engine = await place.reopen([]);
    await expect(engine.decide({ run: run.id, decision: { ok: true } })).rejects.toMatchObject({
      code: "flow-unknown",
    });
    engine = await place.reopen([versions("compatible")]);
    await engine.decide({ run: run.id, decision: { ok: true } });
    expect((await (await engine.handle(run.id)).result()).output).toEqual({ last: "compatible" });
  });
});

describe("clocks and held runs", () => {
  const here = usePlace("memory");

  it("rule 21: a clock that jumps pauses timers loudly; it may come back, or somebody says that it is right", async () => {
    const { place } = here;
    const engine = await place.open([parked], { clockJump: "5m" });
    const run = await engine.start(parked, {});
    const decided = async () => (await entriesOfKind(engine, run.id, "approval.decided")).length;
    place.clock.jump(24 * 3_600_000);
    await place.clock.advance(3_700_000);
    expect(await decided()).toBe(0);
    expect(place.warnings.map(({ message }) => message)).toEqual([
      "the wall clock jumped: timers are paused until it comes back or is trusted (trustClock(), plumbline trust-clock)",
    ]);
    place.clock.jump(-24 * 3_600_000);
    await drive(place, until(engine, run.id, "approval.decided"), 100);
    expect(await decided()).toBe(1);
    const other = await engine.start(parked, {});
    place.clock.jump(24 * 3_600_000);
    await place.clock.advance(3_700_000);
    expect((await engine.get(other.id))?.summary.status).toBe("waiting");
    await engine.trustClock();
    expect((await drive(place, other.result())).output).toMatchObject({ verdict: { via: "timeout" } });
  });

  it("rule 28: a run whose flow is gone is said aloud once, and its timer does not stop the others", async () => {
    const { place } = here;
    const orphan = asking("orphan", { timeout: "10m" });
    const first = await place.open([orphan, parked]);
    const gone = await first.start(orphan, {});
    const engine = await place.reopen([parked]);
    const run = await engine.start(parked, {});
    for (let i = 0; i < 12; i++) await place.clock.advance(600_000);
    expect((await run.result()).outcome).toBe("degraded");
    expect(place.warnings.map(({ message, details }) => [message, details["run"]])).toEqual([
      ["a due timer cannot fire", gone.id],
    ]);
    expect(activeRuns(engine)).toBe(0);
  });

  it("rule 2: a chain of four steps costs few commits and one row a commit; the guard says how many", async () => {
    const { place } = here;
    const chain = flow("chain", {
      input: z.object({ n: z.number() }),
      build($, input) {
        const one = $.step("one", { needs: { n: input.n }, output: z.number() }).by(({ n }) => n + 1);
        const two = $.step("two", { needs: { one }, output: z.number() }).by(({ one }) => one + 1);
        const three = $.step("three", { needs: { two }, output: z.number() }).by(({ two }) => two + 1);
        return { four: $.step("four", { needs: { three }, output: z.number() }).by(({ three }) => three + 1) };
      },
    });
    const engine = await place.open([chain]);
    const run = await engine.start(chain, { n: 0 });
    expect((await run.result()).output).toEqual({ four: 4 });
    expect(place.store.counts).toEqual({ commits: 4, items: 4, entries: 6 });
    const before = { ...place.store.counts };
    const many = await Promise.all(Array.from({ length: 100 }, () => engine.start(chain, { n: 0 })));
    await Promise.all(many.map((one) => one.result()));
    expect(place.store.counts.commits - before.commits).toBeLessThanOrEqual(12); // in groups, not one by one
    expect(place.store.counts.entries - before.entries).toBe(600);
  });
});
