// Attacks deploys while runs wait deep inside: code is found by name, what has changed under a run holds it, and says where.
import { type Flow, flow, optional } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { sign } from "./fixtures/asking-flow.ts";
import { drive, entriesOf, entriesOfKind, type Place, until, usePlace } from "./fixtures/place.ts";

const once = { maxAttempts: 1 };
const signing = sign("30d");

type Change =
  | "none"
  | "functions"
  | "more steps"
  | "needs"
  | "gone"
  | "compensate gone"
  | "case gone"
  | "chosen case gone"
  | "loop to map"
  | "earlier step gone";

/** A person is asked in a case, in an item, in a turn. */
const deep = (change: Change, said: string[] = []) =>
  flow("deep", {
    input: z.object({ orders: z.array(z.string()), fails: z.boolean().default(false) }),
    build($, { orders, fails }) {
      const body = ($: Parameters<Parameters<typeof flow>[1]["build"]>[0]) => {
        if (change === "more steps") $.step("audit", { output: z.any(), kind: "effect" }).by(() => said.push("audit"));
        const done = $.map("orders", {
          over: orders,
          concurrency: 1,
          each($, order) {
            const extra = { needs: { order }, output: z.string(), retry: once };
            const before =
              change === "earlier step gone"
                ? order
                : $.step("before", {
                    ...extra,
                    kind: "effect",
                    ...(change === "compensate gone"
                      ? {}
                      : { compensate: ({ output }) => void said.push(`undo ${output}`) }),
                  }).by((given) => `${change} before ${(given as { order: string }).order}`);
            return $.branch("route", {
              needs: { order },
              choose: () => "human" as never,
              cases: {
                ...(change === "case gone" ? {} : { machine: () => "never" }),
                [change === "chosen case gone" ? "person" : "human"]: ($: Parameters<typeof body>[0]) => {
                  if (change === "more steps")
                    $.step("log", { output: z.any(), kind: "effect" }).by(() => said.push("log"));
                  const verdict = $.approval("sign", { ...signing, needs: { order } });
                  return $.step(change === "gone" ? "tell everybody" : "tell", {
                    needs: change === "needs" ? { before, ok: verdict.ok } : { before, ok: verdict.ok, order },
                    output: z.string(),
                    retry: once,
                  }).by(({ before, ok }) => `${change}: ${before} ${ok}`);
                },
              },
            } as never);
          },
        });
        return { texts: done };
      };
      const loop =
        change === "loop to map"
          ? $.map("turns", { over: [1], each: ($) => body($) })
          : $.loop("turns", {
              output: z.object({ texts: z.array(z.any()) }),
              maxTurns: 2,
              atLimit: "fail",
              until: () => true,
              body: ($) => body($),
            });
      return $.step("last", { needs: { loop: loop as never, fails }, output: z.any(), retry: once }).by(
        ({ loop, fails }) => {
          if (fails) throw new Error("at the very end");
          return loop;
        },
      );
    },
  });

async function waiting(place: Place, made: Flow<never>, input: unknown) {
  const engine = await place.open([made], { build: "one" });
  const run = await engine.start(made.name, input);
  await drive(place, until(engine, run.id, "approval.requested"));
  return run.id;
}

