// Writes the sample applications: samples/*.pdf and samples/truth.json. `npm run generate`.
// Boundary: chooses persons, faults and styles; the drawing is draw-form.ts, the contract of the truth samples.ts.
// Invariants: fixed seed, so a second run describes the same samples; a sample's class is what its form deserves by the
// committed model, and a sample that the model puts elsewhere is not used as one of its kind.
import { writeFileSync } from "node:fs";
import { randomFrom, shuffledIndices } from "@plumbline/example-local-models/seeded-random.ts";
import { type LoanFields, monthlyInstalment } from "./application-form.ts";
import { classify } from "./classify.ts";
import { drawForm, type FormStyle, type ScanStyle, scanForm } from "./draw-form.ts";
import { findFraudSignals } from "./fraud-signals.ts";
import { type GermanCreditRow, loadGermanCredit } from "./german-credit.ts";
import { applicationFrom, dayAfter } from "./made-up-people.ts";
import { loadPastApplications } from "./past-applications.ts";
import { type Sample, sampleUrl, type TruthFile } from "./samples.ts";

export const SAMPLES_SEED = 42;
const FIRST_DAY = "2026-03-02";

interface Plan {
  readonly name: string;
  readonly sample: Omit<Sample, "file" | "scanned">;
  readonly form?: Partial<FormStyle>;
  readonly scan?: Omit<ScanStyle, "seed">;
}

const cleanScan = { dpi: 150, rotationDegrees: 0.5, noise: 6, blur: 0 };
const noisyScan = { dpi: 110, rotationDegrees: 1.2, noise: 16, blur: 0.4 };
const grainyScan = { dpi: 80, rotationDegrees: 2.5, noise: 95, blur: 1.6 };
const blurredScan = { dpi: 80, rotationDegrees: 1.5, noise: 6, blur: 3 };

/** What each sample is, before it is drawn. */
export function planSamples(seed: number = SAMPLES_SEED): Plan[] {
  const take = applicantsOf(seed);
  const standard = (why: string) => ({ triage: ["standard" as const], fraud: [], why });
  const review = (why: string) => ({ triage: ["manual-review" as const], fraud: [], why });
  const highRisk = { triage: ["high-risk" as const], fraud: [], why: "the classifier expects a bad loan" };
  const plans: Plan[] = [
    { name: "text", sample: { kind: "text", fields: take("standard"), expected: standard("a good text form") } },
    {
      name: "text-two-pages",
      sample: { kind: "text", fields: take("standard"), expected: standard("the fields spread over two pages") },
      form: { twoPages: true },
    },
    {
      name: "text-older-form",
      sample: { kind: "text", fields: take("standard"), expected: standard("other labels, other order, dotted lines") },
      form: { layout: "older" },
    },
    {
      name: "text-marks-in-name",
      sample: {
        kind: "text",
        fields: { ...take("standard"), applicant: "Zoë Müller-Sørensen" },
        expected: standard("a name with letters beyond English"),
      },
    },
    {
      name: "text-borderline",
      sample: { kind: "text", fields: take("manual-review"), expected: review("the classifier is undecided") },
    },
  ];
  const scans = [cleanScan, { ...cleanScan, rotationDegrees: -0.7 }, { ...cleanScan, dpi: 200 }];
  scans.forEach((scan, at) => {
    const sample = { kind: "clean-scan" as const, fields: take("standard"), expected: standard("a readable scan") };
    plans.push({ name: `clean-scan-${at + 1}`, sample, scan });
  });
  plans.push({
    name: "clean-scan-two-pages",
    sample: { kind: "clean-scan", fields: take("standard"), expected: standard("a readable scan of two pages") },
    form: { twoPages: true },
    scan: cleanScan,
  });
  for (const at of [1, 2]) {
    const expected = { ...standard("readable with luck"), triage: ["standard" as const, "manual-review" as const] };
    const scan = { ...noisyScan, rotationDegrees: at === 1 ? 1.2 : -1.5 };
    plans.push({ name: `noisy-scan-${at}`, sample: { kind: "noisy-scan", fields: take("standard"), expected }, scan });
  }
  plans.push({
    name: "noisy-scan-older-form",
    sample: {
      kind: "noisy-scan",
      fields: take("standard"),
      expected: { triage: ["standard", "manual-review"], fraud: [], why: "OCR takes the dotted lines for letters" },
    },
    form: { layout: "older" },
    scan: cleanScan,
  });
  for (const [name, scan] of Object.entries({ grain: grainyScan, blur: blurredScan })) {
    const sample = { kind: "unreadable" as const, fields: take("standard"), expected: review("nobody can read it") };
    plans.push({ name: `unreadable-${name}`, sample, scan });
  }
  plans.push(...planInconsistent(take));
  for (const at of [1, 2, 3]) {
    const sample = { kind: "high-risk" as const, fields: take("high-risk"), expected: highRisk };
    plans.push({ name: `high-risk-${at}`, sample, ...(at === 3 ? { scan: cleanScan } : {}) });
  }
  plans.push(...planDuplicates(take));
  return plans;
}

