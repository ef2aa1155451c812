// Goal: records are added once and durably, and whatever is changed afterwards is found.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { AuditBroken, AuditLog, readAuditLog } from "../src/audit-log.ts";

const folder = mkdtempSync(join(tmpdir(), "audit-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

function filled(name: string) {
  const path = join(folder, name);
  const log = new AuditLog(path);
  for (const scan of ["a", "b", "c"]) log.append(`key-${scan}`, { scan, lesion: "none" });
  return { path, log, lines: readFileSync(path, "utf8").trimEnd().split("\n") };
}

test("each record holds the hash of the one before; a reopened file goes on", () => {
  const { path, log } = filled("chain.jsonl");
  const again = new AuditLog(path);
  expect(again.last).toEqual(log.last);
  again.append("key-d", { scan: "d" });
  const read = readAuditLog(path);
  expect(read.map(({ sequence, key }) => [sequence, key])).toEqual([
    [1, "key-a"],
    [2, "key-b"],
    [3, "key-c"],
    [4, "key-d"],
  ]);
  expect(read[3]?.previous).toBe(read[2]?.hash);
});

test("the same key again adds nothing and answers as before, also after reopening", () => {
  const { path, log } = filled("keys.jsonl");
  const first = log.append("key-b", { scan: "another" });
  expect(first.sequence).toBe(2);
  expect(new AuditLog(path).append("key-b", {})).toEqual(first);
  expect(readAuditLog(path)).toHaveLength(3);
});

test.each([
  ["a changed word", (lines: string[]) => [lines[0], lines[1]?.replace("none", "nine"), lines[2]], 2],
  ["a missing line", (lines: string[]) => [lines[0], lines[2]], 2],
  ["swapped lines", (lines: string[]) => [lines[1], lines[0], lines[2]], 1],
  ["no JSON", (lines: string[]) => [lines[0], lines[1], "{"], 3],
])("%s is found, with its line", (name, change, line) => {
  const { path, lines } = filled(`${name}.jsonl`);
  writeFileSync(path, `${change(lines).join("\n")}\n`);
  expect(() => readAuditLog(path)).toThrow(AuditBroken);
  expect(() => new AuditLog(path)).toThrow(`line ${line}`);
});

test("a line that its writer was killed in was never acknowledged, and is cut off", () => {
  const { path, log } = filled("torn.jsonl");
  appendFileSync(path, '{"sequence":4,"previ');
  const mended = new AuditLog(path);
  expect(mended.last).toEqual(log.last);
  mended.append("key-d", {});
  expect(readAuditLog(path)).toHaveLength(4);
});
