// Writes the sample applications: samples/*.pdf and samples/truth.json. `npm run generate`.
// Boundary: chooses persons, faults and styles; the drawing is draw-form.ts, the contract of the truth samples.ts.
// Invariants: fixed seed, so a second run describes the same samples; a sample's class is what its form deserves by the
// committed model, and a sample that the model puts elsewhere is not used as one of its kind.
import { writeFileSync } from "node:fs";
import { randomFrom, shuffledIndices } from "@plumbline/example-local-models/seeded-random.ts";
import { type LoanFields, monthlyInstalment } from "./application-form.ts";
import { classify, type RiskClass } from "./classify.ts";
import { drawForm, type FormStyle, type ScanStyle, scanForm } from "./draw-form.ts";
import { findFraudSignals } from "./fraud-signals.ts";
import { type GermanCreditRow, loadGermanCredit } from "./german-credit.ts";
import { applicationFrom, dayAfter } from "./made-up-people.ts";
import { loadPastApplications } from "./past-applications.ts";
import { type Sample, sampleUrl, type TruthFile } from "./samples.ts";

export const SAMPLES_SEED = 42;
const FIRST_DAY = "2026-03-02";

type ScanPlan = Omit<ScanStyle, "seed">;

interface Plan {
  readonly name: string;
  readonly sample: Omit<Sample, "file" | "scanned">;
  readonly form?: Partial<FormStyle>;
  readonly scan?: ScanPlan;
}

const cleanScan = { dpi: 150, rotationDegrees: 0.5, noise: 6, blur: 0 };
const noisyScan = { dpi: 110, rotationDegrees: 1.2, noise: 16, blur: 0.4 };
const grainyScan = { dpi: 80, rotationDegrees: 2.5, noise: 95, blur: 1.6 };
const blurredScan = { dpi: 80, rotationDegrees: 1.5, noise: 6, blur: 3 };

/** What each sample is, before it is drawn. */
export function planSamples(seed: number = SAMPLES_SEED): Plan[] {
  const take = applicantsOf(seed);
  return [
    ...planText(take),
    ...planScans(take),
    ...planUnreadable(take),
    ...planInconsistent(take),
    ...planHighRisk(take),
    ...planDuplicates(take),
  ];
}

type Take = (wanted: RiskClass) => LoanFields;

function expecting(triage: RiskClass, why: string): Sample["expected"] {
  return { triage: [triage], fraud: [], why };
}

function planText(take: Take): Plan[] {
  const plan = (
    name: string,
    fields: LoanFields,
    expected: Sample["expected"],
    form: Partial<FormStyle> = {},
  ): Plan => ({
    name,
    sample: { kind: "text", fields, expected },
    form,
  });
  return [
    plan("text", take("standard"), expecting("standard", "a good text form")),
    plan("text-two-pages", take("standard"), expecting("standard", "the fields spread over two pages"), {
      twoPages: true,
    }),
    plan("text-older-form", take("standard"), expecting("standard", "other labels, other order, dotted lines"), {
      layout: "older",
    }),
    plan(
      "text-marks-in-name",
      { ...take("standard"), applicant: "Zoë Müller-Sørensen" },
      expecting("standard", "a name with letters beyond English"),
    ),
    plan("text-borderline", take("manual-review"), expecting("manual-review", "the classifier is undecided")),
  ];
}

function planScans(take: Take): Plan[] {
  const clean = (name: string, scan: ScanPlan, form: Partial<FormStyle> = {}): Plan => ({
    name: `clean-scan-${name}`,
    sample: { kind: "clean-scan", fields: take("standard"), expected: expecting("standard", "a readable scan") },
    form,
    scan,
  });
  const noisy = (name: string, why: string, scan: ScanPlan, form: Partial<FormStyle> = {}): Plan => ({
    name: `noisy-scan-${name}`,
    sample: {
      kind: "noisy-scan",
      fields: take("standard"),
      expected: { triage: ["standard", "manual-review"], fraud: [], why },
    },
    form,
    scan,
  });
  return [
    clean("1", cleanScan),
    clean("2", { ...cleanScan, rotationDegrees: -0.7 }),
    clean("3", { ...cleanScan, dpi: 200 }),
    clean("two-pages", cleanScan, { twoPages: true }),
    noisy("1", "readable with luck", noisyScan),
    noisy("2", "readable with luck", { ...noisyScan, rotationDegrees: -1.5 }),
    noisy("older-form", "OCR takes the dotted lines for letters", cleanScan, { layout: "older" }),
  ];
}

function planUnreadable(take: Take): Plan[] {
  return Object.entries({ grain: grainyScan, blur: blurredScan }).map(([name, scan]) => ({
    name: `unreadable-${name}`,
    sample: {
      kind: "unreadable",
      fields: take("standard"),
      expected: expecting("manual-review", "nobody can read it"),
    },
    scan,
  }));
}

function planHighRisk(take: Take): Plan[] {
  return [1, 2, 3].map((at) => ({
    name: `high-risk-${at}`,
    sample: {
      kind: "high-risk",
      fields: take("high-risk"),
      expected: expecting("high-risk", "the classifier expects a bad loan"),
    },
    ...(at === 3 ? { scan: cleanScan } : {}),
  }));
}

function planInconsistent(take: Take): Plan[] {
  const low = take("standard");
  const wrongId = take("standard");
  const wide = take("standard");
  const lastDigit = (Number(wrongId.idNumber.at(-1)) + 1) % 10;
  return [
    {
      name: "inconsistent-instalment",
      sample: {
        kind: "inconsistent",
        fields: { ...low, instalment: Number((low.instalment * 0.7).toFixed(2)) },
        expected: expecting("manual-review", "the instalment is too low for amount, duration and interest"),
      },
    },
    {
      name: "inconsistent-id",
      sample: {
        kind: "inconsistent",
        fields: { ...wrongId, idNumber: `${wrongId.idNumber.slice(0, -1)}${lastDigit}` },
        expected: expecting("manual-review", "the check digits of the ID are wrong"),
      },
    },
    {
      name: "inconsistent-income-scan",
      sample: {
        kind: "inconsistent",
        fields: { ...wide, income: Number((wide.instalment * 0.8).toFixed(2)) },
        expected: expecting("manual-review", "the instalment is higher than the income"),
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

function isClearly(wanted: RiskClass, probabilityBad: number): boolean {
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
