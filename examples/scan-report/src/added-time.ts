// Measures what orchestration adds to a scan, over more scans than the story has: each drawn anew, so no cache helps.
// Boundary: figures only; how one scan is played and what counts as added is play.ts.
// Invariant: the first scans are not counted, because they pay for compiling code that all others use.
import { playScan, type Stage } from "./play.ts";

const UNCOUNTED = 5;
const COUNTED = 25;

export interface AddedTime {
  readonly scans: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Time inside the models of the same scans. */
  readonly modelP50Ms: number;
}

export async function measureAddedTime(stage: Stage): Promise<AddedTime> {
  const added: number[] = [];
  const worked: number[] = [];
  for (let at = 0; at < UNCOUNTED + COUNTED; at++) {
    const { orchestrationMs = Number.NaN, wallMs } = await playScan(stage, {
      scanId: `measured-${at}`,
      shows: "",
      // A radiologist stands by: which of these scans the models disagree on is not known before.
      radiologist: "answers",
      seed: 6_000_000 + at,
      wish: { lesion: at % 2 === 0 ? "none" : "benign-like", size: 128 },
      language: "en",
      expect: { lesion: "none", via: "models" },
    });
    if (at < UNCOUNTED) continue;
    added.push(orchestrationMs);
    worked.push(wallMs - orchestrationMs);
  }
  return { scans: COUNTED, p50Ms: share(added, 0.5), p95Ms: share(added, 0.95), modelP50Ms: share(worked, 0.5) };
}

function share(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Number((sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN).toFixed(2));
}
