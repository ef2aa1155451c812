// Goal: whatever goes wrong on its way, a scan ends in a report that holds, or in no report at all.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, memory, openEngine } from "plumbline";
import { afterAll, afterEach, expect, test } from "vitest";
import { AuditLog, readAuditLog } from "../src/audit-log.ts";
import { scanReportFlow } from "../src/flow.ts";
import type { Wish } from "../src/phantom.ts";
import { localModels, type ScanModels } from "../src/scan-models.ts";
import { orderOf } from "../src/scans.ts";
import { segment } from "../src/segmentation.ts";
import type { Language } from "../src/translate.ts";

const folder = mkdtempSync(join(tmpdir(), "scan-flow-"));
const engines: Engine[] = [];
afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())));
afterAll(() => rmSync(folder, { recursive: true }));

const plain: Wish = { lesion: "benign-like", size: 128 };
const disturbed: Wish = { lesion: "none", size: 128, stripes: true };
const seed = 5_000_001;
let stages = 0;

/** Real models but for those named, an engine in memory, and an audit file of its own. */
async function stage(changed: Partial<ScanModels> = {}) {
  const path = join(folder, `${++stages}.audit.jsonl`);
  const tiles: number[] = [];
  const models: ScanModels = {
    ...localModels(new AuditLog(path)),
    segment: (slice, options) => {
      tiles.push(options.tile);
      return segment(slice, options);
    },
    // Whether apertium is installed must not decide whether a test passes.
    translate: async (text) => ({ language: "es", translated: true, text: `ES ${text}`, unknown: [] }),
    ...changed,
  };
  const flow = scanReportFlow({ models, radiologistTimeout: "100ms" });
  const engine = await openEngine({ store: memory(), flows: [flow] });
  engines.push(engine);
  const play = async (scanId: string, wish: Wish = plain, language: Language = "en") => {
    const run = await engine.start(flow, orderOf({ scanId, seed, wish, language }), { key: scanId });
    return { id: run.id, ...(await run.result()) };
  };
  return { engine, flow, play, tiles, audit: () => readAuditLog(path) };
}

const because = (result: { readonly degradations: readonly { readonly path: string; readonly reason: string }[] }) =>
  result.degradations.map(({ path, reason }) => `${path}: ${reason}`);

test("models that agree: a report without a person, and a line in the audit file that says the same", async () => {
  const { play, audit } = await stage();
  const { outcome, output } = await play("a");
  expect(outcome).toBe("succeeded");
  expect(output).toMatchObject({
    scanId: "a",
    diagnostic: false,
    lesion: "benign-like",
    via: "models",
    language: "en",
  });
  const [line] = audit();
  expect(line).toMatchObject({ sequence: 1, hash: output?.audit.hash });
  expect(line?.record).toMatchObject({
    scanId: "a",
    conclusion: { lesion: "benign-like" },
    report: { text: output?.text },
  });
});

test("the same picture again, of another scan: the network is not asked, the rest is", async () => {
  const { engine, play, tiles, audit } = await stage();
  const first = await play("a");
  const second = await play("b");
  expect(tiles).toEqual([192]);
  expect(second.outcome).toBe("succeeded");
  expect({ ...second.output, scanId: "a", audit: undefined }).toEqual({ ...first.output, audit: undefined });
  expect(audit()).toHaveLength(2);
  const record = await engine.get(second.id);
  const hits = record?.entries.flatMap((entry) => (entry.kind === "step.completed" && entry.from ? [entry.from] : []));
  expect(hits).toMatchObject([{ run: first.id, path: "segment" }]);
});

test("out of memory: again with a smaller tile, and that is no degradation", async () => {
  const { play, tiles } = await stage();
  const { outcome, output } = await play("large", { lesion: "benign-like", size: 192 });
  expect(tiles).toEqual([192, 96]);
  expect({ outcome, lesion: output?.lesion }).toEqual({ outcome: "succeeded", lesion: "benign-like" });
});

test("any other error of the network fails the run at once, and nothing is recorded as reported", async () => {
  let asked = 0;
  const { play, audit } = await stage({
    segment: async () => {
      asked++;
      throw new Error("weights are gone");
    },
  });
  const { outcome, failedAt, failure } = await play("broken");
  expect({ outcome, failedAt, asked }).toEqual({ outcome: "failed", failedAt: "segment", asked: 1 });
  expect(failure?.message).toContain("weights are gone");
  expect(audit()).toEqual([]);
});