type Take = (wanted: "standard" | "high-risk" | "manual-review") => LoanFields;

function planInconsistent(take: Take): Plan[] {
  const low = take("standard");
  const wrongId = take("standard");
  const wide = take("standard");
  const lastDigit = (Number(wrongId.idNumber.at(-1)) + 1) % 10;
  const review = (why: string) => ({ triage: ["manual-review" as const], fraud: [], why });
  return [
    {
      name: "inconsistent-instalment",
      sample: {
        kind: "inconsistent",
        fields: { ...low, instalment: Number((low.instalment * 0.7).toFixed(2)) },
        expected: review("the instalment is too low for amount, duration and interest"),
      },
    },
    {
      name: "inconsistent-id",
      sample: {
        kind: "inconsistent",
        fields: { ...wrongId, idNumber: `${wrongId.idNumber.slice(0, -1)}${lastDigit}` },
        expected: review("the check digits of the ID are wrong"),
      },
    },
    {
      name: "inconsistent-income-scan",
      sample: {
        kind: "inconsistent",
        fields: { ...wide, income: Number((wide.instalment * 0.8).toFixed(2)) },
        expected: review("the instalment is higher than the income"),
      },
      scan: cleanScan,
    },
  ];
}

function planDuplicates(take: Take): Plan[] {
  const recent = loadPastApplications().filter((past) => past.applicationDate >= dayAfter(FIRST_DAY, -25));
  const [first, second] = recent;
  if (!first || !second) throw new Error("no past application is recent enough for a duplicate");
  const borrowed = take("standard");
  const again = take("standard");
  return [
    {
      name: "duplicate-id-of-another",
      sample: {
        kind: "duplicate",
        fields: { ...borrowed, idNumber: first.idNumber },
        expected: {
          triage: ["manual-review"],
          fraud: ["id-of-another-person", "applied-within-30-days"],
          why: `the ID belongs to ${first.id}`,
        },
      },
    },
    {
      name: "duplicate-again-with-other-details",
      sample: {
        kind: "duplicate",
        fields: {
          ...again,
          applicant: second.applicant,
          idNumber: second.idNumber,
          dateOfBirth: second.dateOfBirth,
          employmentYears: 1,
          income: Math.round(second.income * 2.5),
        },
        expected: {
          triage: ["manual-review"],
          fraud: ["applied-within-30-days", "income-jumped"],
          why: `${second.id} again, with another income`,
        },
      },
    },
  ];
}

/** Hands out applicants whom the classifier puts clearly into a class and no fraud rule touches. */
function applicantsOf(seed: number): Take {
  const random = randomFrom(seed);
  const rows = loadGermanCredit();
  const order = shuffledIndices(rows.length, random);
  let day = 0;
  return (wanted) => {
    for (let at = 0; at < order.length; at++) {
      const row = rows[order[at] as number] as GermanCreditRow;
      const fields = applicationFrom(row, dayAfter(FIRST_DAY, day % 5), random);
      if (!fields || !isClearly(wanted, classify(fields).probabilityBad)) continue;
      if (findFraudSignals(fields).signals.length > 0) continue;
      order.splice(at, 1);
      day++;
      return { ...fields, instalment: monthlyInstalment(fields) };
    }
    throw new Error(`no row is clearly ${wanted}`);
  };
}

function isClearly(wanted: "standard" | "high-risk" | "manual-review", probabilityBad: number): boolean {
  if (wanted === "standard") return probabilityBad < 0.25;
  if (wanted === "high-risk") return probabilityBad > 0.7;
  return probabilityBad > 0.42 && probabilityBad < 0.52;
}

if (import.meta.main) {
  const samples: Sample[] = [];
  let bytes = 0;
  for (const [at, plan] of planSamples().entries()) {
    const file = `${String(at + 1).padStart(2, "0")}-${plan.name}.pdf`;
    const drawn = await drawForm(plan.sample.fields, { layout: "current", ...plan.form });
    const pdf = plan.scan ? await scanForm(drawn, { ...plan.scan, seed: SAMPLES_SEED + at }) : drawn;
    writeFileSync(sampleUrl(file), pdf);
    samples.push({ file, ...plan.sample, scanned: plan.scan !== undefined });
    bytes += pdf.length;
  }
  const about = "Made up by src/generate-samples.ts; no form is that of a real person.";
  const truth: TruthFile = { about, seed: SAMPLES_SEED, samples };
  writeFileSync(sampleUrl("truth.json"), `${JSON.stringify(truth, null, 2)}\n`);
  console.log(`${samples.length} samples (seed ${SAMPLES_SEED}), ${(bytes / 1e6).toFixed(1)} MB`);
}
