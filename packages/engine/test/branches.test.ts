// Attacks branches: who chooses, what is chosen, cases that hold nothing, people and effects inside of cases, nesting.
import { flow, optional } from "@plumbline/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { sign } from "./fixtures/asking-flow.ts";
import { drive, entriesOfKind, storeKinds, until, usePlace } from "./fixtures/place.ts";

const once = { maxAttempts: 1 };

describe("the choice", () => {
  const here = usePlace("memory");

  const choosing = (choose: (needs: { way: string }) => string) =>
    flow("choosing", {
      input: z.object({ way: z.string() }),
      build($, { way }) {
        const route = $.branch("route", {
          needs: { way },
          choose: choose as () => "left" | "right",
          cases: {
            left: ($) => $.step("walk", { needs: { way }, output: z.string() }).by(({ way }) => `walked ${way}`),
            right: ($) => ({ gone: $.step("ride", { output: z.number() }).by(() => 7) }),
          },
        });
        return { route };
      },
    });

  it("runs the case that was chosen and nothing of the others", async () => {
    const { place } = here;
    const made = choosing(({ way }) => way);
    const engine = await place.open([made]);
    const left = await engine.start(made, { way: "left" });
    expect((await left.result()).output).toEqual({ route: "walked left" });
    const right = await engine.start(made, { way: "right" });
    expect((await right.result()).output).toEqual({ route: { gone: 7 } });
    const [entered] = await entriesOfKind(engine, right.id, "scope.entered");
    expect(entered?.key).toBe("right");
    expect(await entriesOfKind(engine, right.id, "step.completed")).toHaveLength(1);
  });

  const bad: readonly [string, () => unknown, RegExp][] = [
    ["a case that there is not", () => "up", /choose gave .*up.* instead of one of left, right/],
    ["a name from Object.prototype", () => "toString", /choose gave .*toString/],
    ["a number", () => 1, /choose gave .*1/],
    ["a promise", async () => "left", /choose gave .*[Pp]romise/],
    ["nothing", () => undefined, /choose gave undefined/],
    [
      "an error",
      () => {
        throw new Error("no map");
      },
      /choose threw: no map/,
    ],
  ];
  for (const [what, choose, message] of bad) {
    it(`rule 33: choose that gives ${what} fails the branch by its path`, async () => {
      const { place } = here;
      const made = choosing(choose as never);
      const engine = await place.open([made]);
      const run = await engine.start(made, { way: "left" });
      expect(await run.result()).toMatchObject({
        outcome: "failed",
        failedAt: "route",
        failure: { kind: "predicate", message: expect.stringMatching(message) },
      });
    });
  }

  it("rule 15: a branch that failed or was skipped is absorbed where that is said", async () => {
    const { place } = here;
    const made = flow("absorbing", {
      input: z.object({ go: z.boolean() }),
      build($, { go }) {
        const route = $.branch("route", {
          needs: { go },
          when: ({ go }) => go,
          choose: () => "bad",
          cases: {
            bad: ($) =>
              $.step("burn", { output: z.string(), retry: once }).by(() => {
                throw new Error("fire");
              }),
          },
        });
        return $.step("read", {
          needs: { route: optional(route, { onFailure: true }) },
          output: z.string(),
        }).by(({ route }) => `got ${route}`);
      },
    });
    const engine = await place.open([made]);
    const burnt = await (await engine.start(made, { go: true })).result();
    expect(burnt).toMatchObject({
      outcome: "degraded",
      output: "got undefined",
      degradations: [{ path: "route", kind: "absorbed-failure", reason: expect.stringContaining("fire") }],
    });
    expect(await (await engine.start(made, { go: false })).result()).toMatchObject({
      outcome: "succeeded",
      output: "got undefined",
    });
  });

  it("a failure in a case is told with the path of the step that failed", async () => {
    const { place } = here;
    const made = flow("burning", {
      input: z.object({}),
      build: ($) =>
        $.branch("route", {
          choose: () => "bad",
          cases: {
            bad: ($) =>
              $.step("burn", { output: z.string(), retry: once }).by(() => {
                throw new Error("fire");
              }),
          },
        }),
    });
    const engine = await place.open([made]);
    const result = await (await engine.start(made, {})).result();
    expect(result).toMatchObject({ outcome: "failed", failedAt: "route.bad.burn" });
    expect(result.failure?.message).toContain("fire");
  });
});