test("models that do not agree: the radiologist's word stands, with the person's mark", async () => {
  const { engine, flow, audit } = await stage();
  const order = orderOf({ scanId: "disputed", seed, wish: disturbed, language: "en" });
  const run = await engine.start(flow, order, { key: "disputed" });
  for await (const { entry } of engine.watch(run.id)) if (entry.kind === "approval.requested") break;
  await engine.decide({ run: run.id, decision: { lesion: "none" }, by: "Dr. Vega" });
  const { outcome, output } = await run.result();
  expect({ outcome, ...output }).toMatchObject({ outcome: "succeeded", lesion: "none", via: "person" });
  expect(output?.text).toContain("A radiologist decided: none.");
  expect(audit()[0]?.record).toMatchObject({ finding: { agreed: false }, conclusion: { via: "person" } });
});

test("nobody answers: unclear, degraded, and the report says so", async () => {
  const result = await (await stage()).play("unanswered", disturbed);
  expect(result).toMatchObject({ outcome: "degraded", output: { lesion: "unclear", via: "timeout" } });
  expect(result.output?.text).toContain("no radiologist answered");
});

test("a writer that invents a figure is asked again and then replaced by sentences that invent none", async () => {
  let asked = 0;
  const { play } = await stage({
    writeReport: () => {
      asked++;
      return { text: "This report is not a diagnosis.\nA program drew this image.\nIt has grown by 37 pixels." };
    },
  });
  const result = await play("inventive");
  expect({ asked, outcome: result.outcome }).toEqual({ asked: 2, outcome: "degraded" });
  expect(because(result)[0]).toContain("37 is not a figure of this scan");
  expect(result.output?.text).toContain("The two models give the same answer.");
});

test("Spanish: the sentences that translate, translated", async () => {
  const { outcome, output } = await (await stage()).play("es", plain, "es");
  expect({ outcome, ...output }).toMatchObject({ outcome: "succeeded", language: "es", translated: true });
  expect(output?.text).toContain("ES This report is not a diagnosis.");
});

const whole = { language: "es", translated: true, unknown: [] } as const;
const missing = Object.assign(new Error("apertium is not installed"), { missing: true });
test.each<[string, ScanModels["translate"], string]>([
  ["unknown words", async (text) => ({ ...whole, text, unknown: ["border"] }), "not translated: border"],
  ["a changed figure", async (text) => ({ ...whole, text: text.replace("128", "12") }), "figures were"],
  ["nothing", () => Promise.reject(missing), "not installed"],
])("a translator that gives %s: the English text, marked", async (_, translate, reason) => {
  const result = await (await stage({ translate })).play("es", plain, "es");
  expect(result).toMatchObject({ outcome: "degraded", output: { language: "en", translated: false } });
  expect(because(result)[0]).toContain(reason);
  expect(result.output?.text).toMatch(/^\[sin traducir/);
});

test("an answer that breaks the flow's contract is no answer: its audit line is withdrawn by another one", async () => {
  const { play, audit } = await stage({
    // Its figures are right, so the translation passes; that it is English text without the two sentences does not.
    translate: async (text) => ({
      language: "en",
      translated: true,
      text: text.replace("not a diagnosis", "final"),
      unknown: [],
    }),
  });
  const { outcome, output, failure } = await play("es", plain, "es");
  expect({ outcome, output }).toEqual({ outcome: "failed", output: undefined });
  expect(failure?.message).toContain("says what it is");
  const lines = audit();
  expect(lines).toHaveLength(2);
  expect(lines[1]?.record).toEqual({ withdraws: lines[0]?.key });
});

test("an audit file that cannot be written: no answer without its line", async () => {
  const { play } = await stage({
    record: () => {
      throw new Error("disk is full");
    },
  });
  const { outcome, output, standing } = await play("unrecorded");
  expect({ outcome, output }).toEqual({ outcome: "failed", output: undefined });
  expect(standing.map(({ path }) => path)).toEqual(["audit"]); // in doubt, and the withdrawal could not be written either
});
