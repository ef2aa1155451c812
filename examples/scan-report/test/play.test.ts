// Goal: the seven scans of the example end as they say, on a file, with what answered and what was added told.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEngine, sqlite } from "plumbline";
import { afterAll, expect, test } from "vitest";
import { AuditLog, readAuditLog } from "../src/audit-log.ts";
import { scanReportFlow } from "../src/flow.ts";
import { type PlayedScan, playScan } from "../src/play.ts";
import { localModels, timed } from "../src/scan-models.ts";
import { scanCases } from "../src/scans.ts";
import { NOTICE, tableOf } from "../src/table.ts";
import { TranslationFailed } from "../src/translate.ts";

const folder = mkdtempSync(join(tmpdir(), "scan-play-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("every scan ends as its case says, and the audit file has a line for each", async () => {
  const path = join(folder, "audit.jsonl");
  // As on a machine without apertium.
  const translate = () => Promise.reject(new TranslationFailed("apertium is not installed", true));
  const { models, ...stopwatch } = timed({ ...localModels(new AuditLog(path)), translate });
  const flow = scanReportFlow({ models, radiologistTimeout: "2s" });
  const engine = await openEngine({ store: sqlite(join(folder, "plumbline.db")), flows: [flow] });
  const played: PlayedScan[] = [];
  for (const scan of scanCases) played.push(await playScan({ engine, flow, stopwatch }, scan));
  await engine.close();

  expect(played.flatMap(({ unmet }) => unmet)).toEqual([]);
  expect(played.map(({ outcome }) => outcome)).toEqual([
    "succeeded",
    "succeeded",
    "degraded",
    "succeeded",
    "succeeded",
    "succeeded",
    "degraded",
  ]);
  expect(readAuditLog(path)).toHaveLength(scanCases.length);
  for (const { scanId, modelMs, wallMs, orchestrationMs, report } of played) {
    expect(report?.diagnostic, scanId).toBe(false);
    expect(modelMs["segment"] === undefined, scanId).toBe(scanId === "scan-5");
    if (scanId === "scan-7") expect(orchestrationMs).toBeUndefined();
    else expect(orchestrationMs, scanId).toBeGreaterThan(0);
    expect(wallMs, scanId).toBeGreaterThan(orchestrationMs ?? 0);
  }
  const table = tableOf(played);
  expect(NOTICE).toContain("NOT DIAGNOSTIC");
  expect(table).toContain("mask: cache");
  expect(table).toContain("English (marked as not translated)");
});

test("the stopwatch changes neither answers nor errors, and counts both", async () => {
  const given = localModels(new AuditLog(join(folder, "other.jsonl")));
  const { models, ms, reset } = timed({
    ...given,
    combine: () => {
      throw new Error("no opinion");
    },
    translate: () => Promise.reject(new TranslationFailed("gone")),
  });
  expect(() =>
    models.combine({ lesion: "none", probability: 0 }, { unusual: false, score: 0, about: "slice" }),
  ).toThrow("no opinion");
  await expect(models.translate("x", {})).rejects.toThrow("gone");
  expect(models.record("k", {}).sequence).toBe(1);
  expect(Object.keys(ms()).sort()).toEqual(["combine", "record", "translate"]);
  reset();
  expect(ms()).toEqual({});
});
