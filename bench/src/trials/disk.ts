/**
 * What the disk and SQLite give by themselves: fdatasync, and rows in batches into a bare table and into Plumbline's.
 *
 * Boundary: no promises, no engine, one thread. Invariant: the batches are full ones, as under the highest load.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type BareBatch, linkLengths, openBareWriter } from "../bare/bare-writer.ts";
import { stepsPerRun } from "../flows/four-steps.ts";
import { quantile } from "../rounds.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export interface Disk extends TrialPlace {
  readonly syncs: number;
  readonly batches: number;
  readonly batchSize: number;
}

export async function trial(params: Disk): Promise<Figures> {
  return { ...syncFigures(params), ...bareTable(params), ...(await ourTables(params)) };
}

function syncFigures({ folder, syncs }: Disk): Figures {
  const file = openSync(join(folder, "synced"), "a");
  const block = Buffer.alloc(4_096, 1);
  const times = Array.from({ length: syncs }, () => {
    writeSync(file, block);
    const begun = performance.now();
    fdatasyncSync(file);
    return performance.now() - begun;
  });
  closeSync(file);
  return { syncP50Ms: quantile(times, 0.5), syncP99Ms: quantile(times, 0.99) };
}

const body = `[{"kind":"step.completed","at":1795365251503,"slot":1,"rung":0,"attempt":1,"ms":0.1,"value":{"n":2,"label":"second","score":0.5}}]`;
const rowsAtOnce = 100;

function bareTable({ folder, batches, batchSize }: Disk): Figures {
  const db = new DatabaseSync(join(folder, "bare.db"));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t(i INTEGER PRIMARY KEY, body TEXT)");
  const insert = db.prepare(`INSERT INTO t(body) VALUES ${Array(rowsAtOnce).fill("(?)").join()}`);
  const bodies = Array(rowsAtOnce).fill(body) as string[];
  const statements = Math.ceil(batchSize / rowsAtOnce);
  const begun = performance.now();
  for (let batch = 0; batch < batches; batch++) {
    db.exec("BEGIN");
    for (let i = 0; i < statements; i++) insert.run(...bodies);
    db.exec("COMMIT");
  }
  const seconds = (performance.now() - begun) / 1000;
  db.close();
  return { bareRowsPerSecond: (batches * statements * rowsAtOnce) / seconds };
}

/** Each batch takes all its runs one commit further, as the engine's batches do. */
async function ourTables({ folder, batches, batchSize }: Disk): Promise<Figures> {
  const writer = await openBareWriter(join(folder, "ours.db"), "full");
  const rounds = Math.ceil(batches / linkLengths.length);
  const begun = performance.now();
  for (let round = 0; round < rounds; round++) {
    for (const length of linkLengths) writer.commit(batchAt(round, length, batchSize));
  }
  const seconds = (performance.now() - begun) / 1000;
  writer.close();
  return { ourStepsPerSecond: (rounds * batchSize * stepsPerRun) / seconds };
}

function batchAt(round: number, length: number, size: number): BareBatch {
  const runs = Array.from({ length: size }, (_, index) => round * size + index + 1);
  return {
    runs,
    lengths: Array(size).fill(length) as number[],
    ats: Array(size).fill(1795365251503) as number[],
    bodies: Array(size).fill(body) as string[],
    ids: length === linkLengths[0] ? runs.map((run) => `r${run.toString(36).padStart(21, "0")}`) : [],
  };
}
