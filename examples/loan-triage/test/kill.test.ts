// Goal: kill -9 at 20 random moments, and still every run ends, nothing recorded is repeated, and the bank's books say
// exactly what the runs answered (rules 1-5, 7, 8, 25). The bank is a process of its own and survives.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import { type Engine, type Entry, openEngine, type RunRecord, sqlite } from "plumbline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readLedger, setFault } from "../src/core-banking/client.ts";
import { readFiles } from "../src/core-banking/file-client.ts";
import { type CoreBankingProcess, startCoreBanking } from "../src/core-banking/process.ts";
import { supplyModels } from "../src/demo/model-supply.ts";
import { type EndedRun, reconcile } from "../src/demo/reconciliation.ts";
import type { LoanDecision } from "../src/loan-decision.ts";
import { killedFlow, killedStages } from "./fixtures/killed-scenario.ts";

const KILLS = 20;
/** Counted from when the batch says that it works; below zero is while it starts and takes up what was left. */
const EARLIEST_MS = -300;
const LATEST_MS = 1_200;
const seed = Number(process.env["KILL_SEED"] ?? Math.floor(Math.random() * 1e9));

const folder = mkdtempSync(join(tmpdir(), "plumbline-kill-"));
const db = join(folder, "plumbline.db");
let bank: CoreBankingProcess;
beforeAll(async () => {
  bank = await startCoreBanking({ db: join(folder, "core-banking.db") });
});
afterAll(async () => {
  await bank.stop();
  rmSync(folder, { recursive: true });
});

test(`killed ${KILLS} times with seed ${seed}: all end, nothing is repeated, the books agree`, async () => {
  const begun = performance.now();
  const chance = randomFrom(seed);
  let rounds = 0;
  let kills = 0;
  for (let finished = true; kills < KILLS || !finished; ) {
    if (finished) await setBankFaults(++rounds);
    finished = await runBatch(rounds, kills < KILLS ? EARLIEST_MS + chance() * (LATEST_MS - EARLIEST_MS) : undefined);
    if (!finished) kills++;
  }
  await using models = await supplyModels({});
  const engine = await openEngine({ store: sqlite(db), flows: [killedFlow(bank.baseUrl, models)] });
  const records = await recordsOf(engine);
  const ended = await Promise.all(records.map((record) => endOf(engine, record)));
  await engine.close();

  const applications = Array.from({ length: rounds }, (_, round) => killedStages(round + 1)).flat();
  const expected = applications.flatMap((stage) => stage.applications.map(({ id }) => id));
  expect(ended.map(({ applicationId }) => applicationId).sort()).toEqual(expected.sort());
  for (const { summary } of records) expect([summary.key, summary.status]).toEqual([summary.key, "ended"]);
  expect(records.flatMap(repetitions)).toEqual([]);
  const ledger = reconcile(ended, await readLedger(bank.baseUrl), await readFiles(bank.baseUrl));
  expect(ledger.problems).toEqual([]);
  expect(ledger.standing).toBeGreaterThan(0);
  expect(ledger.undone).toBeGreaterThan(0);
  console.log(figuresOf({ rounds, kills, records, ended, ledger, ms: performance.now() - begun }));
}, 150_000);

/** One process until its round has ended, or until it is killed. Gives whether the round has ended. */
async function runBatch(round: number, killAfterMs: number | undefined): Promise<boolean> {
  const file = fileURLToPath(new URL("./fixtures/killed-batch.ts", import.meta.url));
  const args = ["--conditions=plumbline-source", file, "--db", db, "--bank", bank.baseUrl, "--round", String(round)];
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, "compiled") };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const exited = once(child, "exit") as Promise<[code: number | null, signal: string | null]>;
  if (killAfterMs !== undefined) void killLater(child, killAfterMs, exited);
  const [code, signal] = await exited;
  if (signal === "SIGKILL") return false;
  if (code !== 0) throw new Error(`the batch ended with ${code ?? signal}:\n${said}`);
  return true;
}

async function killLater(child: ChildProcess, afterMs: number, exited: Promise<unknown>): Promise<void> {
  const working = once(createInterface(child.stdout as NodeJS.ReadableStream), "line");
  // How long a start takes differs: an early kill falls a little before the usual start has ended.
  const moment = afterMs < 0 ? sleep(700 + afterMs) : working.then(() => sleep(afterMs));
  await Promise.race([moment, exited]);
  child.kill("SIGKILL");
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function setBankFaults(round: number): Promise<void> {
  for (const { id, bankFault } of killedStages(round).flatMap((stage) => stage.applications)) {
    if (bankFault) await setFault(bank.baseUrl, { applicationId: id, ...bankFault });
  }
}

async function recordsOf(engine: Engine): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await engine.list({ limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    for (const { id } of page.items) records.push((await engine.get(id)) as RunRecord);
    if (page.next === undefined) return records;
    cursor = page.next;
  }
}

async function endOf(engine: Engine, { summary }: RunRecord): Promise<EndedRun> {
  if (summary.status !== "ended") throw new Error(`${summary.key} has not ended: ${summary.status}`);
  const { outcome, output } = await (await engine.handle(summary.id)).result();
  return { applicationId: summary.key ?? "", outcome, output: output as LoanDecision | undefined };
}

/** What may come when all is over: late answers, and what it had cost to give something up. */
const afterwords: ReadonlySet<Entry["kind"]> = new Set(["attempt.late", "attempt.superseded"]);

/** What was done again although it had been recorded as done. */
function repetitions({ summary, plan, entries }: RunRecord): string[] {
  const settled = new Map<number, Entry["kind"]>();
  const repeated: string[] = [];
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === "run.ended" && index !== entries.findLastIndex(({ kind }) => !afterwords.has(kind))) {
      repeated.push(`${summary.key}: goes on after its end`);
    }
    if (!("slot" in entry) || entry.slot === undefined) continue;
    const begins = ["attempt.started", "attempt.failed", "attempt.lost", "step.completed", "approval.decided"];
    const before = settled.get(entry.slot);
    if (before !== undefined && begins.includes(entry.kind)) {
      repeated.push(`${summary.key}: ${plan.scopes[0]?.nodes[entry.slot]?.name}: ${entry.kind} after ${before}`);
    }
    if (["step.completed", "step.failed", "step.skipped", "approval.decided"].includes(entry.kind)) {
      settled.set(entry.slot, entry.kind);
    }
  }
  return repeated;
}

function figuresOf(found: {
  readonly rounds: number;
  readonly kills: number;
  readonly records: readonly RunRecord[];
  readonly ended: readonly EndedRun[];
  readonly ledger: ReturnType<typeof reconcile>;
  readonly ms: number;
}): string {
  const { rounds, kills, records, ended, ledger, ms } = found;
  const lost = records.flatMap(({ plan, entries }) =>
    entries.flatMap((entry) => (entry.kind === "attempt.lost" ? [plan.scopes[0]?.nodes[entry.slot]?.name ?? "?"] : [])),
  );
  const by = (names: readonly string[]) =>
    JSON.stringify(
      Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((n) => n === name).length])),
    );
  return [
    `kill test: seed ${seed}, ${kills} kills in ${rounds} rounds, ${(ms / 1000).toFixed(1)} s`,
    `  runs: ${records.length}, by outcome ${by(ended.map(({ outcome }) => outcome))}`,
    `  attempts lost with their process: ${by(lost)}`,
    `  ledger: ${ledger.booked} booked, ${ledger.undone} undone, ${ledger.standing} stand`,
  ].join("\n");
}
