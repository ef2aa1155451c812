// Plays scans through an engine, with a script in the radiologist's chair, and says what became of each.
// Boundary: starts runs and reads their journals; printing is table.ts, what is played is scans.ts.
// Invariant: what orchestration added is the run's time on the wall without the time inside the models, so contracts,
// sealing, hashing, journal, disk and the event loop all count; only waiting that was declared does not.
import type { Engine, Flow, RunHandle, RunRecord } from "plumbline";
import type { timed } from "./scan-models.ts";
import type { ScanOrder, ScanReport } from "./scan-order.ts";
import { orderOf, type ScanCase } from "./scans.ts";

type ScanFlow = Flow<ScanOrder, ScanReport>;

export interface PlayedScan {
  readonly scanId: string;
  readonly shows: string;
  readonly outcome: string;
  readonly report: ScanReport | undefined;
  /** Where the mask came from: the network, in so many tiles and attempts, or the cache. */
  readonly segmentation: string;
  readonly degradations: readonly string[];
  readonly modelMs: Readonly<Record<string, number>>;
  readonly wallMs: number;
  /** Absent where a timeout was waited for on purpose. */
  readonly orchestrationMs: number | undefined;
  /** What is not as the scan's case says; empty when all is. */
  readonly unmet: readonly string[];
}

export interface Stage {
  readonly engine: Engine;
  readonly flow: ScanFlow;
  readonly stopwatch: Pick<ReturnType<typeof timed>, "reset" | "ms">;
}

/** One scan from its order to its report. Scans are played one after another: the stopwatch is one for all. */
export async function playScan({ engine, flow, stopwatch }: Stage, scan: ScanCase): Promise<PlayedScan> {
  const order = orderOf(scan);
  stopwatch.reset();
  const begun = performance.now();
  const run = await engine.start(flow, order, { key: scan.scanId });
  const person = scan.radiologist === "answers" ? decideAsDrawn(engine, run, scan) : undefined;
  const result = await run.result();
  const wallMs = performance.now() - begun;
  await person;
  const modelMs = stopwatch.ms();
  const worked = Object.values(modelMs).reduce((sum, ms) => sum + ms, 0);
  const record = (await engine.get(run.id)) as RunRecord;
  const segmentation = segmentationOf(record);
  return {
    scanId: scan.scanId,
    shows: scan.shows,
    outcome: result.outcome,
    report: result.output,
    segmentation,
    degradations: result.degradations.map(({ path, reason }) => `${path}: ${reason}`),
    modelMs,
    wallMs,
    orchestrationMs: scan.radiologist === "sleeps" ? undefined : wallMs - worked,
    unmet: unmetOf(scan, result.output, segmentation),
  };
}

/** A simulated person, who knows what was drawn and answers at once. */
async function decideAsDrawn(engine: Engine, run: RunHandle, { wish }: ScanCase): Promise<void> {
  for await (const { entry } of engine.watch(run.id)) {
    if (entry.kind !== "approval.requested") continue;
    await engine.decide({ run: run.id, decision: { lesion: wish.lesion }, by: "script in the radiologist's chair" });
    return;
  }
}

function segmentationOf({ plan, entries }: RunRecord): string {
  // The flow's own scope has the first slots, in the order of its nodes.
  const slot = plan.scopes[0]?.nodes.findIndex(({ name }) => name === "segment");
  for (const entry of entries) {
    if (entry.kind !== "step.completed" || entry.slot !== slot) continue;
    if (entry.from !== undefined) return "cache";
    const tiles = `${entry.evidence?.["tiles"]} of ${entry.evidence?.["tile"]}`;
    return `network, ${tiles}${entry.attempt > 1 ? `, attempt ${entry.attempt}` : ""}`;
  }
  return "none";
}

function unmetOf({ expect }: ScanCase, report: ScanReport | undefined, segmentation: string): string[] {
  const unmet: string[] = [];
  if (report?.lesion !== expect.lesion) unmet.push(`lesion ${report?.lesion}, not ${expect.lesion}`);
  if (report?.via !== expect.via) unmet.push(`via ${report?.via}, not ${expect.via}`);
  const pattern = { cache: /^cache$/, "second attempt": /, attempt 2$/, network: /^network, \d+ of \d+$/ };
  const wanted = expect.segmentation ?? "network";
  if (!pattern[wanted].test(segmentation)) unmet.push(`segmentation by ${segmentation}, not ${wanted}`);
  return unmet;
}
