// What a command is given: flow files, the flow that is meant, inputs; each mistake with what was expected and the mend.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { chooseFlow, fileOfBuild, loadFlowFile } from "../src/cli/flow-file.ts";
import { inputOf, readJson } from "../src/cli/input.ts";
import { problemOf } from "../src/cli/problem.ts";
import { Interrupts, outputOf } from "../src/cli/terminal.ts";
import { loans, workFolder } from "./fixtures/command.ts";
import { greet, loan } from "./fixtures/loans.ts";

const folder = workFolder();

async function mistake(work: () => unknown) {
  try {
    await work();
  } catch (error) {
    return problemOf(error);
  }
  throw new Error("it was accepted");
}

function given(options: Readonly<Record<string, string>>) {
  const out = outputOf({}, () => {});
  const words = { args: [], options: new Map(Object.entries(options)) };
  return {
    given: words,
    out,
    err: out,
    json: false,
    db: "x",
    interrupts: new Interrupts(),
    now: () => 0,
    told: new Map(),
  };
}

it("finds the flows of a file, and the one that is meant", async () => {
  const file = await loadFlowFile(loans);
  expect(file.flows.map(({ name }) => name).sort()).toEqual(["fails", "greet", "loan"]);
  expect(chooseFlow(file, "greet").name).toBe("greet");
  expect(fileOfBuild(file.url)).toBe(loans);
  expect([fileOfBuild("abc123"), fileOfBuild(undefined), fileOfBuild("file:///%zz")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(await mistake(() => chooseFlow(file, undefined))).toMatchObject({
    code: "flow-ambiguous",
    found: expect.stringContaining("greet"),
    mend: expect.stringMatching(/^say which, for example: loans\.ts \w+$/),
  });
  expect(await mistake(() => chooseFlow(file, "grete"))).toMatchObject({ code: "flow-not-in-file", found: "grete" });
});

it("says what a file lacks", async () => {
  writeFileSync(join(folder, "empty.mjs"), "export const answer = 42;\n");
  expect(await mistake(() => loadFlowFile(join(folder, "empty.mjs")))).toMatchObject({
    code: "flow-none",
    found: "exports answer",
  });
  expect(await mistake(() => loadFlowFile("nowhere.ts"))).toMatchObject({ code: "file-unknown", path: "nowhere.ts" });
  expect(await mistake(() => loadFlowFile(folder))).toMatchObject({ code: "file-unknown" });
});

it("takes an input as JSON, from a file or from the flow's samples", async () => {
  writeFileSync(join(folder, "ada.json"), '{"name":"Ada"}');
  expect(inputOf(given({ input: '{"name":"Ada"}' }), greet as never)).toEqual({ name: "Ada" });
  expect(inputOf(given({ input: `@${join(folder, "ada.json")}` }), greet as never)).toEqual({ name: "Ada" });
  expect(inputOf(given({ sample: "ada" }), loan as never)).toEqual({ applicant: "Ada", income: 4000 });
});

it("says which input is missing or wrong", async () => {
  expect(await mistake(() => inputOf(given({}), loan as never))).toMatchObject({
    code: "input-missing",
    mend: "try --sample ada",
  });
  expect(await mistake(() => inputOf(given({ sample: "bob" }), loan as never))).toMatchObject({
    code: "sample-unknown",
  });
  expect(await mistake(() => inputOf(given({ sample: "ada", input: "1" }), loan as never))).toMatchObject({
    code: "usage",
  });
  expect(await mistake(() => readJson("{name}", "--input"))).toMatchObject({ code: "json-invalid", path: "--input" });
  expect(await mistake(() => readJson("@nowhere.json", "--input"))).toMatchObject({
    code: "file-unknown",
    path: "nowhere.json",
  });
});
