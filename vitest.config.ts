// How the tests run. Workspaces resolve to their sources, so nothing is built first.
import { defineConfig } from "vitest/config";

const conditions = ["plumbline-source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
      "scripts/test/**/*.test.ts",
    ],
    execArgv: ["--conditions=plumbline-source"],
    testTimeout: 20_000,
  },
});
