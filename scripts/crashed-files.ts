// Reads vitest's JSON report and its log, and prints the test files whose processes V8 ended by a fault of its own, when nothing else
// failed; exits 1 otherwise. Node 24 loses count of code pages where threads come and go quickly (nodejs/node#64500): about one
// process in some hundreds here. Such a file says nothing about us until it has run again; CI runs it once more, and says so.
import { readFileSync } from "node:fs";
import { relative } from "node:path";

interface Report {
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const [reportPath = "", logPath = ""] = process.argv.slice(2);
const report = JSON.parse(readFileSync(reportPath, "utf8")) as Report;
const log = readFileSync(logPath, "utf8");
const failed = report.testResults.filter(({ status }) => status === "failed");
const crashes = log.split("Check failed: jit_page.has_value()").length - 1;
const unhandled = Number(/Vitest caught (\d+) unhandled error/.exec(log)?.[1] ?? 0);
if (report.numFailedTests === 0 && crashes > 0 && crashes === unhandled && failed.length === crashes) {
  console.log(failed.map(({ name }) => relative(process.cwd(), name)).join(" "));
} else process.exitCode = 1;
