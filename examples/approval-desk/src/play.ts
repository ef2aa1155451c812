// Plays a story on a virtual clock: requests come in, people answer or do not, time goes by, the process is restarted.
// Boundary: an engine on an SQLite file, driven through its port alone; the clock is the one of the house's own tests.
// Invariants: virtual time stands still while the engine works, so instants are exact; a row tells what the journal and the
// engine's warnings say, and nothing that this file remembers.
import { VirtualClock } from "@plumbline/testing";
import { type Engine, type Entry, openEngine, type RunHandle, sqlite, type Warning } from "plumbline";
import { approvalDesk } from "./flow.ts";
import { type Row, rowOf } from "./row.ts";
import type { Scene } from "./story.ts";

/** Monday, nine o'clock. */
const opening = Date.UTC(2026, 0, 5, 9);

export async function play(story: readonly Scene[], database: string): Promise<Row[]> {
  const clock = new VirtualClock(opening);
  const warnings: Warning[] = [];
  const open = () =>
    openEngine({
      store: sqlite(database),
      flows: [approvalDesk],
      clock,
      onWarning: (warning) => warnings.push(warning),
    });
  let engine = await open();
  const runs: string[] = [];
  const due: { readonly atMs: number; readonly happen: () => Promise<unknown> }[] = [];
  try {
    for (const scene of story) {
      await letHappen(clock, due, opening + scene.atMs);
      if (scene.afterRestart) {
        await engine.close();
        engine = await open();
      }
      const run = await engine.start(approvalDesk, { what: "one more licence", amount: 240 });
      runs.push(run.id);
      due.push(...(await consequences(engine, run, scene, clock.now())));
    }
    await letHappen(clock, due, Number.POSITIVE_INFINITY);
    const rows: Row[] = [];
    for (const [index, run] of runs.entries()) rows.push(await rowOf(engine, run, story[index]?.what ?? "", warnings));
    return rows;
  } finally {
    await engine.close();
  }
}

/** What must come of a request: somebody answers, or the desk's own timer does. Nothing when it was decided at once. */
async function consequences(engine: Engine, run: RunHandle, { answer }: Scene, now: number) {
  const entry = await first(engine, run.id, ["approval.requested", "approval.decided"]);
  if (entry.kind !== "approval.requested") {
    await run.result();
    return [];
  }
  const { id } = run;
  if (answer === undefined) return [{ atMs: entry.dueAt, happen: () => run.result() }];
  const { by, approved, reason } = answer;
  const decide = async () => {
    await engine.decide({ run: id, decision: { approved, reason }, by });
    await run.result();
  };
  return [{ atMs: now + answer.afterMs, happen: decide }];
}

/** Lets time go by up to an instant, stopping wherever something happens, until it has happened. */
async function letHappen(
  clock: VirtualClock,
  due: { readonly atMs: number; readonly happen: () => Promise<unknown> }[],
  untilMs: number,
): Promise<void> {
  due.sort((a, b) => a.atMs - b.atMs);
  for (let next = due[0]; next !== undefined && next.atMs <= untilMs; next = due[0]) {
    due.shift();
    await clock.advance(next.atMs - clock.now());
    await next.happen();
  }
  if (untilMs !== Number.POSITIVE_INFINITY) await clock.advance(untilMs - clock.now());
}

async function first(engine: Engine, run: string, kinds: readonly Entry["kind"][]): Promise<Entry> {
  for await (const { entry } of engine.watch(run)) if (kinds.includes(entry.kind)) return entry;
  throw new Error(`${run} ended without ${kinds.join(" or ")}`);
}
