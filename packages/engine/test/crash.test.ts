// Attacks durability with real processes: a worker is killed 30 times at random moments; then journal and ledger must agree.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Entry, StoredRun } from "@plumbline/core";
import { fold, newState, summaryOf } from "@plumbline/core";
import { SqliteStore } from "@plumbline/engine";
import { Seeded } from "@plumbline/testing";
import { afterAll, expect, it } from "vitest";
import { Child } from "./fixtures/child.ts";

const kills = 30;
const folder = mkdtempSync(join(tmpdir(), "plumbline-crash-"));
const file = join(folder, "journal.db");
const ledger = join(folder, "ledger");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Heard {
  readonly started: string[];
  readonly decided: string[];
  readonly warnings: string[];
}

async function untilKilled(round: number, ms: number, heard: Heard): Promise<void> {
  const child = new Child("crash-child.ts", [file, ledger, "work", String(round)]);
  expect(await child.line()).toBe("open");
  setTimeout(() => child.process.kill("SIGKILL"), ms);
  for (let line = await child.line(); line !== "ended"; line = await child.line()) hear(line, heard);
  await child.exited;
}

function hear(line: string, heard: Heard): void {
  const [word = "", id = ""] = line.split(" ");
  if (word === "started") heard.started.push(id);
  if (word === "decided" || word === "repeated") heard.decided.push(id);
  if (word === "warning") heard.warnings.push(line);
}

it("rules 1-8: killed 30 times, every run ends, nothing acknowledged is lost, nothing recorded is done again", async () => {
  const seed = Number(process.env["PLUMBLINE_SEED"] ?? Math.floor(Math.random() * 1e9));
  console.log(`crash test: seed ${seed}`);
  const random = new Seeded(seed);
  const heard: Heard = { started: [], decided: [], warnings: [] };
  for (let round = 0; round < kills; round++) await untilKilled(round, random.integer(5, 220), heard);
  const last = new Child("crash-child.ts", [file, ledger, "finish"]);
  let line = await last.line();
  for (; line !== "finished" && line !== "ended"; line = await last.line()) hear(line, heard);
  expect(line).toBe("finished");
  expect(heard.warnings).toEqual([]);
  console.log(`crash test: ${heard.started.length} runs acknowledged, ${heard.decided.length} decisions`);
  expect(heard.started.length).toBeGreaterThan(kills);

  const runs = await everyRun();
  for (const id of heard.started) expect(runs.get(id)?.summary.status, `acknowledged ${id}`).toBe("ended");
  for (const id of heard.decided) {
    expect(runs.get(id)?.entries, `decided ${id}`).toContainEqual(
      expect.objectContaining({ kind: "approval.decided", via: "person", id: `d-${id}` }),
    );
  }
  const lines = readFileSync(ledger, "utf8").trimEnd().split("\n");
  for (const kind of ["book", "ship", "undo"]) {
    const effects = lines.filter((entry) => entry.startsWith(`${kind} `));
    expect(new Set(effects).size, `${kind} at most once a key`).toBe(effects.length);
  }
  const ledgerHas = new Set(lines);
  for (const [id, run] of runs) checkRun(id, run, ledgerHas, lines);
  checkChains();
}, 60_000);

async function everyRun(): Promise<Map<string, StoredRun>> {
  const store = await SqliteStore.open({ path: file, durability: "normal" });
  const runs = new Map<string, StoredRun>();
  for (let cursor: string | undefined, more = true; more; ) {
    const page = await store.list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    for (const summary of page.items) {
      const stored = await store.load(summary.id);
      if (stored) runs.set(summary.id, stored);
      expect(stored?.summary).toEqual(summary);
    }
    cursor = page.next;
    more = cursor !== undefined;
  }
  await store.close();
  return runs;
}

function checkRun(id: string, run: StoredRun, ledgerHas: ReadonlySet<string>, lines: readonly string[]): void {
  const state = fold(newState(run.plan), run.entries);
  expect(summaryOf(state), `rule 27: ${id}`).toEqual(run.summary);
  expect(state.outcome, id).toBeDefined();
  const ends = run.entries.filter((entry) => entry.kind === "run.ended");
  expect(ends, id).toHaveLength(1);
  const booked = ledgerHas.has(`book ${id}:book:0`);
  const undone = ledgerHas.has(`undo ${id}:book:0`);
  const shipped = ledgerHas.has(`ship ${id}:ship:0`);
  if (state.outcome === "failed")
    expect({ id, booked, undone, shipped }).toEqual({ id, booked: true, undone: true, shipped: false });
  else expect({ id, booked, undone, shipped }).toEqual({ id, booked: true, undone: false, shipped: true });
  for (const [slot, name] of [
    [0, "quote"],
    [2, "book"],
  ] as const) {
    const calls = lines.filter((entry) => entry === `call ${name} ${id}`).length;
    expect(calls, `${name} of ${id}`).toBeLessThanOrEqual(attempts(run.entries, slot));
  }
}

function attempts(entries: readonly Entry[], slot: number): number {
  const ends = ["attempt.failed", "attempt.lost", "step.completed"];
  return entries.filter((entry) => ends.includes(entry.kind) && "slot" in entry && entry.slot === slot).length;
}

function checkChains(): void {
  const db = new DatabaseSync(file, { readOnly: true });
  const heads = new Map<unknown, string>();
  for (const { run, body, head } of db.prepare("SELECT run, body, head FROM links ORDER BY link").iterate()) {
    const next = createHash("sha256")
      .update((heads.get(run) ?? "") + String(body))
      .digest("base64url");
    expect(head, "rule 26").toBe(next);
    heads.set(run, next);
  }
  db.close();
}
