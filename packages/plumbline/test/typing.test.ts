// What the compiler accepts and refuses in flows: the files of fixtures/typing, compiled as users' files are.
// The positive ones are also loaded, because a flow that was made is valid.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { compile, compilerFolder } from "./compiler.ts";

const typing = join(import.meta.dirname, "fixtures/typing");
const files = readdirSync(typing).filter((name) => name.endsWith(".ts") && !name.endsWith(".health.ts"));
let folder: string;

// A compiler that has to share its two cores with other tests may take its time.
vi.setConfig({ testTimeout: 120_000 });

beforeAll(() => {
  folder = compilerFolder();
});
afterAll(() => rmSync(folder, { recursive: true }));

test("what users type compiles, is inferred exactly, and each mistake marked in misuse.ts is one", () => {
  expect(files).toContain("misuse.ts");
  expect(compile(typing, files).diagnostics).toEqual([]);
});

test("type tests can fail: the health file is refused, statement by statement", () => {
  const lines = readFileSync(join(typing, "broken.health.ts"), "utf8").split("\n");
  const { diagnostics } = compile(typing, ["broken.health.ts"]);
  expect(diagnostics.map(({ code, line }) => [code, lines[line - 1]?.trim().slice(0, 28)])).toEqual([
    ["TS2339", 'const wrongPath = $.step("a"'],
    ["TS2345", 'const wrongOutput = $.step("'],
    ["TS2578", "// @ts-expect-error there is"],
    ["TS2322", 'const wrongCase = $.branch("'],
    ["TS2322", "const wrongMember = $.ensemb"],
    ["TS2578", "// @ts-expect-error there is"],
    ["TS2554", 'const each = $.map("g", { ov'],
    ["TS2554", "exactly<number>()(1 as 1 | 2"],
    ["TS2554", "exactly<number>()(JSON.parse"],
  ]);
});

test("the flows that compile are valid", async () => {
  const modules = ["loan-triage", "inference", "certainty", "steps-apart", "steps-apart-used", "scopes"];
  const flows = await Promise.all(modules.map(async (name) => import(join(typing, `${name}.ts`)) as Promise<object>));
  const names = flows.flatMap((module) => Object.values(module)).flatMap(({ plan }) => (plan ? [plan.flow] : []));
  expect(names.sort().join(" ")).toBe(
    "agents answers approvals branches certainty ensembles loan-triage loops maps needs plain scalar small together waits",
  );
});

