// Goal: the committed samples and past applications are those that the committed generators describe.
import { expect, test } from "vitest";
import { drawForm } from "../src/draw-form.ts";
import { generatePastApplications, PAST_SEED } from "../src/generate-past-applications.ts";
import { planSamples, SAMPLES_SEED } from "../src/generate-samples.ts";
import { loadPastApplications } from "../src/past-applications.ts";
import { loadSamplePdf, loadSamples, SAMPLE_KIND } from "../src/samples.ts";

test(`past applications (seed ${PAST_SEED})`, () => {
  expect(loadPastApplications()).toEqual(generatePastApplications());
});

test(`truth.json (seed ${SAMPLES_SEED}), with samples of every kind`, () => {
  const plans = planSamples();
  expect(loadSamples()).toMatchObject(plans.map(({ sample }) => sample));
  expect(plans.length).toBeGreaterThanOrEqual(16);
  expect(new Set(plans.map(({ sample }) => sample.kind))).toEqual(new Set(SAMPLE_KIND));
});

test("every PDF is there; the first is what drawing it again gives", async () => {
  const samples = loadSamples();
  for (const sample of samples) expect(loadSamplePdf(sample).subarray(0, 5)).toEqual(new TextEncoder().encode("%PDF-"));
  const [first] = samples;
  if (first === undefined) throw new Error("no samples");
  expect(await drawForm(first.fields, { layout: "current" })).toEqual(loadSamplePdf(first));
});
