// `npm run example -- scan-report`: seven scans, each of which goes another way, and what orchestration added to them.
// Boundary: opens engines on a folder that goes away, plays, prints. What must come of the scans stands in scans.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memory, openEngine, sqlite } from "plumbline";
import { measureAddedTime } from "./added-time.ts";
import { AuditLog, readAuditLog } from "./audit-log.ts";
import { scanReportFlow } from "./flow.ts";
import { type PlayedScan, playScan, type Stage } from "./play.ts";
import { localModels, timed } from "./scan-models.ts";
import { scanCases } from "./scans.ts";
import { warmSegmentation } from "./segmentation.ts";
import { ADDED_BUDGET_MS, addedTimeOf, NOTICE, tableOf } from "./table.ts";

export const about =
  "A drawn scan: segmentation, two models that may disagree, a radiologist, a report, a translation, an audit file";

export async function main({ json }: { readonly json: boolean }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "plumbline-scan-report-"));
  try {
    await warmSegmentation();
    const played: PlayedScan[] = [];
    const durable = await stageIn(folder, "durable");
    for (const scan of scanCases) played.push(await playScan(durable, scan));
    const file = await measureAddedTime(durable);
    await durable.engine.close();
    const inMemory = await stageIn(folder, "memory");
    const added = { file, memory: await measureAddedTime(inMemory) };
    await inMemory.engine.close();
    // Reading it holds every line to the one before it.
    const auditLines = readAuditLog(join(folder, "durable.audit.jsonl")).length;
    const unmet = played.flatMap((scan) => scan.unmet);
    if (unmet.length > 0) process.exitCode = 1;
    if (json) {
      const figures = { addedMs: added, goalMs: ADDED_BUDGET_MS, auditLines };
      console.log(JSON.stringify({ example: "scan-report", notice: NOTICE, runs: played, figures }, undefined, 2));
      return;
    }
    console.log(`${NOTICE}\n\n${tableOf(played)}\n`);
    console.log(`The report of ${played[3]?.scanId}:\n${indented(played[3]?.report?.text ?? "none")}\n`);
    console.log(`The report of ${played[2]?.scanId}:\n${indented(played[2]?.report?.text ?? "none")}\n`);
    console.log(addedTimeOf(added));
    console.log(`${auditLines} lines in the audit file, each holding the hash of the one before it`);
    console.log(unmet.length === 0 ? "every scan ended as expected" : `${unmet.length} things are not as expected`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An engine with the flow on it, its models under a stopwatch, and an audit file of its own. */
async function stageIn(folder: string, name: "durable" | "memory"): Promise<Stage> {
  const { models, ...stopwatch } = timed(localModels(new AuditLog(join(folder, `${name}.audit.jsonl`))));
  // Short, because one scan waits for it in vain.
  const flow = scanReportFlow({ models, radiologistTimeout: "1s" });
  const store = name === "durable" ? sqlite(join(folder, "plumbline.db")) : memory();
  return { engine: await openEngine({ store, flows: [flow] }), flow, stopwatch };
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}
