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
    readonly assertionResults: readonly unknown[];
  }[];
}

const report = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Report;
// A file that does not even load has no tests to fail: it counts as one.
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
);
const failed = report.numFailedTests + unloaded.length;
const neither = report.numTotalTests - report.numPassedTests - report.numFailedTests;
for (const { name } of unloaded) console.log(`did not load: ${name}`);
if (neither > 0) console.log(`neither passed nor failed (skipped or to do): ${neither}`);
console.log(`Tests: ${report.numPassedTests} passed, ${failed} failed`);
if (failed > 0 || report.numPassedTests === 0 || !report.success) process.exitCode = 1;
