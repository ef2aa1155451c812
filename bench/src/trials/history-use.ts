/**
 * Opens a file with a history and uses it: start, show, list.
 *
 * Boundary: a fresh process; the pages that it reads may be in the system's cache. Invariant: what is shown lies all over the
 * file, and lists are read at their beginning and from the middle on.
 */
import { openEngine, sqlite } from "plumbline";
import { demandFour, fourSteps } from "../flows/four-steps.ts";
import { quantile } from "../rounds.ts";
import { sampleIds } from "../sample-ids.ts";
import type { Figures } from "../suite.ts";
import type { HistoryFill } from "./history-fill.ts";

export interface HistoryUse extends HistoryFill {
  readonly times: number;
}

export async function trial({ file, times }: HistoryUse): Promise<Figures> {
  const ids = sampleIds(file, times, "runs");
  const flow = fourSteps("read");
  const begun = performance.now();
  const engine = await openEngine({ store: sqlite(file), flows: [flow] });
  const openMs = performance.now() - begun;
  const startMs = await p50Of(times, async () => {
    const run = await engine.start(flow, { n: 0 });
    const { outcome, output } = await run.result();
    demandFour(outcome, output);
  });
  const showMs = await p50Of(ids.length, async (index) => {
    const record = await engine.get(ids[index] as string);
    if (record?.entries.length !== 6) throw new Error(`${ids[index]} has ${record?.entries.length} entries`);
  });
  const list = (query: Parameters<typeof engine.list>[0]) =>
    p50Of(times, async () => {
      const { items } = await engine.list(query);
      if (items.length === 0 && query?.degraded === undefined) throw new Error("an empty list");
    });
  const listMs = await list({});
  const listFlowMs = await list({ flow: flow.name });
  const listOutcomeMs = await list({ status: "ended", outcome: "succeeded" });
  const listDegradedMs = await list({ degraded: true });
  await engine.close();
  return { openMs, startMs, showMs, listMs, listFlowMs, listOutcomeMs, listDegradedMs };
}

async function p50Of(times: number, work: (index: number) => Promise<void>): Promise<number> {
  const took: number[] = [];
  for (let index = 0; index < times; index++) {
    const begun = performance.now();
    await work(index);
    took.push(performance.now() - begun);
  }
  return quantile(took, 0.5);
}
