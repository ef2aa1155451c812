// Attacks nested scopes with real processes: a worker is killed 25 times at random moments; journals and ledger must agree.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Entry, fold, newState, pathOf, type StoredRun, summaryOf } from "@plumbline/core";
import { SqliteStore } from "@plumbline/engine";
import { Seeded } from "@plumbline/testing";
import { afterAll, expect, it } from "vitest";
import { Child } from "./fixtures/child.ts";
import { standing } from "./fixtures/nested-flow.ts";

const kills = 25;
const folder = mkdtempSync(join(tmpdir(), "plumbline-nested-"));
const file = join(folder, "journal.db");
const ledger = join(folder, "ledger");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Heard {
  readonly started: string[];
  readonly signalled: string[];
  readonly warnings: string[];
}

async function untilKilled(round: number, ms: number, heard: Heard): Promise<void> {
  const child = new Child("nested-child.ts", [file, ledger, "work", String(round)]);
  expect(await child.line()).toBe("open");
  setTimeout(() => child.process.kill("SIGKILL"), ms);
  for (let line = await child.line(); line !== "ended"; line = await child.line()) hear(line, heard);
  await child.exited;
}

function hear(line: string, heard: Heard): void {
  const [word = "", id = ""] = line.split(" ");
  if (word === "started") heard.started.push(id);
  if (word === "received" || word === "repeated") heard.signalled.push(id);
  if (word === "warning") heard.warnings.push(line);
}

it("rules 1-10: killed 25 times, every run ends, what was recorded is not done again, what failed is undone", async () => {
  const seed = Number(process.env["PLUMBLINE_SEED"] ?? Math.floor(Math.random() * 1e9));
  console.log(`nested crash test: seed ${seed}`);
  const random = new Seeded(seed);
  const heard: Heard = { started: [], signalled: [], warnings: [] };
  for (let round = 0; round < kills; round++) await untilKilled(round, random.integer(5, 250), heard);
  const last = new Child("nested-child.ts", [file, ledger, "finish"]);
  let line = await last.line();
  for (; line !== "finished" && line !== "ended"; line = await last.line()) hear(line, heard);
  expect(line).toBe("finished");
  expect(heard.warnings).toEqual([]);

  const runs = await everyRun();
  const noted = readFileSync(ledger, "utf8").trimEnd().split("\n");
  console.log(`nested crash test: ${runs.size} runs, ${heard.signalled.length} signals, ${noted.length} lines noted`);
  expect(heard.started.length).toBeGreaterThan(kills);
  for (const id of heard.started) expect(runs.get(id)?.summary.status, `acknowledged ${id}`).toBe("ended");
  for (const id of heard.signalled) {
    expect(runs.get(id)?.entries, `signalled ${id}`).toContainEqual(
      expect.objectContaining({ kind: "signal.received", id: `s-${id}` }),
    );
  }
  const effects = noted.filter((one) => !one.startsWith("call "));
  expect(new Set(effects).size, "at most once a key").toBe(effects.length);
  const calls = new Map<string, number>();
  for (const one of noted) if (one.startsWith("call ")) calls.set(one, (calls.get(one) ?? 0) + 1);
  for (const run of runs.values()) checkRun(run, calls);
  const tops = [...runs.values()].filter(({ summary }) => summary.flow === "nested");
  for (const run of tops) checkEffects(run, runs, new Set(effects));
  // Nobody did anything for a run that there is not.
  const keys = effects.map((one) => one.split(" ")[1]?.split(":")[0] as string);
  for (const id of keys) expect(runs.has(id), `the run of ${id}`).toBe(true);
}, 120_000);

async function everyRun(): Promise<Map<string, StoredRun>> {
  const store = await SqliteStore.open({ path: file, durability: "normal" });
  const runs = new Map<string, StoredRun>();
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await store.list({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    for (const { id } of page.items) runs.set(id, (await store.load(id)) as StoredRun);
    cursor = page.next;
  }
  await store.close();
  return runs;
}

const ends = new Set<Entry["kind"]>(["attempt.failed", "attempt.lost", "step.completed"]);

function checkRun({ entries, plan, summary }: StoredRun, calls: ReadonlyMap<string, number>): void {
  const state = fold(newState(plan), entries);
  expect(summaryOf(state), `rule 27: ${summary.id}`).toEqual(summary);
  expect(entries.filter(({ kind }) => kind === "run.ended")).toHaveLength(1);
  const attempts = new Map<number, number>();
  for (const entry of entries) {
    if (ends.has(entry.kind) && "slot" in entry && entry.slot !== undefined) {
      attempts.set(entry.slot, (attempts.get(entry.slot) ?? 0) + 1);
    }
  }
  for (const slot of state.slots) {
    const called = calls.get(`call ${summary.id} ${pathOf(slot)}`) ?? 0;
    expect(called, `${summary.id} ${pathOf(slot)}`).toBeLessThanOrEqual(attempts.get(slot.id) ?? 0);
  }
}

function checkEffects(run: StoredRun, runs: ReadonlyMap<string, StoredRun>, noted: ReadonlySet<string>): void {
  const { id, outcome } = run.summary;
  const state = fold(newState(run.plan), run.entries);
  const trip = state.slots.find(({ node }) => node.kind === "call")?.call as string;
  const fail = outcome === "failed";
  expect(["failed", "degraded"], id).toContain(outcome);
  expect(runs.get(trip)?.summary.outcome, trip).toBe(fail ? "cancelled" : "succeeded");
  const { did, undid } = standing(id, trip, fail);
  const all = standing(id, trip, false).did;
  expect(all.filter((key) => noted.has(`did ${key}`)).toSorted(), `done by ${id}`).toEqual(did.toSorted());
  const undone = all.filter((key) => noted.has(`did ${key}`) && noted.has(`undid ${key}`));
  expect(undone.toSorted(), `undone by ${id}`).toEqual(undid.toSorted());
}
