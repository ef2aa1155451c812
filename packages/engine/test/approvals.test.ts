// Attacks approvals: who decides first, desks with a breaker as in mission S3, early, late, repeated and broken decisions.
import { flow } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { activeRuns, drive, entriesOfKind, type Place, signal, storeKinds, until, usePlace } from "./fixtures/place.ts";

const Verdict = z.object({ approved: z.boolean(), reason: z.string().optional() });

/** Mission S3: 300 s for a person, rejected on timeout, the 5th in a row opens the breaker for an hour. */
const guarded = flow("guarded", {
  input: z.object({}),
  build: ($) => ({
    verdict: $.approval("sign", {
      decision: Verdict,
      desk: "underwriting",
      timeout: "300s",
      onTimeout: { approved: false, reason: "timeout" },
      breaker: { after: 5, openFor: "1h", decide: { approved: true, reason: "circuit_breaker_auto_approve" } },
    }),
  }),
});

const plain = (onTimeout: (needs: { amount: number }) => unknown = () => ({ approved: false })) =>
  flow("plain", {
    input: z.object({ amount: z.number() }),
    build: ($, input) => ({
      verdict: $.approval("sign", {
        needs: { amount: input.amount },
        decision: Verdict,
        desk: "desk",
        timeout: "5m",
        onTimeout: onTimeout as () => { approved: boolean },
      }),
    }),
  });

const timedOut = { approved: false, reason: "timeout", via: "timeout" };
const automatic = { approved: true, reason: "circuit_breaker_auto_approve", via: "breaker" };

describe.each(storeKinds)("a desk's breaker: %s", (kind) => {
  const here = usePlace(kind);

  async function verdict(place: Place, engine: Awaited<ReturnType<Place["open"]>>, answer?: boolean) {
    const run = await engine.start(guarded, {});
    const asked = until(engine, run.id, "approval.requested").catch(() => undefined);
    const request = await Promise.race([asked, run.result().then(() => undefined)]);
    if (request && answer !== undefined) {
      await engine.decide({ run: run.id, decision: { approved: answer }, by: "Ada" });
    } else if (request) {
      await place.clock.advance(request.dueAt - place.clock.now());
    }
    const { output, outcome } = await drive(place, run.result(), 1);
    return { verdict: (output as { verdict: unknown }).verdict, outcome };
  }

  it("rule 24: mission S3, over many runs and a restart in the middle of each state", async () => {
    const { place } = here;
    let engine = await place.open([guarded]);
    const next = async (answer?: boolean) => (await verdict(place, engine, answer)).verdict;
    for (let i = 0; i < 4; i++) expect(await next()).toEqual(timedOut);
    expect(await next(false)).toEqual({ approved: false, via: "person", by: "Ada" }); // any answer resets the count
    for (let i = 0; i < 3; i++) expect(await next()).toEqual(timedOut);
    engine = await place.reopen([guarded]); // the count survives
    expect(await next()).toEqual(timedOut);
    const opening = await verdict(place, engine);
    expect(opening).toEqual({ verdict: automatic, outcome: "degraded" }); // the 5th in a row is itself automatic
    expect(await next()).toEqual(automatic); // at once, nobody is asked
    engine = await place.reopen([guarded]); // open survives
    place.warnings.length = 0;
    expect(await next()).toEqual(automatic);
    expect(place.warnings.map(({ message }) => message)).toEqual([
      "a desk's breaker is open: the decision is automatic",
    ]);
    await place.clock.advance(3_600_000);
    expect(await next()).toEqual(automatic); // the probe: asked, timed out, and opened again
    expect(await next()).toEqual(automatic); // open once more
    await place.clock.advance(3_600_000);
    expect(await next(true)).toMatchObject({ approved: true, via: "person" }); // a person closes it
    for (let i = 0; i < 4; i++) expect(await next()).toEqual(timedOut);
    expect(await next()).toEqual(automatic);
  }, 30_000);

  it("rule 24: one request probes while the others stay automatic; those that waited keep their own deadline", async () => {
    const { place } = here;
    const engine = await place.open([guarded]);
    const early = await Promise.all(Array.from({ length: 5 }, () => engine.start(guarded, {})));
    for (const run of early) await until(engine, run.id, "approval.requested");
    await place.clock.advance(100_000);
    const waiting = await engine.start(guarded, {});
    const asked = await until(engine, waiting.id, "approval.requested");
    await place.clock.advance(200_000);
    const decided = await Promise.all(early.map((run) => drive(place, run.result(), 1)));
    expect(decided.filter(({ output }) => output?.verdict.via === "breaker")).toHaveLength(1);
    expect((await entriesOfKind(engine, waiting.id, "approval.decided")).length).toBe(0);
    await place.clock.advance(100_000);
    expect((await drive(place, waiting.result(), 1)).output?.verdict).toEqual(timedOut); // and does not count: it is stale
    const fired = (await entriesOfKind(engine, waiting.id, "timer.fired"))[0];
    expect(fired?.at).toBeGreaterThanOrEqual(asked.dueAt);
    await place.clock.advance(3_600_000 - 150_000); // the hour counts from the opening
    const refused = await engine.start(guarded, {});
    expect((await drive(place, refused.result(), 1)).output?.verdict.via).toBe("breaker");
    await place.clock.advance(250_000);
    const [probe, other] = [await engine.start(guarded, {}), await engine.start(guarded, {})];
    expect((await other.result()).output?.verdict.via).toBe("breaker");
    expect(await entriesOfKind(engine, probe.id, "admission.answered")).toMatchObject([{ admission: "probe" }]);
    await engine.decide({ run: probe.id, decision: { approved: true } });
    const after = await engine.start(guarded, {});
    await until(engine, after.id, "approval.requested");
  }, 30_000);

  it("rule 24: two timeouts recorded in one commit are both counted", async () => {
    const { place } = here;
    const engine = await place.open([guarded]);
    const runs = await Promise.all(Array.from({ length: 4 }, () => engine.start(guarded, {})));
    for (const run of runs) await until(engine, run.id, "approval.requested");
    await place.clock.advance(300_000);
    for (const run of runs) expect((await drive(place, run.result(), 1)).output?.verdict).toEqual(timedOut);
    const again = await place.reopen([guarded]);
    expect((await verdict(place, again)).verdict).toEqual(automatic);
  });
});

