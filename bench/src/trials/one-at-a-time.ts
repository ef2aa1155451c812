/**
 * Flows one at a time, each beside a raw commit on the same disk.
 *
 * Boundary: time from `start` to the result in hand. Invariants: kinds of flow and raw commits take turns, so that a slow
 * moment of the disk hits all; a raw commit is one row of links, by SQLite alone, in this thread and with the same settings.
 */
import { join } from "node:path";
import { type Engine, memory, openEngine, sqlite } from "plumbline";
import { type BareWriter, openBareWriter } from "../bare/bare-writer.ts";
import { demandFour, fourSteps } from "../flows/four-steps.ts";
import { quantile } from "../rounds.ts";
import type { Figures } from "../suite.ts";
import type { TrialPlace } from "../trial.ts";

export interface OneAtATime extends TrialPlace {
  readonly turns: number;
  readonly memoryTurns: number;
  readonly warmUp: number;
}

type Kind = "read" | "pure";
const flows = { read: fourSteps("read"), pure: fourSteps("pure") };

export async function trial({ folder, turns, memoryTurns, warmUp }: OneAtATime): Promise<Figures> {
  const engine = await openEngine({ store: sqlite(join(folder, "runs.db")), flows: Object.values(flows) });
  const raw = await openBareWriter(join(folder, "raw.db"), "full");
  const times = { read: [] as number[], pure: [] as number[], raw: [] as number[] };
  for (let turn = -warmUp; turn < turns; turn++) {
    const took = { read: await flowMs(engine, "read"), pure: await flowMs(engine, "pure"), raw: rawMs(raw, turn) };
    if (turn < 0) continue;
    for (const kind of ["read", "pure", "raw"] as const) times[kind].push(took[kind]);
  }
  await engine.close();
  raw.close();
  return {
    ...spread("read", times.read),
    ...spread("pure", times.pure),
    ...spread("raw", times.raw),
    ...spread("memory", await inMemory(memoryTurns)),
  };
}

/** Closed and opened again now and then: a store in memory keeps every run that it has seen. */
async function inMemory(turns: number): Promise<number[]> {
  const times: number[] = [];
  const perEngine = 20_000;
  for (let warm = turns; times.length < turns; ) {
    const engine = await openEngine({ store: memory(), flows: Object.values(flows) });
    for (let i = 0; i < perEngine && times.length < turns; i++) {
      const ms = await flowMs(engine, "read");
      if (warm-- <= 0) times.push(ms);
    }
    await engine.close();
  }
  return times;
}

async function flowMs(engine: Engine, kind: Kind): Promise<number> {
  const begun = performance.now();
  const run = await engine.start(flows[kind], { n: 0 });
  const { outcome, output } = await run.result();
  const ms = performance.now() - begun;
  demandFour(outcome, output);
  return ms;
}

function rawMs(writer: BareWriter, turn: number): number {
  const begun = performance.now();
  writer.commit({
    runs: [1],
    lengths: [3],
    ats: [begun],
    bodies: [`[{"kind":"step.completed","at":${turn}}]`],
    ids: [],
  });
  return performance.now() - begun;
}

function spread(name: string, times: readonly number[]): Figures {
  return {
    [`${name}P50`]: quantile(times, 0.5),
    [`${name}P99`]: quantile(times, 0.99),
    [`${name}P999`]: quantile(times, 0.999),
  };
}
