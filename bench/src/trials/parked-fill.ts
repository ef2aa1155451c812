/**
 * Fills a file with runs that wait for a person.
 *
 * Boundary: the file outlives this trial; another one opens it. Invariant: the count in the file is what was asked for.
 */
import { DatabaseSync } from "node:sqlite";
import { openEngine, sqlite } from "plumbline";
import { fill, fillAtOnce } from "../fill.ts";
import { waitsForPerson } from "../flows/parked.ts";
import type { Figures } from "../suite.ts";

export interface ParkedFill {
  readonly file: string;
  readonly runs: number;
}

export async function trial({ file, runs }: ParkedFill): Promise<Figures> {
  const begun = performance.now();
  const engine = await openEngine({ store: sqlite(file, { durability: "normal" }), flows: [waitsForPerson] });
  await fill(runs, fillAtOnce, async (index) => {
    await engine.start(waitsForPerson, { amount: index });
  });
  await engine.close();
  const ms = performance.now() - begun;
  const waiting = waitingIn(file);
  if (waiting !== runs) throw new Error(`${waiting} runs wait, ${runs} should`);
  return { fillMs: ms };
}

/** Runs of the file that wait for a desk. */
function waitingIn(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  const count = Number(db.prepare("SELECT count(*) AS n FROM waits").get()?.n);
  db.close();
  return count;
}
