// Goal: the approval of the text, row by row: 300 s for a person, "timeout", the 5th in a row opens the breaker and is itself
// approved, as is every request while it is open; a person's answer resets; after the hour one timeout opens it again; no deadlock.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { play } from "../src/play.ts";
import type { Row } from "../src/row.ts";
import { type Scene, story } from "../src/story.ts";
import { tableOf, warningsOf } from "../src/table.ts";

const folder = mkdtempSync(join(tmpdir(), "plumbline-approval-desk-"));
let rows: readonly Row[];
beforeAll(async () => {
  rows = await play(story, join(folder, "story.db"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const short = ({ arrived, desk, decided, approved, reason, via, by, outcome }: Row) =>
  `${arrived} ${desk} ${decided} ${approved ? "yes" : "no"} ${reason} ${by ?? via} ${outcome}`;

describe("the story, each row", () => {
  const expected = [
    "09:00:00 asked 09:05:00 no timeout timeout degraded",
    "09:05:00 asked 09:10:00 no timeout timeout degraded",
    "09:10:00 asked 09:15:00 no timeout timeout degraded",
    "09:15:00 asked 09:20:00 no timeout timeout degraded",
    "09:20:00 asked 09:21:00 yes within the budget Mia succeeded",
    "09:21:00 asked 09:26:00 no timeout timeout degraded",
    "09:26:00 asked 09:31:00 no timeout timeout degraded",
    "09:31:00 asked 09:36:00 no timeout timeout degraded",
    "09:36:00 asked 09:41:00 no timeout timeout degraded",
    "09:41:00 asked 09:46:00 yes circuit_breaker_auto_approve breaker degraded",
    "09:46:00 open 09:46:00 yes circuit_breaker_auto_approve breaker degraded",
    "10:16:00 open 10:16:00 yes circuit_breaker_auto_approve breaker degraded",
    "10:45:59 open 10:45:59 yes circuit_breaker_auto_approve breaker degraded",
    "10:46:00 probe 10:51:00 yes circuit_breaker_auto_approve breaker degraded",
    "10:47:00 open 10:47:00 yes circuit_breaker_auto_approve breaker degraded",
    "10:52:00 open 10:52:00 yes circuit_breaker_auto_approve breaker degraded",
    "11:51:00 probe 11:51:30 no too dear Mia succeeded",
    "11:52:00 asked 11:57:00 no timeout timeout degraded",
    "11:57:00 asked 11:57:05 yes within the budget Mia succeeded",
  ];

  test.each(expected.map((row, index) => [index + 1, row]))("%i: %s", (number, row) => {
    expect(short(rows[Number(number) - 1] as Row)).toBe(row);
  });

  test("there are no others, and none waited longer than a person has", () => {
    expect(rows).toHaveLength(expected.length);
    expect(Math.max(...rows.map(({ waitedMs }) => waitedMs))).toBe(300_000);
  });
});

test("every automatic answer, and no other, is said aloud once, and marks its run", () => {
  const opened = "plumbline: a desk's breaker has opened desk=purchases path=approver";
  const isOpen = "plumbline: a desk's breaker is open: the decision is automatic breaker=desk/purchases path=approver";
  const loud = rows.map(({ warnings }, index) => [index + 1, ...warnings]).filter(({ length }) => length > 1);
  expect(loud).toEqual([
    [10, opened],
    [11, isOpen],
    [12, isOpen],
    [13, isOpen],
    [14, opened],
    [15, isOpen],
    [16, isOpen],
  ]);
  expect(rows.filter(({ via }) => via === "breaker").map(({ degradation }) => degradation)).toEqual(
    Array.from({ length: 7 }, () => "decided by the desk's open breaker"),
  );
});

test("the table and the warnings below it tell what the rows say", () => {
  const lines = tableOf(rows).split("\n");
  expect(lines).toHaveLength(rows.length + 1);
  expect(lines[10]).toMatch(/10 {2}09:41:00 .* approved: circuit_breaker_auto_approve +breaker +degraded/);
  expect(warningsOf(rows).split("\n")).toHaveLength(7);
});

describe("beside the story", () => {
  const minute = 60_000;
  const playing = (name: string, scenes: readonly Scene[]) => play(scenes, join(folder, `${name}.db`));
  const unanswered = (atMs: number): Scene => ({ atMs, what: "nobody answers" });

  test("five at once: the fifth opens it; who waited before that keeps a person, whose answer closes it", async () => {
    const answer = { afterMs: 2 * minute, by: "Mia", approved: true, reason: "fine" };
    const five = Array.from({ length: 5 }, () => unanswered(0));
    const found = await playing("side-by-side", [
      ...five,
      { atMs: 4 * minute, what: "waits when it opens, answered after it", answer },
      unanswered(5.5 * minute),
      unanswered(6.5 * minute),
    ]);
    const via = found.map((row) => row.by ?? row.via);
    expect(via.slice(0, 5).sort()).toEqual(["breaker", "timeout", "timeout", "timeout", "timeout"]);
    expect(via.slice(5)).toEqual(["Mia", "breaker", "timeout"]);
  });

  test("a flood while it is open is answered at once, every one of it", async () => {
    const opening = Array.from({ length: 5 }, (_, index) => unanswered(index * 5 * minute));
    const flood = Array.from({ length: 100 }, () => unanswered(30 * minute));
    const found = await playing("flood", [...opening, ...flood]);
    const automatic = found
      .slice(5)
      .filter(({ desk, waitedMs, approved }) => desk === "open" && waitedMs === 0 && approved);
    expect(automatic).toHaveLength(100);
  });
});

test("the command gives the same rows as a document", () => {
  const root = join(import.meta.dirname, "../../..");
  const args = ["--conditions=plumbline-source", "scripts/example.ts", "approval-desk", "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout).rows).toEqual(rows);
});
