// Plans are judged as data, also ones that no builder made: every flaw names the step and the mend, and all are found.
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  dependenciesOf,
  type FlowBuilder,
  fieldOf,
  flawsOf,
  flow,
  jsonSchemaOf,
  lastGood,
  maxNodes,
  nodeAt,
  type Plan,
  type PlanNode,
  refsIn,
  refuseFlaws,
} from "../src/index.ts";
import { any, never } from "./stage.ts";

const two = flow("two", {
  input: any<{ n: number }>(),
  build: ($, input) => {
    const a = $.step("a", { needs: { n: input.n }, output: any() }).by(never);
    return $.step("b", { needs: { a, list: [a] }, output: any() }).by(never);
  },
}).plan;

/** The plan as text, changed by hand. */
function changed(change: (nodes: PlanNode[]) => unknown, plan = two): Plan {
  const copy = JSON.parse(JSON.stringify(plan)) as Plan;
  change(copy.scopes[0]?.nodes as PlanNode[]);
  return copy;
}

const fieldsOf = (node: PlanNode | undefined) =>
  (node as { needs: { fields: object } } | undefined)?.needs.fields as object;
const codes = (plan: Plan) => flawsOf(plan).map(({ code, path }) => `${code} ${path}`);

describe("the structure", () => {
  test("a good plan has no flaws, read back from text too", () => {
    expect(codes(two)).toEqual([]);
    expect(codes(changed(() => {}))).toEqual([]);
    expect(nodeAt(two, 0, 1).name).toBe("b");
  });

  test("a need that the plan does not have", () => {
    expect(
      codes(changed((nodes) => Object.assign(nodes[1] as object, { dependsOn: [{ node: 7, absorbs: "nothing" }] }))),
    ).toContain("need-unknown b");
    expect(
      codes(changed(([, b]) => Object.assign(fieldsOf(b), { x: { kind: "ref", scope: 0, node: 0.5, path: [] } }))),
    ).toEqual(["need-unknown b"]);
    const answer = JSON.parse(
      JSON.stringify(two).replace(/"answer":\{[^}]*\}/, '"answer":{"kind":"ref","scope":0,"node":9,"path":[]}'),
    );
    expect(codes(answer)).toContain("need-unknown the answer");
  });

  test("flaws in nested scopes are named with the whole path, in plans that no builder made too", () => {
    const { plan } = flow("deep", {
      input: any(),
      build: ($) => {
        const each = ($: FlowBuilder) => $.step("s", { output: any(), version: "1", cache: { maxAge: 1 } }).by(never);
        return {
          way: $.branch("way", { choose: () => "x" as const, cases: { x: each } }),
          all: $.map("all", { over: [1] as never, each }),
          turns: $.loop("turns", { output: any(), body: each as never, until: never, maxTurns: 1, atLimit: "fail" }),
          score: $.ensemble("score", { output: any(), quorum: 1 }).by({ s: never }),
        };
      },
    });
    const unversioned = JSON.parse(JSON.stringify(plan).replaceAll('"version":"1",', "")) as Plan;
    expect(codes(unversioned)).toEqual([
      "version-missing way.x.s",
      "version-missing all[0].s",
      "version-missing turns[1].s",
    ]);
    expect(flawsOf(unversioned)[0]?.what).toContain("a cache without a version");
    const effects = JSON.parse(JSON.stringify(plan).replaceAll('"stepKind":"read"', '"stepKind":"effect"')) as Plan;
    for (const scope of effects.scopes) {
      const [one] = scope.nodes;
      if (one?.name === "s") Object.assign(one, { hedge: { afterMs: 1 } });
    }
    expect(codes(effects)).toContain("option-invalid score.s");
    expect(codes(effects).filter((one) => one === "option-invalid way.x.s")).toHaveLength(2);
  });

  test("an unread node that only reads is a flaw, one that changes something is none; scopes that are not there hold nothing", () => {
    const { plan } = flow("unread", {
      input: any(),
      build: ($) => {
        const scope = ($: FlowBuilder) => $.step("s", { output: any() }).by(never);
        return {
          way: $.branch("way", { choose: () => "x" as const, cases: { x: scope } }),
          score: $.ensemble("score", { output: any(), quorum: 1 }).by({ s: never }),
          pause: $.sleep("pause", { for: 1 }),
        };
      },
    });
    const [root, ...inner] = plan.scopes as [Plan["scopes"][number], ...Plan["scopes"]];
    const unread = { ...plan, scopes: [{ ...root, answerDependsOn: [] }, ...inner] };
    expect(codes(unread)).toEqual(["step-unread way", "step-unread score"]);
    expect(flawsOf(unread).map(({ found }) => found.split(" ")[0])).toEqual(["a", "an"]);
    const text = JSON.stringify(unread);
    const changing = JSON.parse(text.replaceAll('"stepKind":"read"', '"stepKind":"effect"')) as Plan;
    expect(codes(changing)).toEqual([]);
    expect(codes(JSON.parse(text.replace('"cases":{"x":1}', '"cases":{"x":9}')) as Plan)).toContain("step-unread way");
    const endless = JSON.parse(text.replace('"cases":{"x":1}', '"cases":{"x":0}')) as Plan;
    expect(codes(endless)).not.toContain("step-unread way");
  });

  test("a scope that owns itself, or whose owner is not there, has a path too, and one with too many nodes is named", () => {
    const { plan } = flow("deep", {
      input: any(),
      build: ($) => $.branch("way", { choose: () => "x" as const, cases: { x: ($) => $.sleep("s", { for: 1 }) } }),
    });
    const many = (owner: object | undefined): Plan => {
      const copy = JSON.parse(JSON.stringify(plan)) as Plan;
      const [outer, inner] = copy.scopes as [Plan["scopes"][number], Plan["scopes"][number]];
      const nodes = Array.from({ length: maxNodes + 1 }, () => inner.nodes[0]);
      return { ...copy, scopes: [outer, { ...inner, owner, nodes } as never] };
    };
    const path = (owner?: object) => flawsOf(many(owner)).find(({ what }) => what.includes("too many"))?.path;
    expect([path({ scope: 0, node: 0 }), path({ scope: 7, node: 0 }), path({ scope: 0, node: 7 }), path()]).toEqual([
      "way.x",
      "",
      "",
      "",
    ]);
    expect(path({ scope: 1, node: 0 })).toBe("s.s.s");
  });

  test("a cycle names its members, and not what lies before it", () => {
    const cyclic = changed((nodes) => {
      nodes.push({ ...(nodes[0] as PlanNode), name: "c" }, { ...(nodes[0] as PlanNode), name: "d" });
      Object.assign(nodes[1] as object, {
        dependsOn: [
          { node: 0, absorbs: "nothing" },
          { node: 2, absorbs: "nothing" },
        ],
      });
      Object.assign(nodes[2] as object, {
        dependsOn: [
          { node: 1, absorbs: "nothing" },
          { node: 3, absorbs: "nothing" },
        ],
      });
    });
    expect(flawsOf(cyclic)).toMatchObject([{ code: "need-cycle", path: "b", found: "a cycle among b, c" }]);
  });

  test("a step that nobody reads, and that changes nothing, is a mistake; an effect or an approval is none", () => {
    const unread = (kind: "read" | "effect") => () =>
      flow("unread", {
        input: any(),
        build: ($) => {
          $.step("lonely", { kind, output: any() }).by(never);
          $.approval("notice", { decision: any<object>(), desk: "d", timeout: 1, onTimeout: {} });
          return 1;
        },
      });
    expect(unread("read")).toThrow(expect.objectContaining({ code: "step-unread", path: "lonely" }));
    expect(codes(unread("effect")().plan)).toEqual([]);
  });

  test("rule 16: lastGood needs a version; rule 7: an effect is never answered from a cache", () => {
    const cached = (options: object) => () =>
      flow("cached", {
        input: any(),
        build: ($) => $.step("s", { output: any(), ...options }).by(never, lastGood({ maxAge: "1h" })),
      });
    expect(cached({})).toThrow(expect.objectContaining({ code: "version-missing", path: "s" }));
    expect(cached({ version: "1", kind: "effect" })).toThrow(
      expect.objectContaining({ code: "option-invalid", path: "s" }),
    );
    expect(codes(cached({ version: "1" })().plan)).toEqual([]);
    expect(codes(changed(([, b]) => Object.assign(b as object, { stepKind: "effect" })))).toEqual([]);
  });

  test("all flaws are told at once, the first with its mend", () => {
    const both = () =>
      flow("both", {
        input: any(),
        build: ($) => {
          $.step("one", { output: any() }).by(never);
          $.step("two", { output: any() }).by(never, lastGood({ maxAge: 1 }));
          return 1;
        },
      });
    expect(both).toThrow(
      /^one: .*also wrong: two \(step-unread\), two \(version-missing\) \[step-unread\]\n.*\n.*\n.*mend: /,
    );
  });

  test(`rule 32: at most ${maxNodes} steps in one scope, and so many are judged in reasonable time`, () => {
    const many = (count: number) =>
      changed((nodes) => {
        for (let i = nodes.length; i < count; i++)
          nodes.push({ ...(nodes[1] as PlanNode), name: `s${i}`, dependsOn: [{ node: i - 1, absorbs: "nothing" }] });
      });
    expect(codes(many(maxNodes + 1))).toContain("flow-invalid two");
    const begun = performance.now();
    flawsOf(many(maxNodes));
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

describe("paths into contracts that describe themselves", () => {
  const input = z.object({
    pdf: z.string(),
    who: z.object({ name: z.string() }).optional(),
    list: z.array(z.object({ n: z.number() })),
    any: z.any(),
  });
  const reads =
    (read: (input: Record<string, never>) => unknown, output: z.ZodType = z.unknown()) =>
    () =>
      flow("paths", {
        input,
        build: ($, given) => {
          const step = $.step("step", { needs: { x: read(given as never) }, output }).by(never);
          return { step, deep: (step as unknown as { total: unknown }).total };
        },
      });

  test("a field that is not there is named, with those that are", () => {
    expect(reads(({ pfd }) => pfd)).toThrow(
      expect.objectContaining({
        code: "reference-path",
        path: "step",
        found: "pfd",
        expected: "one of pdf, who, list, any",
      }),
    );
    expect(reads(({ who }) => (who as unknown as { nam: unknown }).nam)).toThrow(
      expect.objectContaining({ found: "nam" }),
    );
    expect(reads(({ pdf }) => pdf, z.object({ sum: z.number() }))).toThrow(
      expect.objectContaining({ path: "the answer", found: "total", message: expect.stringContaining("step.total") }),
    );
  });

  test("what is there, what is open and what cannot be described pass", () => {
    const total = z.object({ total: z.number() });
    expect(reads(({ who }) => (who as unknown as { name: unknown }).name, total)).not.toThrow();
    expect(reads(({ list }) => (list as unknown as unknown[])[0], z.looseObject({}))).not.toThrow();
    expect(
      reads(({ any: anything }) => (anything as unknown as { x: unknown }).x, z.record(z.string(), z.number())),
    ).not.toThrow();
    expect(reads(({ pdf }) => pdf, z.object({ total: z.date() }))).not.toThrow();
    expect(reads(({ pdf }) => pdf, z.object({}).catchall(z.number()))).not.toThrow();
  });

  test("a contract describes itself, or does not", () => {
    expect(jsonSchemaOf(z.object({ a: z.string() }), "output")).toMatchObject({
      type: "object",
      properties: { a: {} },
    });
    expect(jsonSchemaOf(z.date(), "output")).toBe(undefined);
    expect(jsonSchemaOf(any(), "input")).toBe(undefined);
  });

  test("approvals and hand-made plans are checked as far as they are known", () => {
    const asked = flow("asked", {
      input,
      build: ($) =>
        $.approval("ask", {
          decision: z.object({ approved: z.boolean() }),
          desk: "d",
          timeout: 1,
          onTimeout: { approved: false },
        }).via,
    });
    expect(() => refuseFlaws(asked.plan)).not.toThrow();
    const stray = changed(([a]) => Object.assign(fieldsOf(a), { x: { kind: "ref", scope: 0, node: 9, path: ["y"] } }));
    const codes = [Object.assign([], { 9: { kind: "step", output: z.object({}) } })];
    expect(() => refuseFlaws(stray, { input: any() as never, codes })).toThrow(
      /a \(need-unknown\)|also wrong: a \(reference-path\)/,
    );
    expect(() => refuseFlaws(stray, { input: any() as never, codes: [] })).toThrow("need-unknown");
  });
});

test("expressions name what they read, each node once, with the weakest absorption", () => {
  const ref = (node: number, scope = 0) => ({ kind: "ref", scope, node, path: [] }) as const;
  const optional = (of: ReturnType<typeof ref>, onFailure: boolean) => ({ kind: "optional", of, onFailure }) as const;
  const expression = {
    kind: "object",
    fields: {
      list: { kind: "list", items: [optional(ref(1), true), { kind: "constant", value: "1" }, ref(-1), ref(3, 5)] },
      first: { kind: "first", of: [ref(1), ref(2)] },
      again: optional(ref(2), true),
    },
  } as const;
  expect(dependenciesOf(expression, 0)).toEqual([
    { node: 1, absorbs: "skip" },
    { node: 2, absorbs: "skip" },
  ]);
  expect(refsIn(expression).map(({ node }) => node)).toEqual([1, -1, 3, 1, 2, 2]);
});

test("a field of optional and of firstOf is read in each of their members; a constant has none", () => {
  const ref = { kind: "ref", scope: 0, node: 1, path: [] } as const;
  const read = { kind: "first", of: [{ kind: "optional", of: ref, onFailure: false }, ref] } as const;
  const deeper = { ...ref, path: ["a"] };
  expect(fieldOf(read, "a")).toEqual({
    kind: "first",
    of: [{ kind: "optional", of: deeper, onFailure: false }, deeper],
  });
  expect(fieldOf({ kind: "constant", value: "1" }, "a")).toEqual({ kind: "constant", value: "1" });
});
