// Opens what an earlier process left and holds every value to what it must be: step by step, and the answer.
//   node --conditions=plumbline-source verify.ts --db FILE --mib N --seed S
// Boundary: a process of its own that has seen none of the values; prints one document. What must be is made again from the
// seed by plain functions, so nothing is compared with what a store said about itself.
import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Engine, fold, newState, openEngine, slotByPath, sqlite } from "plumbline";
import { largeBytes, largeJson } from "./flow.ts";
import {
  bytesOf,
  hashOfBytes,
  hashOfList,
  listOf,
  maskBytes,
  maskList,
  scoreBytes,
  scoreList,
} from "./transactions.ts";

export interface Verified {
  readonly shape: string;
  readonly step: string;
  /** Of the value alone: bytes, or JSON text. */
  readonly mib: number;
  readonly hash: string;
  readonly expected: string;
  /** How often the journal says that the step was completed. */
  readonly completed: number;
  readonly readMs: number;
}

const { values } = parseArgs({
  options: { db: { type: "string" }, mib: { type: "string" }, seed: { type: "string" } },
});
const [db, mib, seed] = [values.db ?? "", Number(values.mib), Number(values.seed)];

async function verifyShape(engine: Engine, shape: "bytes" | "json"): Promise<Verified[]> {
  const { items } = await engine.list({ key: shape });
  const record = await engine.get(items[0]?.id ?? "");
  if (record?.summary.outcome !== "succeeded") throw new Error(`the run of ${shape} has not succeeded`);
  const state = fold(newState(record.plan), record.entries);
  const answer = record.entries.find((entry) => entry.kind === "run.ended")?.output;
  const sealed = { ...valuesOf(state), answer };
  const expected = shape === "bytes" ? expectedBytes() : expectedLists();
  const verified: Verified[] = [];
  for (const step of ["load", "score", "mask", "answer"] as const) {
    const begun = performance.now();
    const value = await engine.open(record.summary.id, sealed[step] ?? "");
    const readMs = Math.round(performance.now() - begun);
    const isBytes = value instanceof Uint8Array;
    const hash = isBytes ? hashOfBytes(value) : hashOfList(value as unknown[]);
    const size = isBytes ? value.length : JSON.stringify(value).length;
    const kind = step === "answer" ? "run.ended" : "step.completed";
    const slot = slotByPath(state, step)?.id;
    const completed = record.entries.filter(
      (entry) => entry.kind === kind && (entry as { slot?: number }).slot === slot,
    );
    verified.push({
      shape,
      step,
      mib: size / 1024 / 1024,
      hash,
      expected: expected[step],
      completed: completed.length,
      readMs,
    });
  }
  return verified;
}

function valuesOf(state: Parameters<typeof slotByPath>[0]) {
  const value = (step: string) => slotByPath(state, step)?.value;
  return { load: value("load"), score: value("score"), mask: value("mask") };
}

function expectedBytes() {
  const loaded = bytesOf(seed, mib);
  const scored = scoreBytes(loaded);
  const mask = hashOfBytes(maskBytes(scored));
  return { load: hashOfBytes(loaded), score: hashOfBytes(scored), mask, answer: mask };
}

function expectedLists() {
  const loaded = listOf(seed, mib);
  const scored = scoreList(loaded);
  const mask = hashOfList(maskList(scored));
  return { load: hashOfList(loaded), score: hashOfList(scored), mask, answer: mask };
}

const engine = await openEngine({ store: sqlite(db), flows: [largeBytes, largeJson] });
const verified = [...(await verifyShape(engine, "bytes")), ...(await verifyShape(engine, "json"))];
await engine.close();
console.log(JSON.stringify({ verified, databaseMib: statSync(db).size / 1024 / 1024 }));