describe("decisions", () => {
  const here = usePlace("memory");

  async function asked(made = plain()) {
    const { place } = here;
    const engine = await place.open([made]);
    const run = await engine.start(made, { amount: 7 });
    await until(engine, run.id, "approval.requested");
    return { place, engine, run };
  }

  it("rule 19: a decision is idempotent by its id, one that comes later is late and recorded", async () => {
    const { engine, run } = await asked();
    const decision = { run: run.id, path: "sign", decision: { approved: true }, id: "d1", by: "Ada", note: "fine" };
    expect(await engine.decide(decision)).toEqual({ status: "decided", path: "sign" });
    expect(await engine.decide(decision)).toEqual({ status: "repeated", path: "sign" });
    expect(await engine.decide({ ...decision, id: "d2", by: "Bob" })).toEqual({ status: "late", path: "sign" });
    expect((await run.result()).output).toEqual({ verdict: { approved: true, via: "person", by: "Ada" } });
    expect(await entriesOfKind(engine, run.id, "decision.refused")).toMatchObject([{ because: "late", by: "Bob" }]);
    expect(await entriesOfKind(engine, run.id, "approval.decided")).toMatchObject([{ note: "fine", id: "d1" }]);
  });

  it("rule 22: late decisions on a run that has ended leave the journal's length right and memory empty", async () => {
    const { engine, run } = await asked();
    await engine.decide({ run: run.id, decision: { approved: true } });
    await run.result();
    const late = Array.from({ length: 20 }, (_, i) =>
      engine.decide({ run: run.id, decision: { approved: false }, id: `${i}` }),
    );
    for (const { status } of await Promise.all(late)) expect(status).toBe("late");
    await engine.decide({ run: run.id, decision: { approved: false }, id: "last" });
    const record = await engine.get(run.id);
    expect(record?.summary.length).toBe(record?.entries.length);
    expect(activeRuns(engine)).toBe(0);
  });

  it("rule 33: a decision that breaks its contract, or forges who decided, is refused and the request stays open", async () => {
    const { engine, run } = await asked();
    await expect(engine.decide({ run: run.id, decision: { approved: "yes" } })).rejects.toMatchObject({
      code: "decision-invalid",
      path: "sign",
    });
    await expect(engine.decide({ run: run.id, decision: null })).rejects.toMatchObject({ code: "decision-invalid" });
    await expect(engine.decide({ run: run.id, path: "nope", decision: {} })).rejects.toMatchObject({
      code: "approval-unknown",
    });
    await expect(engine.decide({ run: "nobody", decision: {} })).rejects.toMatchObject({ code: "run-unknown" });
    await engine.decide({ run: run.id, decision: { approved: true, via: "breaker", by: "forged" } });
    expect((await run.result()).output).toEqual({ verdict: { approved: true, via: "person" } });
    expect(activeRuns(engine)).toBe(0);
  });

  it("rule 22: a refused decision does not leave the run in memory", async () => {
    const { engine, run } = await asked();
    await expect(engine.decide({ run: run.id, decision: 1 })).rejects.toMatchObject({ code: "decision-invalid" });
    expect(activeRuns(engine)).toBe(0);
  });

  it("rule 19: an early decision is refused, and which of two is meant must be said", async () => {
    const { place } = here;
    const go = signal();
    const made = flow("two", {
      input: z.object({}),
      build($) {
        const read = $.step("read", { output: z.string() }).by(async () => {
          await go.promise;
          return "read";
        });
        const ask = (name: string) =>
          $.approval(name, {
            needs: { read },
            decision: Verdict,
            desk: "desk",
            timeout: "1h",
            onTimeout: { approved: false },
          });
        return { one: ask("one"), two: ask("two") };
      },
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await expect(engine.decide({ run: run.id, path: "one", decision: { approved: true } })).rejects.toMatchObject({
      code: "approval-early",
    });
    go.resolve();
    await until(engine, run.id, "approval.requested", (entry) => entry.slot === 2);
    await expect(engine.decide({ run: run.id, decision: { approved: true } })).rejects.toMatchObject({
      code: "approval-ambiguous",
    });
    await engine.decide({ run: run.id, path: "two", decision: { approved: true } });
    await engine.decide({ run: run.id, decision: { approved: true } }); // one is left
    expect((await run.result()).outcome).toBe("succeeded");
  });

  it("rule 19: an answer and a timeout at the same instant are decided once", async () => {
    for (let round = 0; round < 10; round++) {
      const { place } = here;
      const engine = await place.open([guarded]);
      const run = await engine.start(guarded, {});
      const { dueAt } = await until(engine, run.id, "approval.requested");
      const advanced = place.clock.advance(dueAt - place.clock.now());
      for (let i = 0; i < round; i++) await null; // a different moment each round
      const answer = await engine.decide({ run: run.id, decision: { approved: true } });
      await advanced;
      const { output } = await drive(place, run.result(), 1);
      const decided = await entriesOfKind(engine, run.id, "approval.decided");
      expect(decided).toHaveLength(1);
      expect(output?.verdict.via === "person").toBe(answer.status === "decided");
      await place.reopen([]);
    }
  });

  it("rule 19: a decision whose contract takes its time comes before a timeout that falls due meanwhile", async () => {
    const { place } = here;
    const judging = signal();
    const go = signal();
    const slow = z.object({ approved: z.boolean() }).refine(async () => {
      judging.resolve();
      await go.promise;
      return true;
    });
    const made = flow("slow-contract", {
      input: z.object({}),
      build: ($) => ({
        verdict: $.approval("sign", {
          decision: slow,
          desk: "d",
          timeout: "10s",
          onTimeout: () => ({ approved: false }),
        }),
      }),
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    await until(engine, run.id, "approval.requested");
    const decided = engine.decide({ run: run.id, decision: { approved: true } });
    await judging.promise;
    await place.clock.advance(15_000);
    go.resolve();
    expect((await decided).status).toBe("decided");
    expect((await run.result()).output?.verdict.via).toBe("person");
  });

  it("rule 17: a decision whose contract never answers is refused, and holds no timer of any run", async () => {
    const { place } = here;
    const hanging = z
      .object({ approved: z.boolean() })
      .refine((value) => (value.approved ? new Promise(() => {}) : true));
    const made = flow("hanging-contract", {
      input: z.object({}),
      build: ($) => ({
        verdict: $.approval("sign", {
          decision: hanging,
          desk: "d",
          timeout: "10s",
          onTimeout: () => ({ approved: false }),
        }),
      }),
    });
    const engine = await place.open([made]);
    const [hung, other] = [await engine.start(made, {}), await engine.start(made, {})];
    for (const run of [hung, other]) await until(engine, run.id, "approval.requested");
    const refused = engine.decide({ run: hung.id, decision: { approved: true } });
    refused.catch(() => {});
    await place.clock.advance(10_000);
    expect((await other.result()).output?.verdict.via).toBe("timeout");
    await expect(drive(place, refused, 1_000)).rejects.toMatchObject({ code: "decision-invalid" });
    expect((await drive(place, hung.result())).output?.verdict.via).toBe("timeout");
  });

  it("rule 17: onTimeout may be a function of the needs, held to the contract", async () => {
    const run = async (onTimeout: (needs: { amount: number }) => unknown) => {
      const { place } = here;
      const made = plain(onTimeout);
      const engine = await place.open([made]);
      const started = await engine.start(made, { amount: 7 });
      await until(engine, started.id, "approval.requested");
      await place.clock.advance(300_000);
      const result = await drive(place, started.result(), 1_000);
      await place.reopen([]);
      return result;
    };
    const good = await run(({ amount }) => ({ approved: amount < 10 }));
    expect(good).toMatchObject({ outcome: "degraded", output: { verdict: { approved: true, via: "timeout" } } });
    const broken = await run(() => ({ approved: "maybe" }));
    expect(broken).toMatchObject({ outcome: "failed", failure: { kind: "contract" } });
    const thrown = await run(() => {
      throw new Error("no default");
    });
    expect(thrown).toMatchObject({ outcome: "failed", failure: { kind: "predicate", message: "no default" } });
    const forged = await run(() => ({ approved: true, via: "person" }));
    expect(forged.output?.verdict ?? forged.outcome).toEqual({ approved: true, via: "timeout" });
    const hung = await run(() => new Promise(() => {}));
    expect(hung).toMatchObject({ outcome: "failed", failure: { kind: "timeout" } });
  });
});
