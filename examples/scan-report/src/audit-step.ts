// The flow's last part: what was found and reported becomes a line of the audit file.
// Boundary: an effect and its undoing; the file is audit-log.ts.
// Invariants: one line a run, whatever is tried again; what does not stand after all is withdrawn by a line of its own.
import { createHash } from "node:crypto";
import type { FlowBuilder, Ref } from "plumbline";
import { AuditEntry } from "./audit-log.ts";
import type { Finding } from "./combine.ts";
import { SEGMENTATION_VERSION } from "./finding-steps.ts";
import type { Slice } from "./preprocess.ts";
import type { Conclusion } from "./report.ts";
import type { ScanModels } from "./scan-models.ts";

const aFullDiskStaysFull = { maxAttempts: 2, delay: "100ms" } as const;

interface Recorded {
  readonly scanId: Ref<string>;
  readonly scan: Ref<Slice>;
  readonly finding: Ref<Finding>;
  readonly conclusion: Ref<Conclusion>;
  readonly report: Ref<{ readonly language: string; readonly translated: boolean; readonly text: string }>;
}

export function auditStep($: FlowBuilder, needs: Recorded, models: ScanModels) {
  return $.step("audit", {
    kind: "effect",
    needs,
    output: AuditEntry,
    retry: aFullDiskStaysFull,
    // Nothing is ever taken out of the file: what does not stand gets a line that says so.
    compensate: {
      run: ({ key }) => models.record(`${key}/withdrawn`, { withdraws: key }),
      retry: aFullDiskStaysFull,
    },
  }).by(function auditFile(given, { idempotencyKey, runId }) {
    const pixels = createHash("sha256").update(given.scan.pixels).digest("hex");
    const { scan: _, ...said } = given;
    return models.record(idempotencyKey, { run: runId, pixels, segmentation: SEGMENTATION_VERSION, ...said });
  });
}
