/**
 * Findings as files: a dated page of Markdown and its chart.
 *
 * Boundary: where they are written and what stands on the page. Invariants: a page names the machine, who else used it and the
 * versions; a page of figures that were not taken in full says so in its first lines and in its name.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chartOf } from "./chart.ts";
import { cellsOf, headings, readingOf } from "./findings-text.ts";
import type { SuiteRun } from "./run-suite.ts";

/** Above this share of all cores, somebody else was using the machine. */
const quietShare = 0.1;
/** A machine that is so much faster or slower at the end than at the beginning was not the same all the time. */
const steadyFactor = 1.25;

/** Writes both, and gives the page's path. */
export function writeFindings(run: SuiteRun, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const stem = `${run.at.toISOString().slice(0, 10)}-${run.suite}${run.size === "full" ? "" : "-quick"}`;
  const path = join(folder, `${stem}.md`);
  writeFileSync(path, pageOf(run, `${stem}.svg`));
  writeFileSync(
    join(folder, `${stem}.svg`),
    chartOf(run.findings.results, `${run.suite}, ${run.at.toISOString().slice(0, 10)}`),
  );
  return path;
}

function pageOf(run: SuiteRun, chart: string): string {
  const { suite, about, machine, speed, at, seconds, rounds, findings } = run;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    `# ${suite}: ${at.toISOString().slice(0, 16).replace("T", " ")} UTC`,
    "",
    `${about}.`,
    ...warningsOf(run),
    "",
    `![${suite}](${chart})`,
    "",
    line(headings),
    line(headings.map((_, column) => (column === 1 ? "---:" : "---"))),
    ...findings.results.map((result) => line(cellsOf(result))),
    "",
    `Medians of ${rounds} interleaved rounds; ratios are taken within a round. The suite took ${Math.round(seconds)} s.`,
    "",
    "## Reading",
    ...readingOf(run).map((sentence) => `- ${sentence}`),
    "",
    "## Not comparable",
    ...findings.notComparable.map((sentence) => `- ${sentence}`),
    "",
    "## Machine",
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}, ${machine.fileSystem}; Node ${machine.node}, SQLite ${machine.sqlite}; Plumbline at ${machine.plumbline}; ${Math.round(machine.usedByOthers * 100)} % of it used by others when the suite began; a fixed piece of work took ${speed[0]} ns then and ${speed[1]} ns at the end.`,
    "",
    `Again: \`npm run bench -- ${suite}\``,
    "",
  ].join("\n");
}

function warningsOf({ size, machine, speed: [begin, end] }: SuiteRun): string[] {
  const warnings: string[] = [];
  if (size !== "full") warnings.push("**Taken with --quick: sizes are small, and nothing here is to be quoted.**");
  if (machine.usedByOthers > quietShare) {
    warnings.push(
      `**Others used ${Math.round(machine.usedByOthers * 100)} % of the machine: only the ratios mean something.**`,
    );
  }
  if (Math.max(begin, end) > steadyFactor * Math.min(begin, end)) {
    warnings.push(
      `**The machine changed its speed meanwhile (the same piece of work took ${begin} ns, then ${end} ns): only the ratios mean something.**`,
    );
  }
  return warnings.length > 0 ? ["", ...warnings] : [];
}