describe("cases", () => {
  const here = usePlace("memory");

  it("may be constants, and may be nothing but what lies around them", async () => {
    const { place } = here;
    const made = flow("constant", {
      input: z.object({ way: z.enum(["fixed", "given", "both"]) }),
      build($, { way }) {
        const before = $.step("before", { output: z.object({ text: z.string() }) }).by(() => ({ text: "seen" }));
        return $.branch("route", {
          needs: { way },
          choose: ({ way }) => way,
          cases: { fixed: () => "as written", given: () => before.text, both: () => ({ a: 1, b: before.text }) },
        });
      },
    });
    const engine = await place.open([made]);
    const answer = async (way: "fixed" | "given" | "both") =>
      (await (await engine.start(made, { way })).result()).output;
    expect(await answer("fixed")).toBe("as written");
    expect(await answer("given")).toBe("seen");
    expect(await answer("both")).toEqual({ a: 1, b: "seen" });
  });

  it("lie in cases: a choice three deep reads what every level gave", async () => {
    const { place } = here;
    const made = flow("deep", {
      input: z.object({ n: z.number() }),
      build($, { n }) {
        return $.branch("one", {
          needs: { n },
          choose: () => "in",
          cases: {
            in: ($) => {
              const first = $.step("first", { needs: { n }, output: z.number() }).by(({ n }) => n + 1);
              return $.branch("two", {
                needs: { first },
                choose: ({ first }) => (first > 0 ? "in" : "out"),
                cases: {
                  in: ($) => {
                    const second = $.step("second", { needs: { first, n }, output: z.number() }).by(
                      ({ first, n }) => first * 10 + n,
                    );
                    return $.branch("three", {
                      needs: { second },
                      choose: () => "in",
                      cases: {
                        in: ($) =>
                          $.step("third", { needs: { n, first, second }, output: z.array(z.number()) }).by(
                            ({ n, first, second }, { path }) => {
                              expect(path).toBe("one.in.two.in.three.in.third");
                              return [n, first, second];
                            },
                          ),
                      },
                    });
                  },
                  out: () => [0],
                },
              });
            },
          },
        });
      },
    });
    const engine = await place.open([made]);
    expect((await (await engine.start(made, { n: 4 })).result()).output).toEqual([4, 5, 54]);
    expect((await (await engine.start(made, { n: -4 })).result()).output).toEqual([0]);
  });

  it("hold effects, which are undone when the run fails after the branch", async () => {
    const { place } = here;
    const undone: unknown[] = [];
    const made = flow("undoing", {
      input: z.object({}),
      build($) {
        const booked = $.branch("route", {
          choose: () => "book",
          cases: {
            book: ($) => {
              const seat = $.step("seat", { output: z.number() }).by(() => 12);
              return $.step("book", {
                needs: { seat },
                kind: "effect",
                output: z.string(),
                compensate: (undo) => {
                  undone.push(undo);
                },
              }).by(({ seat }) => `booked ${seat}`);
            },
          },
        });
        return $.step("tell", { needs: { booked }, output: z.string(), retry: once }).by(() => {
          throw new Error("nobody there");
        });
      },
    });
    const engine = await place.open([made]);
    const run = await engine.start(made, {});
    expect(await run.result()).toMatchObject({ outcome: "failed", failedAt: "tell", standing: [] });
    expect(undone).toEqual([
      { key: `${run.id}:route.book.book:0`, needs: { seat: 12 }, output: "booked 12", certainty: "applied" },
    ]);
  });
});

for (const kind of storeKinds) {
  describe(`people in cases: ${kind}`, () => {
    const here = usePlace(kind);

    const asking = () =>
      flow("asking", {
        input: z.object({ risky: z.boolean() }),
        build($, { risky }) {
          return $.branch("route", {
            needs: { risky },
            choose: ({ risky }) => (risky ? "human" : "automatic"),
            cases: {
              human: ($) =>
                $.approval("sign", {
                  needs: { risky },
                  ...sign(),
                }).ok,
              automatic: () => true,
            },
          });
        },
      });

    it("rule 17: an approval in a case waits over a restart, is decided by its path, and times out", async () => {
      const { place } = here;
      const made = asking();
      const first = await place.open([made]);
      const decided = await first.start(made, { risky: true }, { key: "a" });
      const late = await first.start(made, { risky: true }, { key: "b" });
      for (const { id } of [decided, late]) await drive(place, until(first, id, "approval.requested"));
      const second = await place.restart([made]);
      await expect(second.decide({ run: decided.id, path: "sign", decision: { ok: true } })).rejects.toMatchObject({
        code: "approval-unknown",
      });
      const answer = await second.decide({ run: decided.id, decision: { ok: true }, by: "Ada" });
      expect(answer).toEqual({ status: "decided", path: "route.human.sign" });
      const results = await drive(
        place,
        Promise.all([decided, late].map(async ({ id }) => (await second.handle(id)).result())),
        600_000,
      );
      expect(results).toMatchObject([
        { outcome: "succeeded", output: true },
        {
          outcome: "degraded",
          output: false,
          degradations: [{ path: "route.human.sign", kind: "automatic-decision" }],
        },
      ]);
      expect((await (await second.start(made, { risky: false })).result()).output).toBe(true);
    });
  });
}
