// Reads vitest's JSON report (its path is the only argument) and prints the figures as one plain line for machines and people:
// `Tests: 123 passed, 0 failed`. Exits 1 when a test or a whole file failed, or when nothing ran, so that silence is never success.
import { readFileSync } from "node:fs";

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const report = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Report;
// A file that does not load, or whose preparation fails, has no failed test of its own: it counts as one.
const broken = report.testResults.filter(
  (file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
);
const failed = report.numFailedTests + broken.length;
const neither = report.numTotalTests - report.numPassedTests - report.numFailedTests;
for (const { name } of broken) console.log(`failed as a whole: ${name}`);
if (neither > 0) console.log(`neither passed nor failed (skipped or to do): ${neither}`);
console.log(`Tests: ${report.numPassedTests} passed, ${failed} failed`);
if (failed > 0 || report.numPassedTests === 0 || !report.success) process.exitCode = 1;
