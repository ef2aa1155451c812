// Goal: the flow on its own, in memory: doubt goes to a person and never further, only a person grants, what is refused
// leaves nothing behind. What needs OCR, a database or a kill is shown by demo.test.ts and kill.test.ts.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, fold, newState, openEngine, type RunHandle, stepsOf } from "plumbline";
import { afterAll, beforeAll, expect, expectTypeOf, test } from "vitest";
import { monthlyInstalment } from "../src/application-form.ts";
import { loanTriage } from "../src/configured-flow.ts";
import { readLedger, setFault } from "../src/core-banking/client.ts";
import { readFiles } from "../src/core-banking/file-client.ts";
import { type CoreBankingProcess, startCoreBanking } from "../src/core-banking/process.ts";
import { type ModelSupply, supplyModels } from "../src/demo/model-supply.ts";
import { loanTriageFlow } from "../src/flow.ts";
import type { LoanDecision } from "../src/loan-decision.ts";
import { loadSamplePdf, loadSamples } from "../src/samples.ts";

const folder = mkdtempSync(join(tmpdir(), "loan-flow-"));
const samples = loadSamples();
let bank: CoreBankingProcess;
let models: ModelSupply;
let flow: ReturnType<typeof loanTriageFlow>;
let engine: Engine;
beforeAll(async () => {
  bank = await startCoreBanking({ db: join(folder, "core-banking.db") });
  models = await supplyModels({});
  flow = loanTriageFlow({ ...models, bank: bank.baseUrl, bankTimeout: "2s", approvalTimeout: "20s" });
  engine = await openEngine({ flows: [flow] });
});
afterAll(async () => {
  await engine.close();
  await models[Symbol.asyncDispose]();
  await bank.stop();
  rmSync(folder, { recursive: true });
});

test("the answer of the flow is typed", () => {
  expectTypeOf<NonNullable<typeof flow.gives>>().toEqualTypeOf<LoanDecision>();
});

test("an upload that is no PDF is referred to a person: degraded, nothing asked of models", async () => {
  const run = await start("no-pdf", new TextEncoder().encode("Dear bank, please find no PDF attached."));
  await decide(run, { approved: false });
  const { outcome, output, degradations } = await run.result();
  expect(outcome).toBe("degraded");
  expect(output).toMatchObject({ triage: "manual-review", approved: false, via: "person" });
  expect(degradations).toMatchObject([{ path: "read", kind: "fallback" }]);
  const record = await engine.get(run.id);
  const steps = record === undefined ? [] : stepsOf(fold(newState(record.plan), record.entries));
  const skipped = steps.filter(({ status }) => status === "skipped").map(({ path }) => path);
  expect(skipped).toEqual(expect.arrayContaining(["form", "classify", "summarise", "book"]));
});

test("a grant without figures that can be believed books nothing and says what is missing", async () => {
  const run = await start("granted-blindly", pdfOf("16"));
  await decide(run, { approved: true });
  const { outcome, failure } = await run.result();
  expect([outcome, failure?.message]).toEqual(["failed", expect.stringContaining("send `corrected` with it")]);
  expect(await booked("granted-blindly")).toEqual([]);
});

test("a correction that does not add up is refused at the desk, and the run still waits", async () => {
  const fields = samples.find(({ file }) => file.startsWith("15"))?.fields;
  if (fields === undefined) throw new Error("no sample 15");
  const run = await start("corrected-twice", pdfOf("15"));
  await expect(decide(run, { approved: true, corrected: fields })).rejects.toMatchObject({ code: "decision-invalid" });
  await decide(run, { approved: true, corrected: { ...fields, instalment: monthlyInstalment(fields) } });
  expect(await run.result()).toMatchObject({ outcome: "succeeded", output: { approved: true } });
  expect(await booked("corrected-twice")).toEqual(["booked"]);
});

test("what the bank refuses was never done: one attempt, nothing to undo", async () => {
  await setFault(bank.baseUrl, { applicationId: "refused", fault: "refuse" });
  const run = await start("refused", pdfOf("01"));
  await decide(run, { approved: true });
  const { outcome, standing } = await run.result();
  expect([outcome, standing]).toEqual(["failed", []]);
  expect(await booked("refused")).toEqual([]);
});

test("a cancel while an underwriter thinks ends the run, and a decision after it is late", async () => {
  const run = await start("withdrawn", pdfOf("02"));
  await waiting(run);
  await engine.cancel(run.id, { by: "applicant", reason: "changed their mind" });
  expect((await run.result()).outcome).toBe("cancelled");
  expect(await engine.decide({ run: run.id, path: "underwriter", decision: { approved: true } })).toMatchObject({
    status: "late",
  });
  expect(await booked("withdrawn")).toEqual([]);
});

test("a granted loan has a booking and an open file", async () => {
  const run = await start("granted", pdfOf("03"));
  await decide(run, { approved: true });
  const { output } = await run.result();
  expect(await booked("granted")).toEqual(["booked"]);
  const files = (await readFiles(bank.baseUrl)).filter((file) => file.applicationId === "granted");
  expect(files).toMatchObject([{ fileId: output?.fileId, loanId: output?.loanId, open: true }]);
});

test("the README's graph is the flow's plan", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const lines = readme.matchAll(/^ {2}([\w-]+)\S* -\.?->(?:\|[^|]*\|)? ([\w-]+)/gm);
  const drawn = [...lines].flatMap(([, from, to]) => (from === "upload" || to === "answer" ? [] : [`${from} ${to}`]));
  const nodes = loanTriage.plan.scopes[0]?.nodes ?? [];
  const planned = nodes.flatMap(({ name, dependsOn }) =>
    dependsOn.flatMap(({ node }) => (nodes[node] ? [`${nodes[node].name} ${name}`] : [])),
  );
  expect(drawn.sort()).toEqual(planned.sort());
});

function pdfOf(number: string): Uint8Array {
  const sample = samples.find(({ file }) => file.startsWith(number));
  if (sample === undefined) throw new Error(`no sample ${number}`);
  return loadSamplePdf(sample);
}

function start(applicationId: string, pdf: Uint8Array) {
  return engine.start(flow, { applicationId, pdf }, { key: applicationId });
}

/** Resolves when the run waits for a person. */
async function waiting({ id }: Pick<RunHandle, "id">): Promise<void> {
  for await (const { entry } of engine.watch(id)) {
    if (entry.kind === "approval.requested") return;
    if (entry.kind === "run.ended") throw new Error(`ended without asking anybody: ${JSON.stringify(entry.failure)}`);
  }
}

async function decide(run: Pick<RunHandle, "id">, decision: unknown): Promise<void> {
  await waiting(run);
  await engine.decide({ run: run.id, decision, by: "test" });
}

async function booked(applicationId: string) {
  const rows = (await readLedger(bank.baseUrl)).filter((row) => row.applicationId === applicationId);
  return rows.map(({ kind }) => kind);
}
