// Everything that does the work of a scan, as functions that a flow is given: the local models, and a stopwatch on them.
// Boundary: no orchestration; the flow says what comes after what, and what happens when one of these fails.
// Invariant: a stopwatch changes no answer and no error; it counts time inside these functions and nothing else, so that
// what is left of a run's time is what orchestration added.
import { type Anomaly, detectAnomaly } from "./anomaly.ts";
import type { AuditEntry, AuditLog } from "./audit-log.ts";
import { type Classification, classify } from "./classify.ts";
import { combine, type Finding } from "./combine.ts";
import { type Features, measure } from "./features.ts";
import { type Mask, unpackMask } from "./mask.ts";
import { preprocess, type Slice } from "./preprocess.ts";
import { type Facts, type Report, writeForTranslation, writeReport } from "./report.ts";
import { type SegmentationOptions, segment } from "./segmentation.ts";
import { type Translation, type TranslatorOptions, translate } from "./translate.ts";

export interface ScanModels {
  readonly preprocess: (scan: Slice) => Slice;
  readonly segment: (slice: Slice, options: SegmentationOptions) => Promise<Mask>;
  readonly measure: (slice: Slice, mask: Mask) => Features;
  readonly classify: (features: Features) => Classification;
  readonly detectAnomaly: (features: Features) => Anomaly;
  readonly combine: (classification: Classification, anomaly: Anomaly) => Finding;
  /** For who reads English. A language model would stand here; there is none on this machine. */
  readonly writeReport: (facts: Facts) => Report | Promise<Report>;
  readonly writeForTranslation: (facts: Facts) => Report;
  readonly translate: (text: string, options: TranslatorOptions) => Promise<Translation>;
  readonly record: (key: string, record: unknown) => AuditEntry;
}

/** The ones that run on this machine. */
export function localModels(audit: AuditLog): ScanModels {
  return {
    preprocess,
    segment,
    measure: (slice, mask) => measure(slice, unpackMask(mask)),
    classify,
    detectAnomaly,
    combine,
    writeReport,
    writeForTranslation,
    translate,
    record: (key, record) => audit.append(key, record),
  };
}

/** The same models, and how long each has worked since the last reset. */
export function timed(models: ScanModels): { models: ScanModels; reset: () => void; ms: () => Record<string, number> } {
  let spent: Record<string, number> = {};
  const stopwatch = (name: string, work: (...given: never[]) => unknown) => {
    const add = (begun: number): void => {
      spent[name] = (spent[name] ?? 0) + performance.now() - begun;
    };
    return (...given: never[]): unknown => {
      const begun = performance.now();
      let answer: unknown;
      try {
        answer = work(...given);
      } finally {
        if (!(answer instanceof Promise)) add(begun);
      }
      return answer instanceof Promise ? answer.finally(() => add(begun)) : answer;
    };
  };
  const watched = Object.entries(models).map(([name, work]) => [name, stopwatch(name, work)]);
  return {
    models: Object.fromEntries(watched) as ScanModels,
    reset: () => {
      spent = {};
    },
    ms: () => spent,
  };
}
