// Reads vitest's JSON report, and perhaps one of files that were run once more, whose results take the place of the first (their paths
// are the arguments), and prints the figures as one plain line for machines and people:
// `Tests: 123 passed, 0 failed`. Exits 1 when a test or a whole file failed, or when nothing ran, so that silence is never success.
import { readFileSync } from "node:fs";

interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const [report, again] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")) as Report);
if (!report) throw new Error("the path of a report is missing");
const results = [
  ...report.testResults.filter(({ name }) => !again?.testResults.some((file) => file.name === name)),
  ...(again?.testResults ?? []),
];
const statuses = results.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
const count = (status: string) => statuses.filter((one) => one === status).length;
// A file that does not load, or whose preparation fails, has no failed test of its own: it counts as one.
const broken = results.filter(
  (file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
);
const failed = count("failed") + broken.length;
const neither = statuses.length - count("passed") - count("failed");
for (const { name } of broken) console.log(`failed as a whole: ${name}`);
if (neither > 0) console.log(`neither passed nor failed (skipped or to do): ${neither}`);
console.log(`Tests: ${count("passed")} passed, ${failed} failed`);
const isSound = again ? again.success : report.success;
if (failed > 0 || count("passed") === 0 || !isSound) process.exitCode = 1;
