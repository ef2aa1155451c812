// Reads the fields of an application form from its PDF: from the text where there is any, by OCR where there is none.
// Boundary: bytes in, fields out; whether the fields make sense is judged by the checks of application-form.ts.
// Invariants: a value is never invented - what is absent, unreadable or said twice in different ways stays absent and
// is listed in `missing`; an abort ends the OCR; a page that takes too long counts as unreadable, not as an error.
import { OcrTimeLimit, recognizeText } from "@plumbline/example-local-models/ocr.ts";
import { pageGrain } from "@plumbline/example-local-models/page-grain.ts";
import { rasterisePdf, readPdfLines } from "@plumbline/example-local-models/pdf.ts";
import { z } from "zod";
import { FIELD_NAMES, type FieldName, LoanFields } from "./application-form.ts";
import { formLayout, readValue } from "./form-layout.ts";

/** What was read from a PDF: an output contract for the reading step. */
export const ReadFields = z.object({
  fields: LoanFields.partial(),
  /** Fields that were not found, not readable, or said twice in different ways. */
  missing: z.array(z.enum(FIELD_NAMES)),
  source: z.enum(["text", "ocr"]),
  /** 0-100: 100 for text, the worst page's confidence for OCR. Below 80 nothing should be believed. */
  confidence: z.number().min(0).max(100),
  /** Printable remarks on what stood in the way, for people. */
  remarks: z.array(z.string()),
});
export type ReadFields = z.infer<typeof ReadFields>;

/** Below this OCR confidence a form goes to a person: readable pages score above 90, unreadable ones below 30. */
export const CONFIDENCE_TO_BELIEVE = 80;

/** Measured on one form at 110 and 150 dpi: OCR read it up to a grain of 14, and within 15 s never from 18 on. */
const GRAIN_BEYOND_READING = 20;

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** A page that OCR has not finished after this is unreadable: a clean one takes about a second. */
  readonly pageLimitMs?: number;
}

/**
 * Reads a form. Throws UnreadablePdf when the bytes are no PDF, and the signal's reason when aborted.
 * An unreadable scan is not an error: it gives few or no fields and a low confidence.
 */
export async function readFields(
  pdf: Uint8Array,
  { signal, pageLimitMs = 8_000 }: ReadOptions = {},
): Promise<ReadFields> {
  const lines = (await readPdfLines(pdf, { signal })).flat();
  if (lines.length > 0) return { ...fieldsOf(lines), source: "text", confidence: 100 };
  return readScan(pdf, signal, pageLimitMs);
}

async function readScan(pdf: Uint8Array, signal: AbortSignal | undefined, pageLimitMs: number): Promise<ReadFields> {
  const lines: string[] = [];
  let confidence = 100;
  for (const image of await rasterisePdf(pdf, { signal })) {
    if ((await pageGrain(image)) > GRAIN_BEYOND_READING) return nothingRead("the picture of the page is only grain");
    try {
      const page = await recognizeText(image, { signal, timeLimitMs: pageLimitMs });
      lines.push(...page.text.split("\n"));
      confidence = Math.min(confidence, page.confidence);
    } catch (error) {
      if (error instanceof OcrTimeLimit) return nothingRead(error.message);
      throw error;
    }
  }
  return { ...fieldsOf(lines), source: "ocr", confidence };
}

/** A reading of which nothing can be believed, with the reason for people. */
export function nothingRead(remark: string): ReadFields {
  return { fields: {}, missing: [...FIELD_NAMES], source: "ocr", confidence: 0, remarks: [remark] };
}

/** The fields that lines of the shape "Label: value" (or "Label ..... value", or a wide gap) contain. */
export function fieldsOf(lines: readonly string[]): Pick<ReadFields, "fields" | "missing" | "remarks"> {
  const fields: Record<string, unknown> = {};
  const remarks: string[] = [];
  const contradicted = new Set<FieldName>();
  for (const line of lines) {
    const match = /^\s*(\S.*?)\s*(?:[:;]|\.{3,}|\s{3,})\s*(\S.*)$/.exec(line);
    const field = match?.[1] === undefined ? undefined : fieldOfLabel(match[1]);
    if (match?.[2] === undefined || field === undefined) continue;
    const value = readValue(field, match[2].replace(/^[.\s]+/, ""));
    if (value === undefined) remarks.push(`${field} is not readable: "${match[2].trim()}"`);
    else if (fields[field] !== undefined && fields[field] !== value) contradicted.add(field);
    else fields[field] = value;
  }
  for (const field of contradicted) {
    delete fields[field];
    remarks.push(`${field} is said twice in different ways`);
  }
  return { fields, missing: FIELD_NAMES.filter((field) => fields[field] === undefined), remarks };
}

/** Labels reduced to letters, longest first, so that a fuzzy match prefers the more specific one. */
const labels = FIELD_NAMES.flatMap((field) =>
  formLayout[field].labels.map((label) => ({ field, key: lettersOf(label) })),
).sort((a, b) => b.key.length - a.key.length);

/** A label may be misread by one letter (two when it is long); a value may not. */
function fieldOfLabel(label: string): FieldName | undefined {
  const key = lettersOf(label);
  const exact = labels.find((known) => known.key === key);
  if (exact) return exact.field;
  return labels.find((known) => known.key.length > 5 && editDistance(known.key, key) <= (known.key.length > 11 ? 2 : 1))
    ?.field;
}

function lettersOf(label: string): string {
  return label.toLowerCase().replace(/[^a-z]/g, "");
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substituted = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substituted, (previous[column] as number) + 1, (current[column - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}
