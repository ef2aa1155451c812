// Goal: every sample, from its PDF through all parts, ends in the class that its truth says; a text form well below 1 s.
import { warmEmbeddings } from "@plumbline/example-local-models/embeddings.ts";
import { warmOcr } from "@plumbline/example-local-models/ocr.ts";
import { beforeAll, expect, test } from "vitest";
import { classify } from "../src/classify.ts";
import { findFraudSignals } from "../src/fraud-signals.ts";
import { readFields } from "../src/read-fields.ts";
import { loadSamplePdf, loadSamples, type Sample } from "../src/samples.ts";
import { findSimilar } from "../src/similar.ts";
import { plainSummary, Summary } from "../src/summary.ts";
import { completeFields, doubtsAbout, type Triage, triage } from "../src/triage.ts";

const samples = loadSamples();
/** Reading every scan is the goal of read-fields.test.ts; here one that can be read and one that cannot are enough. */
const scansToRead = ["clean-scan", "unreadable"].map((kind) => samples.findLast((sample) => sample.kind === kind));

beforeAll(async () => {
  await Promise.all([warmOcr(), warmEmbeddings()]);
});

test.each(samples.filter((sample) => !sample.scanned || scansToRead.includes(sample)))(
  "$file: $expected.why",
  async (sample) => {
    const { class: answer, reasons } = await wholeWay(sample);
    expect(sample.expected.triage).toContain(answer);
    expect(reasons.length > 0).toBe(answer !== "standard");
  },
);

test.each(samples.filter(({ kind, scanned }) => scanned && kind === "high-risk"))(
  "$file: rightly read, it is what it should be",
  ({ fields, expected }) => {
    expect(expected.triage).toContain(triage(classify(fields), findFraudSignals(fields)).class);
  },
);

test("a text form goes the whole way in well below a second", async () => {
  const sample = samples.find(({ kind }) => kind === "text");
  if (sample === undefined) throw new Error("no text sample");
  await wholeWay(sample);
  const started = performance.now();
  await wholeWay(sample);
  const took = performance.now() - started;
  console.log(`whole way of a text form: ${took.toFixed(0)} ms`);
  expect(took).toBeLessThan(1_000);
});

test("suspicion beats the classifier", () => {
  const good = { probabilityBad: 0.05, class: "standard" as const, drivers: [] };
  const signals = [{ code: "id-of-another-person" as const, detail: "past-0001" }];
  expect(triage(good, { score: 0.7, signals }).class).toBe("manual-review");
  expect(triage(good, { score: 0.3, signals }).class).toBe("standard");
});

async function wholeWay(sample: Sample): Promise<Triage> {
  const read = await readFields(loadSamplePdf(sample), { pageLimitMs: 15_000 });
  const fields = completeFields(read);
  if (fields === undefined) return { class: "manual-review", reasons: doubtsAbout(read) };
  const classification = classify(fields);
  const fraud = findFraudSignals(fields);
  const similar = await findSimilar(fields);
  expect(Summary.safeParse(plainSummary({ fields, classification, fraud, similar })).success).toBe(true);
  return triage(classification, fraud);
}
