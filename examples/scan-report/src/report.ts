// Writes what was found as short sentences, and knows which figures a report may contain.
// Boundary: facts in, English out; Spanish is translate.ts. No language model: sentences with places for figures.
// Invariants: every report begins by saying that it is no diagnosis and that the image is drawn; a figure that is not
// in the facts breaks the contract, whoever wrote the report; sentences for translation keep to words and forms that
// the translator was seen to get right (`mean brightness` became `brillo malo`, bad brightness).
import { z } from "zod";
import type { Anomaly } from "./anomaly.ts";
import type { Classification } from "./classify.ts";
import type { Features } from "./features.ts";
import type { Lesion } from "./phantom.ts";

export interface Facts {
  readonly size: number;
  readonly features: Features;
  readonly classification: Classification;
  readonly anomaly: Anomaly;
  readonly conclusion: Conclusion;
}

/** What stands at the end, and who said so: both models as one, a person, or nobody in time. */
export interface Conclusion {
  readonly lesion: Lesion | "unclear";
  readonly via: "models" | "person" | "timeout" | "breaker";
}

export const NO_DIAGNOSIS = "This report is not a diagnosis.";
export const DRAWN = "A program drew this image.";

/** One sentence a line. */
export const Report = z.object({ text: z.string().min(NO_DIAGNOSIS.length) });
export type Report = z.infer<typeof Report>;

/** For who reads English. */
export function writeReport({ features, classification, anomaly, conclusion }: Facts): Report {
  const { region, regions } = features;
  const lines = [NO_DIAGNOSIS, DRAWN];
  if (region === null) {
    lines.push("No bright region was marked in it.");
  } else {
    const figures = figuresOf(features);
    lines.push(
      `${regions === 1 ? "One bright region was" : `${regions} bright regions were`} marked; the largest covers ` +
        `${figures.area} pixels around column ${figures.column}, row ${figures.row}, and is ${figures.diameter} pixels across.`,
      `Its brightness is ${figures.mean} (deviation ${figures.deviation}), its outline is ${shapeOf(region.irregularity)}.`,
      `The classifier takes it for ${classification.lesion} (probability of malignant-like ${two(classification.probability)}).`,
    );
  }
  lines.push(`The anomaly detector finds the scan ${anomaly.unusual ? "unusual" : "usual"} (${two(anomaly.score)}).`);
  if (conclusion.via === "models") {
    lines.push(`Both models agree on ${conclusion.lesion}; nobody has looked at the scan.`);
  } else if (conclusion.via === "person") {
    lines.push(`The models did not agree. A radiologist decided: ${conclusion.lesion}.`);
  } else lines.push("The models did not agree, and no radiologist answered. The finding is unclear.");
  return { text: lines.join("\n") };
}

/** For who reads a translation: the same facts in sentences that translate. */
export function writeForTranslation({ size, features, classification, anomaly, conclusion }: Facts): Report {
  const lines = [NO_DIAGNOSIS, DRAWN, `The image has ${size} columns and ${size} rows.`];
  lines.push(`The number of regions is ${features.regions}.`);
  if (features.region !== null) {
    const figures = figuresOf(features);
    lines.push(
      `The largest diameter is ${figures.diameter} points.`,
      `The area is ${figures.area} points.`,
      `The centre of the region is in column ${figures.column} and row ${figures.row}.`,
      `The average brightness is ${figures.mean}.`,
      `The border is ${shapeOf(features.region.irregularity)}.`,
      `The first model says: ${typeWord[classification.lesion]}.`,
      `The probability is ${two(classification.probability)}.`,
    );
  }
  lines.push(
    `The second model says: ${anomaly.unusual ? "unusual" : "normal"} image.`,
    `The value is ${two(anomaly.score)}.`,
  );
  if (conclusion.via === "models") {
    lines.push("The two models give the same answer.", `The result of the program is: ${typeWord[conclusion.lesion]}.`);
  } else {
    lines.push("The two models give different answers.");
    if (conclusion.via === "person") lines.push(`The specialist chose: ${typeWord[conclusion.lesion]}.`);
    else lines.push("The specialist did not answer in time.", "The result is uncertain.");
  }
  return { text: lines.join("\n") };
}

/** Contract: nothing is said but with the two sentences before it. */
export function saysWhatItIs({ text }: Report): true | string {
  return (
    (text.includes(NO_DIAGNOSIS) && text.includes(DRAWN)) || "a report says that it is no diagnosis, of a drawn image"
  );
}

/** Contract: every figure in the text is one of the facts. */
export function figuresAreFacts({ text }: Report, facts: Facts): true | string {
  const allowed = new Set(allowedFigures(facts));
  const invented = numbersIn(text).find((number) => !allowed.has(number));
  return invented === undefined || `${invented} is not a figure of this scan`;
}

/** Numbers as they are written, in order. */
export function numbersIn(text: string): string[] {
  return text.match(/\d+(?:\.\d+)?/g) ?? [];
}

const typeWord: Readonly<Record<Lesion | "unclear", string>> = {
  none: "no region",
  "benign-like": "benign type",
  "malignant-like": "malignant type",
  unclear: "uncertain result",
};

function allowedFigures({ size, features, classification, anomaly }: Facts): string[] {
  const own = [String(size), String(features.regions), two(classification.probability), two(anomaly.score)];
  const region = features.region === null ? [] : Object.values(figuresOf(features));
  return [...own, ...region];
}

function figuresOf({
  region,
}: Features): Record<"area" | "diameter" | "column" | "row" | "mean" | "deviation", string> {
  if (region === null) throw new RangeError("a scan without a region has no figures of one");
  return {
    area: String(region.area),
    diameter: region.diameter.toFixed(1),
    column: region.centre.column.toFixed(0),
    row: region.centre.row.toFixed(0),
    mean: two(region.mean),
    deviation: two(region.deviation),
  };
}

function shapeOf(irregularity: number): "smooth" | "irregular" {
  return irregularity < 0.15 ? "smooth" : "irregular";
}

function two(value: number): string {
  return value.toFixed(2);
}