describe("a run that waits in a case, in an item, in a turn", () => {
  const here = usePlace("memory");
  const input = { orders: ["a", "b"] };

  for (const change of ["none", "functions", "more steps"] as const) {
    it(`rule 28: goes on with the functions of the new build: ${change}`, async () => {
      const { place } = here;
      const said: string[] = [];
      const id = await waiting(place, deep("none"), input);
      const engine = await place.reopen([deep(change, said)], { build: "two" });
      await engine.decide({ run: id, decision: { ok: true } });
      await drive(
        place,
        until(engine, id, "approval.requested", ({ slot }) => slot > 8),
      );
      await engine.decide({ run: id, path: "turns[1].orders[1].route.human.sign", decision: { ok: false } });
      const { output } = await drive(place, (await engine.handle(id)).result());
      // What was done before keeps its answer; what comes after is done as the new build says.
      expect(output).toEqual({
        texts: [`${change}: none before a true`, `${change}: ${change} before b false`],
      });
      expect(said).toEqual([]); // what the new flow adds is not for runs that began without it
      const [started] = await entriesOfKind(engine, id, "run.started");
      expect(started?.build).toBe("one");
    });
  }

  const held: readonly [Change, string, RegExp][] = [
    ["needs", "turns.orders.route.human.tell", /needs have changed/],
    ["gone", "turns.orders.route.human.tell", /gone/],
    ["compensate gone", "turns.orders.before", /compensate is gone/],
    ["chosen case gone", "turns.orders.route", /case human is gone/],
    ["case gone", "turns.orders.route", /case machine is gone/],
    ["loop to map", "turns", /was loop and is map/],
    ["earlier step gone", "turns.orders.before", /gone/],
  ];
  for (const [change, path, reason] of held) {
    it(`rule 28: is held, and named, when its way on has changed: ${change}`, async () => {
      const { place } = here;
      const id = await waiting(place, deep("none"), input);
      const changed = await place.reopen([deep(change)]);
      const decided = changed.decide({ run: id, path: "turns[1].orders[0].route.human.sign", decision: { ok: true } });
      await expect(decided).rejects.toMatchObject({
        code: "run-held",
        path: `${id} ${path}`,
        found: expect.stringMatching(reason),
      });
      const before = await entriesOf(changed, id);
      const back = await place.reopen([deep("functions")]);
      expect((await entriesOf(back, id)).slice(0, before.length)).toEqual(before);
      expect((await back.decide({ run: id, decision: { ok: true } })).status).toBe("decided");
    });
  }

  it("rule 28: undoing uses the functions of the new build, also of items that are over", async () => {
    const { place } = here;
    const said: string[] = [];
    const id = await waiting(place, deep("none"), { orders: ["a"], fails: true });
    const engine = await place.reopen([deep("functions", said)]);
    await engine.decide({ run: id, decision: { ok: true } });
    expect(await drive(place, (await engine.handle(id)).result())).toMatchObject({ outcome: "failed", standing: [] });
    expect(said).toEqual(["undo none before a"]);
  });
});

