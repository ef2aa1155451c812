// Proves that the arrows between rooms are kept: each case is a small tree with one wrong import, and what is said of it.
import { expect, test } from "vitest";
import { problemsIn } from "./fixture-tree.ts";

const core = { "packages/core/src/index.ts": "export const plan = 1;\nexport type Plan = number;\n" };
const engine = { "packages/engine/src/index.ts": "export const engine = 1;\n" };

test("a tree that keeps every arrow has no problems", () => {
  const problems = problemsIn({
    ...core,
    ...engine,
    "packages/core/src/contract.ts":
      'import type { StandardSchemaV1 } from "@standard-schema/spec";\nexport type Contract = StandardSchemaV1;\n',
    "packages/core/test/plan.test.ts":
      'import { clock } from "@plumbline/testing";\nimport { plan } from "../src/index.ts";\nclock(plan);\n',
    "packages/testing/src/index.ts":
      'import type { Plan } from "@plumbline/core";\nexport const clock = (plan: Plan): Plan => plan;\n',
    "packages/engine/test/engine.test.ts": 'import { clock } from "@plumbline/testing";\nclock(1);\n',
    "packages/rehearsal/src/index.ts": 'export * from "@plumbline/core";\nexport * from "@plumbline/insight";\n',
    "packages/insight/src/index.ts": 'export * from "@plumbline/core";\n',
    "packages/server/src/index.ts":
      'import { createServer } from "node:http";\nimport { Hono } from "hono";\nexport { createServer, Hono };\n',
    "packages/plumbline/src/index.ts": 'export * from "@plumbline/core";\nexport * from "@plumbline/engine";\n',
    "examples/loan-triage/src/main.ts": 'import "plumbline";\n',
  });
  expect(problems).toEqual([]);
});

test.each([
  ["engine", "server"],
  ["insight", "engine"],
  ["ai", "engine"],
  ["restate", "engine"],
  ["server", "insight"],
  ["client", "server"],
  ["rehearsal", "engine"],
  ["testing", "engine"],
  ["core", "engine"],
  ["core", "testing"],
])("%s may not import %s", (from, to) => {
  const problems = problemsIn({
    [`packages/${from}/src/index.ts`]: `import { wrong } from "@plumbline/${to}";\nexport const used = wrong;\n`,
    [`packages/${to}/src/index.ts`]: "export const wrong = 1;\n",
  });
  expect(problems).toEqual([
    expect.stringMatching(`^packages/${from}/src/index.ts:1 .*${from} may not import ${to}; it sees`),
  ]);
});

test("studio may not import the engine, nor Node modules", () => {
  const problems = problemsIn({
    ...engine,
    "apps/studio/src/app.tsx": 'import "@plumbline/engine";\nimport "node:fs";\n',
  });
  expect(problems).toEqual([
    expect.stringContaining("studio may not import engine; it sees only core, insight, client"),
    expect.stringContaining("studio runs in a browser too"),
  ]);
});

test.each([
  ["a type-only import", 'import type { engine } from "@plumbline/engine";'],
  ["a re-export", 'export * from "@plumbline/engine";'],
  ["a type-only re-export", 'export type { engine } from "@plumbline/engine";'],
  ["an import type", 'export type Engine = import("@plumbline/engine").engine;'],
  ["a dynamic import", 'export const load = () => import("@plumbline/engine");'],
])("%s is an import", (_, text) => {
  expect(problemsIn({ ...core, ...engine, "packages/server/src/index.ts": `${text}\n` })).toEqual([
    expect.stringContaining("server may not import engine"),
  ]);
});

test.each([
  ["a Node module", 'import { readFileSync } from "node:fs";', "core runs in a browser too"],
  ["a Node module without prefix", 'import { readFileSync } from "fs";', "core runs in a browser too"],
  ["a package", 'import { z } from "zod";', "depends on no package"],
  ["a value of the one type package", 'import { S } from "@standard-schema/spec";', "write `import type`"],
])("core may not import %s", (_, text, said) => {
  expect(problemsIn({ "packages/core/src/index.ts": `${text}\n` })).toEqual([expect.stringContaining(said)]);
});

test("core's tests see core and testing alone", () => {
  const problems = problemsIn({
    ...core,
    ...engine,
    "packages/core/test/plan.test.ts": 'import "@plumbline/engine";\n',
  });
  expect(problems).toEqual([expect.stringContaining("core may not import engine; it sees only testing")]);
});

test("a room is entered by its package name", () => {
  const problems = problemsIn({ ...core, "packages/engine/src/index.ts": 'import "../../core/src/index.ts";\n' });
  expect(problems).toEqual([expect.stringContaining("reach another room by its package name")]);
});

test("only what a room exports can be imported", () => {
  const problems = problemsIn({ ...core, "packages/engine/src/index.ts": 'import "@plumbline/core/src/plan.ts";\n' });
  expect(problems).toEqual([expect.stringContaining('@plumbline/core does not export "./src/plan.ts"')]);
});

test("an import must exist", () => {
  const problems = problemsIn({ "packages/engine/src/index.ts": 'import "./gone.ts";\n' });
  expect(problems).toEqual([expect.stringContaining("packages/engine/src/gone.ts does not exist")]);
});

test("source may not import tests", () => {
  const problems = problemsIn({
    "packages/engine/src/index.ts": 'import "../test/sample.ts";\n',
    "packages/engine/test/sample.ts": "export {};\n",
  });
  expect(problems).toEqual([expect.stringContaining("source may not import tests")]);
});

test("a package that the table does not know is a problem", () => {
  expect(problemsIn({ "packages/cellar/src/index.ts": "export {};\n" })).toEqual([
    expect.stringContaining("cellar: no such room"),
  ]);
});

test("stores never see each other, over a file between them neither", () => {
  const problems = problemsIn({
    "packages/engine/src/sqlite-store.ts": 'import "./rows.ts";\n',
    "packages/engine/src/rows.ts": 'import "./memory/table.ts";\n',
    "packages/engine/src/memory/table.ts": "export {};\n",
    "packages/engine/src/index.ts": 'import "./sqlite-store.ts";\nimport "./memory/table.ts";\n',
  });
  expect(problems).toEqual([
    expect.stringContaining("sqlite-store.ts: the sqlite store reaches packages/engine/src/memory/table.ts"),
  ]);
});

test("a syntax error is said, not skipped", () => {
  expect(problemsIn({ "packages/engine/src/index.ts": "export const = 1;\n" })).toEqual([
    expect.stringContaining("packages/engine/src/index.ts: "),
  ]);
});

test("a tree without sources is not called fine", () => {
  expect(problemsIn({})).toEqual([expect.stringContaining("nothing was checked")]);
});
