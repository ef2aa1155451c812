/**
 * Ids of runs from all over a file.
 *
 * Boundary: reads beside the engine, with SQL of its own. Invariant: spread evenly, so that neither the oldest nor the newest
 * pages are all that is read.
 */
import { DatabaseSync } from "node:sqlite";

export function sampleIds(file: string, count: number, table: "runs" | "waits"): string[] {
  const db = new DatabaseSync(file, { readOnly: true });
  const { low, high } = db.prepare(`SELECT min(run) AS low, max(run) AS high FROM ${table}`).get() as {
    low: number;
    high: number;
  };
  const find = db.prepare(
    `SELECT id FROM runs WHERE run = (SELECT run FROM ${table} WHERE run >= ? ORDER BY run LIMIT 1)`,
  );
  const ids = Array.from(
    { length: count },
    (_, index) => find.get(Math.floor(low + ((high - low) * index) / count))?.id,
  );
  db.close();
  return [...new Set(ids.filter((id) => id !== undefined).map(String))];
}
