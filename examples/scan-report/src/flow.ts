// The flow of one scan: prepared, marked, measured, judged twice, decided, reported, translated, recorded. Not diagnostic.
// Boundary: wiring only. What a step does is a plain function of its own file, and comes in from whoever starts the flow.
// Invariants: what the two models do not agree on is decided by a person or is unclear; a report holds the scan's figures
// and no others, in either language; an answer exists only with its line in the audit file.
import { createHash } from "node:crypto";
import { type Duration, type Failure, flow } from "plumbline";
import { Anomaly } from "./anomaly.ts";
import { AuditEntry } from "./audit-log.ts";
import { Classification } from "./classify.ts";
import { Finding } from "./combine.ts";
import { Features } from "./features.ts";
import { Slice } from "./preprocess.ts";
import { reportSteps } from "./report-steps.ts";
import type { ScanModels } from "./scan-models.ts";
import { englishSaysWhatItIs, Ruling, ScanOrder, ScanReport, sameScan, unansweredIsUnclear } from "./scan-order.ts";
import { Mask } from "./segmentation.ts";

/** Sides of a tile by attempt: the whole scan first, then what fits into less memory. */
const TILES = [192, 96, 48];

/** Raise it when the network or the way scans are prepared changes: kept masks are then not reused. */
const SEGMENTATION_VERSION = "1";

const aFullDiskStaysFull = { maxAttempts: 2, delay: "100ms" } as const;

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
      const slice = $.step("preprocess", { needs: { scan }, output: Slice }).by(function prepare(needs) {
        return models.preprocess(needs.scan);
      });
      const marked = $.step("segment", {
        needs: { slice }, // and not the scan's id: the same picture is the same question
        output: Mask,
        version: SEGMENTATION_VERSION,
        cache: { maxAge: "30d" },
        timeout: "30s",
        // The next attempt comes with a smaller tile, so there is nothing to wait for.
        retry: { maxAttempts: TILES.length, delay: "1ms", backoff: "fixed", retryIf: isOutOfMemory },
      }).by(async function network(needs, { attempt, signal, note }) {
        const mask = await models.segment(needs.slice, { tile: TILES[attempt - 1] ?? 48, signal });
        note({ tile: mask.tile, tiles: mask.tiles });
        return mask;
      });
      const features = $.step("measure", { needs: { slice, mask: marked.mask }, output: Features }).by(
        function figures(needs) {
          return models.measure(needs.slice, needs.mask);
        },
      );
      const classification = $.step("classify", { needs: { features }, kind: "pure", output: Classification }).by(
        function regression(needs) {
          return models.classify(needs.features);
        },
      );
      const anomaly = $.step("detect-anomaly", { needs: { features }, kind: "pure", output: Anomaly }).by(
        function isolationForest(needs) {
          return models.detectAnomaly(needs.features);
        },
      );
      const finding = $.step("combine", { needs: { classification, anomaly }, kind: "pure", output: Finding }).by(
        function agreement(needs) {
          return models.combine(needs.classification, needs.anomaly);
        },
      );
      const conclusion = $.branch("conclude", {
        needs: { agreed: finding.agreed },
        choose: ({ agreed }) => (agreed ? "agreed" : "disputed"),
        cases: {
          agreed: () => ({ lesion: finding.lesion, via: "models" as const }),
          disputed: ($) => {
            const ruling = $.approval("radiologist", {
              title: "The models do not agree on this scan: what is drawn in it?",
              needs: { scanId, reasons: finding.reasons, features, slice, mask: marked.mask },
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
      const audit = $.step("audit", {
        kind: "effect",
        needs: { scanId, scan, finding, conclusion, report },
        output: AuditEntry,
        retry: aFullDiskStaysFull,
        // Nothing is ever taken out of the file: what does not stand gets a line that says so.
        compensate: {
          run: ({ key }) => models.record(`${key}/withdrawn`, { withdraws: key }),
          retry: aFullDiskStaysFull,
        },
      }).by(function auditFile(needs, { idempotencyKey, runId }) {
        const pixels = createHash("sha256").update(needs.scan.pixels).digest("hex");
        const { scan: _, ...said } = needs;
        return models.record(idempotencyKey, { run: runId, pixels, segmentation: SEGMENTATION_VERSION, ...said });
      });
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

/** Anything else fails the same with a smaller tile. */
function isOutOfMemory({ code }: Failure): boolean {
  return code === "simulated-out-of-memory";
}
