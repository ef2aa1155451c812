// What people see: frames, lines, tables and the words for numbers, for given instants and sizes.
import { type Flow, flow, fold, newState, type RunRecord, stepsOf } from "@plumbline/core";
import { openEngine } from "@plumbline/engine";
import { why } from "@plumbline/insight";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { frameOf } from "../src/cli/frame.ts";
import { jsonText } from "../src/cli/json-text.ts";
import { LiveRun } from "../src/cli/live-run.ts";
import { clean, clipped, columnsOf, cost, countdown, duration, relative } from "../src/cli/phrase.ts";
import { repaint } from "../src/cli/screen.ts";
import { table } from "../src/cli/table.ts";
import type { Paint } from "../src/cli/terminal.ts";
import { whyText } from "../src/cli/why-text.ts";
import { loan } from "./fixtures/loans.ts";

beforeAll(() => void vi.spyOn(console, "log").mockImplementation(() => {})); // the flow prints

const plain: Paint = (_style, text) => text;
const size = { columns: 80, rows: 30 };

async function journal(modelDown: boolean): Promise<RunRecord> {
  const engine = await openEngine({ flows: [loan as Flow] });
  const { id } = await engine.start(loan, { applicant: "Ada\u001b[2J", income: 4_000, modelDown });
  for await (const { entry } of engine.watch(id)) if (entry.kind === "approval.requested") break;
  await engine.decide({ run: id, decision: { approved: true }, by: "grace" });
  for await (const { entry } of engine.watch(id)) if (entry.kind === "run.ended") break;
  const record = (await engine.get(id)) as RunRecord;
  await engine.close();
  return record;
}

function upTo(record: RunRecord, kind: string): LiveRun {
  const live = new LiveRun(record.plan);
  for (const entry of record.entries) {
    live.receive(entry);
    if (entry.kind === kind) break;
  }
  return live;
}

describe("a frame", () => {
  it("shows progress, rung and note of what runs, and what the rest waits for", async () => {
    const record = await journal(false);
    const live = upTo(record, "attempt.progressed");
    const lines = frameOf(live, live.state.startedAt + 1_500, size, plain);
    expect(lines.slice(2, 6)).toEqual([
      expect.stringMatching(/^ {2}. extract {6}━━━━━━──────\s+50 % page 1 of 2 +1\.5 s$/),
      "  · summarise    after extract",
      "  · underwriter  after summarise, extract",
      "  · book         after extract, underwriter",
    ]);
    expect(lines.at(-1)).toBe("  running · 1.5 s · 0 of 4 steps");
  });

  it("counts down an approval and says what happens if nobody answers", async () => {
    const live = upTo(await journal(true), "approval.requested");
    const asked = live.state.slots[2]?.dueAt as number;
    const lines = frameOf(live, asked - 61_000, { ...size, hint: " --db x.db" }, plain);
    expect(lines[3]).toMatch(/^ {2}▲ summarise {4}answered by template: the model is down +\$0\.0042 {2}<?\d+ ms$/);
    expect(lines.slice(4, 8)).toEqual([
      "  ◆ underwriter  waits for underwriting, 1 m 01 s left",
      "      May we lend?",
      '      if nobody answers: {"approved":false}',
      `      plumbline approve ${live.state.run} --db x.db`,
    ]);
    expect(lines.at(-1)).toContain("waiting");
    expect(lines.at(-1)).toContain("1 degradation");
    expect([live.isParked, live.asked.length]).toEqual([true, 1]);
  });

  it("never has more lines or columns than the screen", async () => {
    const wide = flow("wide", {
      input: z.object({}),
      build: ($) => ({
        all: Array.from({ length: 60 }, (_, index) => $.step(`step-${index}`, { output: z.number() }).by(() => index)),
      }),
    });
    const record = await (async () => {
      const engine = await openEngine({ flows: [wide as Flow] });
      const run = await engine.start(wide, {});
      await run.result();
      const found = (await engine.get(run.id)) as RunRecord;
      await engine.close();
      return found;
    })();
    const live = new LiveRun(record.plan);
    for (const entry of record.entries) {
      live.receive(entry);
      const lines = frameOf(live, entry.at, { columns: 40, rows: 12 }, plain);
      expect(lines.length).toBeLessThan(12);
      expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(40);
    }
    expect(frameOf(live, 0, { columns: 40, rows: 12 }, plain)).toContain("  ✓ 60 steps done");
    expect(frameOf(live, 0, { columns: 12, rows: 3 }, plain)).toEqual(["", "  succeeded"]);
  });

  it("writes only the lines that changed", () => {
    expect(repaint(["a", "b"], ["a", "b"])).toBe("");
    expect(repaint([], ["a"])).toBe("\ra\u001b[K\n");
    expect(repaint(["a", "b", "c"], ["a", "x", "c"])).toBe("\r\u001b[3A\n\rx\u001b[K\n\n");
    expect(repaint(["a", "b"], ["a"])).toBe("\r\u001b[2A\n\u001b[J");
  });
});

