// The flow of one scan: prepared, marked, measured, judged twice, decided, reported, translated, recorded. Not diagnostic.
// Boundary: wiring only. What a step does is a plain function of its own file, and comes in from whoever starts the flow.
// Invariants: what the two models do not agree on is decided by a person or is unclear; a report holds the scan's figures
// and no others, in either language; an answer exists only with its line in the audit file.
import { type Duration, flow } from "plumbline";
import { auditStep } from "./audit-step.ts";
import { findingSteps } from "./finding-steps.ts";
import { reportSteps } from "./report-steps.ts";
import type { ScanModels } from "./scan-models.ts";
import { englishSaysWhatItIs, Ruling, ScanOrder, ScanReport, sameScan, unansweredIsUnclear } from "./scan-order.ts";

export interface ScanReportParts {
  readonly models: ScanModels;
  /** How long the radiologists have. Default 30 min. */
  readonly radiologistTimeout?: Duration;
}

export function scanReportFlow({ models, radiologistTimeout = "30m" }: ScanReportParts) {
  return flow("scan-report", {
    input: ScanOrder,
    output: ScanReport,
    checks: {
      "same scan": sameScan,
      "unanswered is unclear": unansweredIsUnclear,
      "says what it is": englishSaysWhatItIs,
    },
    deadline: "1h",
    build($, { scanId, language, scan }) {
      const { slice, mask, features, classification, anomaly, finding } = findingSteps($, scan, models);
      const conclusion = $.branch("conclude", {
        needs: { agreed: finding.agreed },
        choose: ({ agreed }) => (agreed ? "agreed" : "disputed"),
        cases: {
          agreed: () => ({ lesion: finding.lesion, via: "models" as const }),
          disputed: ($) => {
            const ruling = $.approval("radiologist", {
              title: "The models do not agree on this scan: what is drawn in it?",
              needs: { scanId, reasons: finding.reasons, features, slice, mask },
              decision: Ruling,
              desk: "radiology",
              timeout: radiologistTimeout,
              onTimeout: { lesion: "unclear" },
            });
            return { lesion: ruling.lesion, via: ruling.via };
          },
        },
      });
      const facts = { size: slice.size, features, classification, anomaly, conclusion };
      const report = reportSteps($, { language, facts }, models);
      const audit = auditStep($, { scanId, scan, finding, conclusion, report }, models);
      return {
        scanId,
        diagnostic: false,
        lesion: conclusion.lesion,
        via: conclusion.via,
        language: report.language,
        translated: report.translated,
        text: report.text,
        audit,
      };
    },
  });
}
