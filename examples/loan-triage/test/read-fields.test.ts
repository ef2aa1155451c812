// Goal: from the sample PDFs exactly the true values are read or none: text and clean scans whole, unreadable ones fast.

import { warmOcr } from "@plumbline/example-local-models/ocr.ts";
import { UnreadablePdf } from "@plumbline/example-local-models/pdf.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { FIELD_NAMES } from "../src/application-form.ts";
import { CONFIDENCE_TO_BELIEVE, ReadFields, readFields } from "../src/read-fields.ts";
import { loadSamplePdf, loadSamples } from "../src/samples.ts";

const samples = loadSamples();
const wholly = samples.filter(({ kind }) => kind !== "noisy-scan" && kind !== "unreadable");

beforeAll(warmOcr);

test.each(wholly.filter(({ scanned }) => !scanned))("$file: every field exact, from its text", async (sample) => {
  const read = await readFields(loadSamplePdf(sample));
  expect(read).toEqual({ fields: sample.fields, missing: [], remarks: [], source: "text", confidence: 100 });
});

test.each(wholly.filter(({ scanned }) => scanned))("$file: every field exact, by OCR", async (sample) => {
  const read = await readFields(loadSamplePdf(sample), { pageLimitMs: 20_000 });
  expect(read.fields).toEqual(sample.fields);
  expect(read).toMatchObject({ missing: [], source: "ocr" });
  expect(read.confidence).toBeGreaterThan(CONFIDENCE_TO_BELIEVE);
  expect(ReadFields.parse(read)).toEqual(read);
});

test.each(samples.filter(({ kind }) => kind === "noisy-scan"))("$file: what is read is true", async (sample) => {
  const read = await readFields(loadSamplePdf(sample), { pageLimitMs: 20_000 });
  expect(sample.fields).toMatchObject(read.fields);
  expect(read.missing.length).toBe(FIELD_NAMES.length - Object.keys(read.fields).length);
});

test.each(samples.filter(({ kind }) => kind === "unreadable"))("$file: nothing believed, and soon", async (sample) => {
  const started = performance.now();
  const read = await readFields(loadSamplePdf(sample));
  expect(read.confidence).toBeLessThan(CONFIDENCE_TO_BELIEVE);
  expect(read.missing).toEqual(FIELD_NAMES);
  expect(performance.now() - started).toBeLessThan(10_000);
});

describe("limits", () => {
  const scan = samples.find(({ kind }) => kind === "clean-scan");
  if (scan === undefined) throw new Error("no scan among the samples");

  test("a page over its time limit counts as unreadable", async () => {
    const read = await readFields(loadSamplePdf(scan), { pageLimitMs: 20 });
    expect(read).toMatchObject({ fields: {}, confidence: 0, remarks: ["OCR did not finish a page in 20 ms"] });
  });

  test("an abort is an error with the signal's reason, before and during the OCR", async () => {
    const reason = new Error("the run was cancelled");
    await expect(readFields(loadSamplePdf(scan), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const reading = readFields(loadSamplePdf(scan), { signal: controller.signal });
    // Rendering takes longer than this, recognising longer still: whichever it is in, it must end.
    setTimeout(() => controller.abort(reason), 400);
    await expect(reading).rejects.toBe(reason);
  });

  test("bytes that are no PDF are an UnreadablePdf", async () => {
    await expect(readFields(new Uint8Array([37, 80, 68, 70]))).rejects.toBeInstanceOf(UnreadablePdf);
  });
});
