// What comes in with a scan and what goes out, as contracts, with the checks that look across the answer.
// Boundary: values only; the flow between them is flow.ts.
// Invariants: an answer carries `diagnostic: false` and nothing else can stand there; it names who stands behind the
// conclusion, and what nobody stands behind is unclear.
import { z } from "zod";
import { AuditEntry } from "./audit-log.ts";
import { LESION } from "./phantom.ts";
import { Slice } from "./preprocess.ts";
import { DRAWN, NO_DIAGNOSIS } from "./report.ts";
import { LANGUAGE } from "./translate.ts";

export const ScanOrder = z.object({
  scanId: z.string().min(1),
  /** What the patient reads. */
  language: z.enum(LANGUAGE),
  scan: Slice,
});
export type ScanOrder = z.infer<typeof ScanOrder>;

/** What a radiologist says of a scan that the models do not agree on. */
export const Ruling = z.object({ lesion: z.enum([...LESION, "unclear"]), note: z.string().optional() });

export const ScanReport = z.object({
  scanId: z.string(),
  /** A demonstration on drawings. */
  diagnostic: z.literal(false),
  lesion: z.enum([...LESION, "unclear"]),
  via: z.enum(["models", "person", "timeout", "breaker"]),
  language: z.enum(LANGUAGE),
  translated: z.boolean(),
  text: z.string(),
  audit: AuditEntry,
});
export type ScanReport = z.infer<typeof ScanReport>;

export function sameScan({ scanId }: ScanReport, order: ScanOrder): boolean {
  return scanId === order.scanId;
}

/** Nobody answered: then there is no conclusion to report. */
export function unansweredIsUnclear({ lesion, via }: ScanReport): true | string {
  return via === "models" || via === "person" || lesion === "unclear" || `${lesion}, though nobody has looked`;
}

/** In English the words can be checked; a translation was held to its source. */
export function englishSaysWhatItIs({ language, text }: ScanReport): true | string {
  return language !== "en" || (text.includes(NO_DIAGNOSIS) && text.includes(DRAWN)) || "it does not say what it is";
}