it("`why` for people: suspects first, then the way back, nothing that steers a terminal", async () => {
  const record = await journal(true);
  const text = whyText(why(record, "reference"), { paint: plain, columns: 100 });
  expect(text).not.toContain("\u001b");
  expect(text.split("\n").slice(1, 8)).toEqual([
    "",
    '  reference = "LN-1"  ← book.reference',
    "",
    "  look here",
    "    1. summarise  answered by template, number 2 of 2 on its ladder",
    "                  2 attempts failed: the model is down",
    "",
  ]);
  expect(text).toContain("      attempt 1    model error: the model is down; model large-1\n");
  expect(text).toContain("      needed       fields from extract, verdict from underwriter\n");
  const good = whyText(why(await journal(false), "reference"), { paint: plain, columns: 100 });
  expect(good).toContain("no suspects");
  expect(stepsOf(fold(newState(record.plan), record.entries))).toHaveLength(4);
});

it("`why` on a run that goes on promises nothing about steps that have not run", async () => {
  const record = await journal(false);
  const asked = record.entries.findIndex(({ kind }) => kind === "approval.requested") + 1;
  const text = whyText(why({ ...record, entries: record.entries.slice(0, asked) }), { paint: plain, columns: 100 });
  expect(text).toContain("reference = not yet  ← book.reference\n");
  expect(text).toContain("\n  no suspects so far: 2 steps on the way have not answered yet\n");
  expect(text).not.toContain("nothing");
});

describe("words for numbers and foreign text", () => {
  it("durations, instants and costs", () => {
    expect([0, 0.3, 42, 900, 59_970, 61_000, 3_599_900, 90_000_000].map(duration)).toEqual([
      "0 ms",
      "<1 ms",
      "42 ms",
      "0.9 s",
      "1 m 00 s",
      "1 m 01 s",
      "1 h 00 m",
      "1 d 01 h",
    ]);
    expect([countdown(-1), countdown(1), countdown(59_400), countdown(60_500)]).toEqual([
      "0 s",
      "1 s",
      "60 s",
      "1 m 01 s",
    ]);
    expect([relative(1_000, 2_000), relative(0, 90_000), relative(600_000, 0)]).toEqual([
      "just now",
      "2 m ago",
      "in 10 m",
    ]);
    expect([cost(0, 0), cost(0.0312, 1_250), cost(12.3, 1), cost(0.00001, 0)]).toEqual([
      "",
      "$0.0312 · 1.3k tokens",
      "$12.30 · 1 token",
      "<$0.0001",
    ]);
  });

  it("control characters never get through, widths are columns", () => {
    expect([1, undefined, Symbol("s"), Object.create(null)].map(clean)).toEqual([
      "1",
      "undefined",
      "Symbol(s)",
      "[object Object]",
    ]);
    expect(clean("a\u001b[31mb\r\nc\u202ed\u0007")).toBe("ab c d ");
    expect([columnsOf("日本"), columnsOf("é"), columnsOf("👍🏽")]).toEqual([4, 1, 2]);
    expect([clipped("日本語", 5), clipped("abc", 3), clipped("abcd", 3), clipped("a", 0)]).toEqual([
      "日本…",
      "abc",
      "ab…",
      "",
    ]);
  });

  it("values that JSON lacks", () => {
    const value = {
      at: new Date(0),
      big: 1n,
      nan: Number.NaN,
      map: new Map([["a", new Set([1])]]),
      pairs: new Map([[1, 2]]),
      bytes: new Uint8Array([1, 2]),
      error: new TypeError("no"),
      url: new URL("https://example.org/"),
      none: undefined,
    };
    expect(JSON.parse(jsonText(value))).toEqual({
      at: "1970-01-01T00:00:00.000Z",
      big: "1",
      nan: "NaN",
      map: { a: [1] },
      pairs: [[1, 2]],
      bytes: "AQI=",
      error: { name: "TypeError", message: "no" },
      url: "https://example.org/",
    });
  });

  it("tables leave out what is empty", () => {
    const columns = [
      { title: "NAME", cell: ({ name }: { name: string }) => name },
      { title: "EMPTY", cell: () => "" },
      { title: "N", cell: ({ name }: { name: string }) => String(columnsOf(name)), right: true },
    ];
    expect(table([{ name: "日本" }, { name: "abcdefghijk" }], columns, plain)).toBe(
      "NAME          N\n日本          4\nabcdefghijk  11\n",
    );
  });
});
