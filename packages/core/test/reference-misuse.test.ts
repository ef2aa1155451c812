// A reference used as a value must not pass silently: every way of taking it for one is an error that names it.
import { describe, expect, test } from "vitest";
import { firstOf, flow, internalsOf, optional, PlumblineError, type Ref } from "../src/index.ts";
import { any, never } from "./stage.ts";

type Pdf = { pdf: { pages: number[]; then: string }; name: string };

/** Runs `misuse` on the input's reference inside a build. */
function misused(misuse: (input: Ref<Pdf>) => unknown): () => unknown {
  return () =>
    flow("misuse", {
      input: any<Pdf>(),
      build(_$, input) {
        misuse(input);
        return input.name;
      },
    });
}

describe("a reference as a value", () => {
  test.each<[string, (input: Ref<Pdf>) => unknown, string]>([
    ["in a template", (input) => `${input.name}`, "input.name"],
    ["in a sum", (input) => (input.pdf.pages[0] as unknown as number) + 1, "input.pdf.pages.0"],
    ["in a comparison", (input) => (input.name as unknown as number) > 1, "input.name"],
    ["as JSON", (input) => JSON.stringify({ a: input.name }), "input.name"],
    ["as text", (input) => String(input), "input"],
    ["asked for its text", (input) => (input as object).toString(), "input"],
    ["asked for its value", (input) => (input.name as object).valueOf(), "input.name"],
    ["spread", (input) => ({ ...input.pdf }), "input.pdf"],
    ["listed", (input) => Object.entries(input), "input"],
    ["iterated", (input) => [...(input.pdf.pages as unknown as number[])], "input.pdf.pages"],
    ["asked for a field", (input) => "pdf" in input, "input"],
    [
      "assigned to",
      (input) => {
        (input as unknown as { name: string }).name = "x";
      },
      "input",
    ],
  ])("%s is an error that names it", (_name, misuse, path) => {
    expect(misused(misuse)).toThrow(expect.objectContaining({ code: "reference-as-value", path }));
  });

  test("iterated asynchronously is an error too", async () => {
    const steps: unknown[] = [];
    const iterate = async (input: AsyncIterable<unknown>) => {
      for await (const step of input) steps.push(step);
    };
    let iterated: Promise<void> | undefined;
    misused((input) => {
      iterated = iterate(input as unknown as AsyncIterable<unknown>);
    })();
    await expect(iterated).rejects.toMatchObject({ code: "reference-as-value" });
    expect(steps).toEqual([]);
  });

  test("called is an error of the language", () => {
    expect(misused((input) => (input.pdf.pages as unknown as number[]).map((page) => page))).toThrow(TypeError);
  });

  test("a field called then is a field like any other, and awaiting a reference waits for nothing", async () => {
    let given: Ref<Pdf> | undefined;
    const made = flow("then", {
      input: any<Pdf>(),
      build(_$, input) {
        given = input;
        return { later: input.pdf.then };
      },
    });
    const awaited: unknown = await given;
    expect(internalsOf(awaited)?.label).toBe("input");
    expect(made.plan.scopes[0]?.answer).toMatchObject({ fields: { later: { kind: "ref", path: ["pdf", "then"] } } });
  });

  test("other symbols are not there, so that inspecting a reference is harmless", () => {
    misused((input) =>
      expect((input as unknown as { [Symbol.toStringTag]: unknown })[Symbol.toStringTag]).toBe(undefined),
    )();
    expect(internalsOf(undefined)).toBe(undefined);
    expect(internalsOf({})).toBe(undefined);
  });
});

describe("references of other definitions", () => {
  test("a reference from another flow is refused where it is used: needs, after, answer, firstOf", () => {
    let stolen: Ref<Pdf> | undefined;
    misused((input) => {
      stolen = input;
    })();
    const use = (build: Parameters<typeof flow>[1]["build"]) => () => flow("second", { input: any(), build });
    const foreign = (path: string) => expect.objectContaining({ code: "reference-foreign", path });
    const steal = stolen as Ref<Pdf>;
    expect(use(($) => $.step("a", { needs: { x: [steal.name] }, output: any() }).by(never))).toThrow(
      foreign("a.needs.x[0]"),
    );
    expect(use(($) => $.step("a", { after: steal, output: any() }).by(never))).toThrow(foreign("a.after"));
    expect(use(() => ({ x: steal }))).toThrow(foreign("second answer.x"));
    expect(use((_$, input) => firstOf(input, steal))).toThrow(foreign("firstOf(input, input)"));
  });

  test("optional and firstOf take references, and say so", () => {
    const wrong = expect.objectContaining({ code: "option-invalid", expected: expect.stringContaining("reference") });
    expect(() => optional("text" as unknown as Ref<string>)).toThrow(wrong);
    expect(() => firstOf({} as Ref<string>)).toThrow(wrong);
    expect(
      misused((input) =>
        flow("x", {
          input: any(),
          build: ($) => $.step("a", { after: [input.name, "b"] as never, output: any() }).by(never),
        }),
      ),
    ).toThrow(PlumblineError);
  });
});

describe("what is written in needs", () => {
  const expressionOf = (needs: unknown) => {
    const made = flow("written", {
      input: any<{ a: string }>(),
      build: ($) => $.step("s", { needs: needs as object, output: any() }).by(never),
    });
    return made.plan.scopes[0]?.nodes[0]?.needs;
  };

  test("constants are sealed, so that the plan is data", () => {
    expect(expressionOf({ at: new Date(0), n: 1, list: [undefined] })).toEqual({
      kind: "object",
      fields: {
        at: { kind: "constant", value: '{"$":"date","v":"1970-01-01T00:00:00.000Z"}' },
        n: { kind: "constant", value: "1" },
        list: { kind: "list", items: [{ kind: "constant", value: '{"$":"undefined"}' }] },
      },
    });
  });

  test("a hole in a list is undefined, in the plan as text too", () => {
    const holed: unknown[] = [1];
    holed[2] = 3;
    const needs = expressionOf({ holed, bare: Object.assign(Object.create(null), { x: 1 }) });
    expect(JSON.parse(JSON.stringify(needs))).toEqual(needs);
    expect(needs).toMatchObject({ fields: { holed: { items: [{}, { value: '{"$":"undefined"}' }, {}] } } });
  });

  test("a constant that a journal cannot keep is refused with its place", () => {
    expect(() => expressionOf({ a: { b: [() => 1] } })).toThrow(
      expect.objectContaining({ code: "option-invalid", path: "s.needs.a.b[0]" }),
    );
    expect(() => expressionOf({ a: new Map([["x", Number.NaN]]) })).toThrow(
      expect.objectContaining({ path: "s.needs.a<value 0>" }),
    );
  });

  test("needs that are no object are refused", () => {
    expect(() => expressionOf([1])).toThrow(expect.objectContaining({ code: "option-invalid", path: "s.needs" }));
  });
});
