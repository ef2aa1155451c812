// Writes what became of the scans for people to read.
// Boundary: text only; what is in it was measured by play.ts and added-time.ts.
import type { AddedTime } from "./added-time.ts";
import type { PlayedScan } from "./play.ts";

export const NOTICE =
  "NOT DIAGNOSTIC. Scans are drawn by a program, the radiologist is a script, running out of memory is simulated. " +
  "The models are real and small, and were trained on such drawings.";

export const ADDED_BUDGET_MS = 10;

export function tableOf(played: readonly PlayedScan[]): string {
  return played.map(linesOf).join("\n");
}

export function addedTimeOf(added: Readonly<Record<"memory" | "file", AddedTime>>): string {
  const line = (name: string, { scans, p50Ms, p95Ms, modelP50Ms }: AddedTime): string =>
    `  ${name.padEnd(24)} p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms beside ${modelP50Ms.toFixed(0)} ms of models ` +
    `(${scans} scans): ${p50Ms < ADDED_BUDGET_MS ? "within the goal" : "over the goal"}`;
  return [
    `Orchestration added (time on the wall without the time inside the models; goal: below ${ADDED_BUDGET_MS} ms)`,
    line("in memory", added.memory),
    line("durable, on a SQLite file", added.file),
  ].join("\n");
}

function linesOf({ scanId, shows, outcome, report, segmentation, degradations, ...times }: PlayedScan): string {
  const { modelMs, wallMs, orchestrationMs, unmet } = times;
  const models = Object.entries(modelMs).filter(([, ms]) => ms >= 0.05);
  const worked = Object.values(modelMs).reduce((sum, ms) => sum + ms, 0);
  const added = orchestrationMs === undefined ? "waited for a person" : `added ${orchestrationMs.toFixed(1)} ms`;
  return [
    `${scanId}  ${shows}`,
    `  ${outcome}: ${report?.lesion} via ${report?.via}; report in ${languageOf(report)}; audit line ${report?.audit.sequence}`,
    `  mask: ${segmentation}; ${wallMs.toFixed(1)} ms = models ${worked.toFixed(1)} ms, ${added}`,
    `  ${models.map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(", ")} ms`,
    ...degradations.map((reason) => `  degraded: ${reason}`),
    ...unmet.map((problem) => `  NOT AS EXPECTED: ${problem}`),
  ].join("\n");
}

function languageOf(report: PlayedScan["report"]): string {
  if (report === undefined) return "no language";
  if (report.language === "es") return "Spanish (translated)";
  return report.text.startsWith("[") ? "English (marked as not translated)" : "English";
}