describe("declaration files", () => {
  test("a module of steps and flows compiles to one that names only what it imported, and a strict consumer takes it", () => {
    const declare = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", folder];
    const emitted = compile(typing, ["steps-apart.ts"], ...declare, "--rootDir", join(import.meta.dirname, "../../.."));
    expect(emitted.diagnostics).toEqual([]);
    const declaration = readFileSync(join(folder, "packages/plumbline/test/fixtures/typing/steps-apart.d.ts"), "utf8");
    expect([...declaration.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(([, name]) => name)).toEqual(
      expect.arrayContaining(["plumbline", "zod"]),
    );
    expect(declaration).not.toMatch(/@plumbline|\.\.\/|\/work\//);

    writeFileSync(join(folder, "steps-apart.d.ts"), declaration);
    for (const name of ["exactly.ts", "steps-apart-used.ts"]) {
      writeFileSync(join(folder, name), readFileSync(join(typing, name)));
    }
    const used = compile(folder, ["steps-apart-used.ts", "steps-apart.d.ts"], "--skipLibCheck", "false");
    expect(used.diagnostics).toEqual([]);
  });
});

describe("long flows", () => {
  test.each([
    ["one after the other", flowOf],
    ["in nested scopes", nestedFlowOf],
  ])("each step costs the compiler the same, in a flow of 20 as in one of 200: %s", (name, flowOf) => {
    const [short, long] = [20, 200].map((steps) => {
      const file = `${name.replaceAll(" ", "-")}-${steps}.ts`;
      writeFileSync(join(folder, file), flowOf(steps));
      const { diagnostics, figures } = compile(folder, [file], "--extendedDiagnostics");
      expect(diagnostics).toEqual([]);
      return figures["Instantiations"] ?? 0;
    });
    // Work is counted and not timed, so it is the same on every machine: it was 3.7 times as much, 3.1 in nested scopes, most of
    // it for what every program needs. If a step cost two instantiations more for each step before it, it would be 5.
    expect(short).toBeGreaterThan(0);
    expect(long).toBeLessThan(5 * (short ?? 0));
  });
});

const output = 'output: z.object({ n: z.number(), kind: z.enum(["a", "b"]) })';

function flowOf(steps: number): string {
  const lines = Array.from({ length: steps }, (_, i) => {
    const needs = `needs: { n: s${i}.n, all: s${Math.floor(i / 2)} }`;
    const when = i % 5 === 0 ? ", when: ({ n }) => n > 1" : "";
    const ladder = '({ n, all }) => ({ n: n + all.n, kind: "a" }), template(({ n }) => ({ n, kind: "b" }))';
    return `const s${i + 1} = $.step("s${i + 1}", { ${needs}, ${output}${when} }).by(${ladder});`;
  });
  return `import { flow, template } from "plumbline";
import { z } from "zod";
export const long = flow("long", { input: z.object({ n: z.number() }), build($, input) {
const s0 = $.step("s0", { needs: { n: input.n }, ${output} }).by(({ n }) => ({ n, kind: "a" }), template(({ n }) => ({ n, kind: "b" })));
${lines.join("\n")}
return { last: s${steps} };
} });
`;
}

/** Ten steps each: two cases, three members, one in a branch in a map, two in a loop, a signal, one that reads them all. */
function nestedFlowOf(steps: number): string {
  const groups = Array.from({ length: steps / 10 }, (_, i) => {
    const step = (name: string, needs: string, by: string) =>
      `$.step("${name}", { needs: { ${needs} }, ${output} }).by(${by})`;
    const before = `s${i}`;
    return `
const b${i} = $.branch("b${i}", { needs: { n: ${before}.n }, choose: ({ n }) => (n > 1 ? "one" : "two"), cases: {
  one: ($) => ${step("x", `n: ${before}.n`, '({ n }) => ({ n, kind: "a" }), template(({ n }) => ({ n, kind: "b" }))')},
  two: ($) => { const y = ${step("y", `n: ${before}.n`, '({ n }) => ({ n, kind: "b" })')}; return { n: y.n, more: 1 }; },
} });
const e${i} = $.ensemble("e${i}", { needs: { n: b${i}.n }, ${output}, quorum: 2, combine: upperMedian(({ n }) => n), below: "few" }).by({
  r: ({ n }) => ({ n, kind: "a" }), t: { run: ({ n }) => ({ n, kind: "b" }), timeout: "5s" }, u: () => ({ n: 1, kind: "a" }),
});
const m${i} = $.map("m${i}", { over: input.pages, each: ($, page, index) => $.branch("in", { needs: { page },
  choose: ({ page }) => (page === "" ? "none" : "some"), cases: { none: () => null, some: ($) => ${step("r", "page, index", '({ page, index }) => ({ n: page.length + index, kind: "a" })')} } }) });
const l${i} = $.loop("l${i}", { start: { n: b${i}.n, kind: "a" }, ${output}, maxTurns: 3, until: ({ n }) => n > 3, atLimit: "last",
  body: ($, previous, turn) => { const q = ${step("q", `n: previous.n, turn, e: e${i}.survivors`, '({ n, turn, e }) => ({ n: n + turn + e, kind: "b" })')};
    return ${step("w", `q, all: m${i}`, '({ q, all }) => ({ n: q.n + all.length, kind: "a" })')}; } });
const g${i} = $.signal("g${i}", { schema: z.object({ ok: z.boolean() }), timeout: "1d", onTimeout: { ok: false }, after: l${i} });
const s${i + 1} = ${step(`s${i + 1}`, `n: l${i}.n, ok: g${i}.ok`, '({ n, ok }) => ({ n: ok ? n : 0, kind: "a" })')};`;
  });
  return `import { flow, template, upperMedian } from "plumbline";
import { z } from "zod";
export const long = flow("long", { input: z.object({ n: z.number(), pages: z.array(z.string()) }), build($, input) {
const s0 = $.step("s0", { needs: { n: input.n }, ${output} }).by(({ n }) => ({ n, kind: "a" }));
${groups.join("\n")}
return { last: s${steps / 10} };
} });
`;
}
