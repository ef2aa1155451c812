// How the tests run. Workspaces resolve to their sources, so nothing is built first.
import { defineConfig } from "vitest/config";

const conditions = ["plumbline-source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["{packages,apps,examples}/*/test/**/*.test.ts", "bench/test/**/*.test.ts", "scripts/test/**/*.test.ts"],
    // The second is said to help where V8 loses count of its code pages and ends the process, as it does now and then here
    // ("Check failed: jit_page.has_value()", nodejs/node#64500); for the rest there is scripts/crashed-files.ts.
    execArgv: ["--conditions=plumbline-source", "--no-memory-protection-keys"],
    testTimeout: 20_000,
    // One for each core of the smallest machine we know: many tests wait for processes and disks.
    maxWorkers: 2,
    coverage: {
      provider: "v8",
      // Core is pure, so there is no excuse: every branch of it is run.
      include: ["packages/core/src/**"],
      reporter: ["text-summary", ["text", { skipFull: true }]],
      thresholds: { "packages/core/src/**": { branches: 100 } },
    },
  },
});