describe("what a run has left behind may change", () => {
  const here = usePlace("memory");

  const routed = (change: "none" | "other case" | "branch gone" | "effect gone" | "earlier", said: string[] = []) =>
    flow("routed", {
      input: z.object({}),
      build($) {
        const first =
          change === "earlier"
            ? $.step("other first", { output: z.string() }).by(() => "other")
            : $.step("first", { output: z.string() }).by(() => "first");
        const route = $.branch("route", {
          choose: () => "human" as never,
          cases: {
            ...(change === "other case"
              ? { robot: () => "x" }
              : {
                  machine: ($: Parameters<Parameters<typeof flow>[1]["build"]>[0]) =>
                    $.step("work", { output: z.string() }).by(() => "x"),
                }),
            human: ($: Parameters<Parameters<typeof flow>[1]["build"]>[0]) => $.approval("sign", signing).ok,
          },
        } as never);
        const stock =
          change === "branch gone"
            ? undefined
            : $.branch("stock", {
                choose: () => "take" as never,
                cases: {
                  take: ($: Parameters<Parameters<typeof flow>[1]["build"]>[0]) =>
                    $.step(change === "effect gone" ? "grab" : "take", {
                      output: z.string(),
                      kind: "effect",
                      compensate: () => void said.push("undo"),
                    }).by(() => "taken"),
                },
              } as never);
        const last = $.step("last", {
          needs: { route: optional(route as never, { onFailure: true }) },
          output: z.string(),
        }).by(({ route }) => `last ${route}`);
        return { last, first, stock: stock as never };
      },
    });

  it("rule 28: a case that was not chosen may go, and so may a step that has answered", async () => {
    const { place } = here;
    for (const change of ["other case", "earlier"] as const) {
      const id = await waiting(place, routed("none") as Flow<never>, {});
      const engine = await place.reopen([routed(change)]);
      await engine.decide({ run: id, decision: { ok: true } });
      expect(await drive(place, (await engine.handle(id)).result())).toMatchObject({
        outcome: "succeeded",
        output: { last: "last true", first: "first", stock: "taken" },
      });
      await place.reopen([]);
    }
  });

  it("rule 28: not so an effect that may have to be undone, nor what it lies in", async () => {
    const { place } = here;
    const id = await waiting(place, routed("none") as Flow<never>, {});
    for (const [change, path] of [
      ["branch gone", "stock"],
      ["effect gone", "stock.take.take"],
    ] as const) {
      const engine = await place.reopen([routed(change)]);
      await expect(engine.decide({ run: id, decision: { ok: true } })).rejects.toMatchObject({
        code: "run-held",
        path: `${id} ${path}`,
      });
    }
    const said: string[] = [];
    const back = await place.reopen([routed("none", said)]);
    await back.cancel(id);
    expect(await drive(place, (await back.handle(id)).result())).toMatchObject({ outcome: "cancelled", standing: [] });
    expect(said).toEqual(["undo"]);
  });

  it("rule 28: a called run is held by its own flow alone, and its caller waits for it", async () => {
    const { place } = here;
    const child = (name: string) =>
      flow("child", {
        input: z.object({}),
        build($) {
          const verdict = $.approval("sign", signing);
          return $.step(name, { needs: { ok: verdict.ok }, output: z.string() }).by(({ ok }) => `child ${ok}`);
        },
      });
    const parent = (of: ReturnType<typeof child>, text: string) =>
      flow("parent", {
        input: z.object({}),
        build($) {
          const answer = $.call("ask", { flow: of, input: {} });
          return $.step("last", { needs: { answer }, output: z.string() }).by(({ answer }) => `${text} ${answer}`);
        },
      });
    const first = await place.open([parent(child("tell"), "old")]);
    const run = await first.start("parent", {});
    const id = (await drive(place, until(first, run.id, "call.requested"))).run;
    await drive(place, until(first, id, "approval.requested"));
    const changed = await place.reopen([parent(child("say"), "new")]);
    await expect(changed.decide({ run: id, decision: { ok: true } })).rejects.toMatchObject({
      code: "run-held",
      path: `${id} tell`,
    });
    const back = await place.reopen([parent(child("tell"), "new")]);
    await back.decide({ run: id, decision: { ok: true } });
    expect((await drive(place, (await back.handle(run.id)).result())).output).toBe("new child true");
  });

  it("rule 28: a turn that comes again needs its steps, though all that began have answered", async () => {
    const { place } = here;
    const looping = (name: string) =>
      flow("looping", {
        input: z.object({}),
        build: ($) =>
          $.loop("turns", {
            output: z.object({ text: z.string(), ok: z.boolean() }),
            maxTurns: 3,
            atLimit: "fail",
            until: ({ ok }) => ok,
            body($) {
              const text = $.step(name, { output: z.string() }).by(() => name);
              const verdict = $.approval("sign", { ...signing, needs: { text } });
              return { text, ok: verdict.ok };
            },
          }),
      });
    const id = await waiting(place, looping("draft") as Flow<never>, {});
    const changed = await place.reopen([looping("write")]);
    await expect(changed.decide({ run: id, decision: { ok: false } })).rejects.toMatchObject({
      code: "run-held",
      path: `${id} turns.draft`,
    });
  });

  it("rule 28: parts of a long array go on with the new build", async () => {
    const { place } = here;
    let gate = Promise.withResolvers<void>();
    const long = (text: string, more: boolean) =>
      flow("long", {
        input: z.object({ n: z.number() }),
        build($, { n }) {
          if (more) $.step("added", { output: z.any(), kind: "effect" }).by(() => "never");
          const over = $.step("list", { needs: { n }, output: z.array(z.number()) }).by(({ n }) => [
            ...Array(n).keys(),
          ]);
          const out = $.map("out", {
            over,
            concurrency: 500,
            each: ($, item) =>
              $.step("say", { needs: { item }, output: z.string() }).by(async ({ item }) => {
                if (item === 1_700) await gate.promise;
                return text;
              }),
          });
          return $.step("count", { needs: { out }, output: z.record(z.string(), z.number()) }).by(({ out }) => {
            const counts: Record<string, number> = {};
            for (const one of out) counts[one] = (counts[one] ?? 0) + 1;
            return counts;
          });
        },
      });
    const first = await place.open([long("old", false)]);
    const run = await first.start("long", { n: 2_500 });
    const part = (await until(first, run.id, "call.requested", ({ slot }) => slot > 3)).run;
    let recorded = 0;
    while (recorded < 900) {
      await place.clock.advance(1);
      recorded = ((await first.get(part))?.entries ?? []).filter(({ kind }) => kind === "step.completed").length;
    }
    gate = Promise.withResolvers();
    gate.resolve();
    const second = await place.restart([long("new", true)]);
    const result = await drive(place, (await second.handle(run.id)).result());
    expect(result.outcome).toBe("succeeded");
    const { old = 0, new: fresh = 0 } = result.output as { old?: number; new?: number };
    expect(old + fresh).toBe(2_500);
    expect(old).toBeGreaterThanOrEqual(1_900);
    expect(fresh).toBeGreaterThanOrEqual(501);
  });
});
