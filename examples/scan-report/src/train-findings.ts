// Trains classifier and detector on what the committed network marks in generated scans: part of npm run train.
// Boundary: run by hand, after train.ts; what the models are worth is said by evaluate.ts.
// Invariants: they learn from the network's marks and not from the truth, because that is what they will be given;
// seeds from 2,000,000 on, which neither the network's training nor evaluation uses.
import { writeFileSync } from "node:fs";
import { train } from "@plumbline/example-local-models/logistic-regression.ts";
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import { type Features, measure } from "./features.ts";
import { COLUMNS, classifierRow, forestOf, type ModelFile, shapeRow, textureRow } from "./finding-models.ts";
import { anomalyScore } from "./isolation-forest.ts";
import { unpackMask } from "./mask.ts";
import { drawPhantom, LESION, type Lesion } from "./phantom.ts";
import { preprocess } from "./preprocess.ts";
import { segment } from "./segmentation.ts";

const SEED = 11;
const EACH = 160;
/** So many usual scans in a hundred may be called unusual. */
const FALSE_ALARMS = 0.03;

interface Sample {
  readonly lesion: Lesion;
  readonly features: Features;
}

async function drawSamples(): Promise<Sample[]> {
  const random = randomFrom(SEED);
  const samples: Sample[] = [];
  for (let at = 0; at < EACH * LESION.length; at++) {
    const lesion = LESION[at % LESION.length] as Lesion;
    const size = 112 + 16 * Math.floor(random() * 6);
    const slice = preprocess(drawPhantom(2_000_000 + at, { lesion, size, hard: random() < 0.4 }));
    const mask = unpackMask(await segment(slice, { tile: 64 }));
    samples.push({ lesion, features: measure(slice, mask) });
  }
  return samples;
}

const samples = await drawSamples();
const marked = samples.flatMap(({ lesion, features: { region } }) =>
  region === null || lesion === "none"
    ? []
    : [{ row: classifierRow(region), label: lesion === "malignant-like" ? 1 : 0 }],
);
const classifier = train(
  marked.map(({ row }) => row),
  marked.map(({ label }) => label),
  { seed: SEED },
);
const usual = samples.filter(({ lesion }) => lesion !== "malignant-like").map(({ features }) => features);
const file: ModelFile = {
  about: "Trained by src/train-findings.ts on generated scans; the classes are those of the generator. Not diagnostic.",
  seed: SEED,
  columns: [...COLUMNS],
  classifier,
  usual: {
    region: usualOf(usual.flatMap(({ region }) => (region === null ? [] : [shapeRow(region)]))),
    slice: usualOf(usual.map(textureRow)),
  },
};
writeFileSync(new URL("../data/findings.json", import.meta.url), `${JSON.stringify(file)}\n`);
console.log(`seed ${SEED}: ${samples.length} scans, ${marked.length} marked regions`);

/** Half of the rows grow the forest; the other half, which it has not seen, sets the threshold. */
function usualOf(rows: readonly (readonly number[])[]): ModelFile["usual"]["region"] {
  const grown = rows.filter((_, at) => at % 2 === 0).map((row) => row.map((value) => Number(value.toPrecision(5))));
  const forest = forestOf(grown, SEED);
  const scores = rows.filter((_, at) => at % 2 === 1).map((row) => anomalyScore(forest, row));
  scores.sort((a, b) => a - b);
  return { rows: grown, threshold: scores[Math.floor(scores.length * (1 - FALSE_ALARMS))] ?? 1 };
}
