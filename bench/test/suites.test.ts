/**
 * Every suite runs at its smallest size and gives the document that it promises; the bare loop writes the engine's rows.
 *
 * Boundary: shapes and correctness; nothing here is timed, so that a busy machine fails no test.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openEngine, sqlite } from "plumbline";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { BareLoop } from "../src/bare/bare-loop.ts";
import { chartOf } from "../src/chart.ts";
import { documentOf, readingOf, tableText } from "../src/findings-text.ts";
import { fourSteps } from "../src/flows/four-steps.ts";
import { runSuite } from "../src/run-suite.ts";
import { suites } from "../src/suites.ts";
import { inFolder } from "../src/trial.ts";

const Document = z.strictObject({
  suite: z.string(),
  machine: z.looseObject({ cpu: z.string(), cores: z.number(), node: z.string(), sqlite: z.string() }),
  results: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9.-]+$/i),
        value: z.number(),
        unit: z.string(),
        lowest: z.number(),
        highest: z.number(),
        ratios: z.record(z.string(), z.number()),
      }),
    )
    .min(1),
});

/** Names that others rely on: result, and what it is set against. */
const promised: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  throughput: { "durable-steps-per-second": "bare-loop" },
  latency: {
    "p50-ms": "raw-commit",
    "p99-ms": "raw-commit",
    "pure-p50-ms": "raw-commit",
    "memory-p50-ms": undefined,
  },
};

// The peers are installed by their own suite, so they are not part of a test.
const tested = suites.filter(({ name }) => name !== "peers");

describe.each(tested)("the suite $name", (suite) => {
  it("gives one document, a table, a reading and a chart", async () => {
    const run = await runSuite(suite, { size: "smallest" });
    const document = Document.parse(documentOf(run));
    expect(document.suite).toBe(suite.name);
    const names = document.results.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const [name, to] of Object.entries(promised[suite.name] ?? {})) {
      const result = document.results.find((one) => one.name === name);
      expect(result, name).toBeDefined();
      if (to !== undefined) expect(result?.ratios[to], `${name} to ${to}`).toBeGreaterThan(0);
    }
    expect(tableText(run.findings.results).split("\n")).toHaveLength(names.length + 1);
    expect(readingOf(run).length).toBeGreaterThan(0);
    for (const name of names) expect(chartOf(run.findings.results, suite.name)).toContain(name);
  });
});

describe("the bare loop", () => {
  it.each(["thread", "loop"] as const)("writes the rows that the engine writes, from the %s", async (place) => {
    await inFolder(async (folder) => {
      const [byEngine, byLoop] = [join(folder, "engine.db"), join(folder, "loop.db")];
      const flow = fourSteps("read");
      const engine = await openEngine({ store: sqlite(byEngine), flows: [flow] });
      await (await engine.start(flow, { n: 0 })).result();
      await engine.close();
      const loop = await BareLoop.open(byLoop, "full", place);
      expect(await loop.run()).toBe(4);
      await loop.close();
      expect(rowsOf(byLoop)).toEqual(rowsOf(byEngine));
    });
  });
});

/** What a file holds of one run, without what differs from one run to the next: ids, instants, hashes, durations. */
function rowsOf(file: string) {
  const db = new DatabaseSync(file, { readOnly: true });
  const runs = db.prepare("SELECT * FROM runs").all();
  const links = db.prepare("SELECT length, body, length(head) AS head FROM links ORDER BY link").all();
  db.close();
  return {
    runs: runs.map((row) => ({ ...row, id: String(row.id).length, started_at: typeof row.started_at })),
    links: links.map((row) => ({ ...row, body: JSON.parse(String(row.body), blurred) as unknown })),
  };
}

function blurred(name: string, value: unknown): unknown {
  return ["at", "ms", "run", "fingerprint"].includes(name) ? typeof value : value;
}
