// Proves that circles of imports are found: of values, of types, through a third file, and across packages.
import { expect, test } from "vitest";
import { problemsIn } from "./fixture-tree.ts";

test("a circle of type-only imports is one", () => {
  const problems = problemsIn({
    "packages/engine/src/run.ts": 'import type { Step } from "./step.ts";\nexport type Run = Step[];\n',
    "packages/engine/src/step.ts": 'import type { Run } from "./run.ts";\nexport type Step = Run;\n',
  });
  expect(problems).toEqual([
    "cycle: packages/engine/src/run.ts -> packages/engine/src/step.ts -> packages/engine/src/run.ts. Move what both need into a file that knows neither.",
  ]);
});

test("a circle over three files is said once, and what leads into it is not blamed", () => {
  const problems = problemsIn({
    "packages/engine/src/index.ts": 'export * from "./a.ts";\n',
    "packages/engine/src/a.ts": 'import "./b.ts";\n',
    "packages/engine/src/b.ts": 'import "./c.ts";\n',
    "packages/engine/src/c.ts": 'import "./a.ts";\n',
  });
  expect(problems).toEqual([expect.stringMatching(/^cycle: \S+a\.ts -> \S+b\.ts -> \S+c\.ts -> \S+a\.ts\./)]);
});

test("a file that imports itself is a circle", () => {
  expect(problemsIn({ "packages/engine/src/a.ts": 'import "./a.ts";\n' })).toEqual([expect.stringMatching(/^cycle: /)]);
});

test("a circle between packages is found, tests and examples included", () => {
  const problems = problemsIn({
    "examples/loan/src/index.ts": 'import "@plumbline/bank";\n',
    "examples/bank/src/index.ts": 'import "@plumbline/loan";\n',
  });
  expect(problems.filter((problem) => problem.startsWith("cycle: "))).toHaveLength(1);
});
