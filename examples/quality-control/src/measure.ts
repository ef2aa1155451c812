// Measures detector, classifier and rule on the held-out frames: `npm run measure`; writes data/held-out.json, prints tables.
// Boundary: figures only; nothing is chosen here. The tables stand in data/README.md, and a test holds them to the file.
// Invariants: seeds are fixed, so a second run writes the same file; the frames are generated, and the figures say nothing
// about photographs.
import { readFileSync, writeFileSync } from "node:fs";
import { classify, loadModel, type ModelFile, REGION_CLASS, type RegionClass } from "./classify.ts";
import { detect } from "./detect.ts";
import type { Box } from "./frame.ts";
import { CALL, judge, type Verdict } from "./judge.ts";
import { DIFFICULTY, type Difficulty, SURFACE_KIND, type SurfaceKind } from "./metal-surface.ts";
import { HELD_OUT_SET, type SetPlan, surfacesOf } from "./surface-set.ts";

/** The first few of each: what a test can measure again in a second or two. */
export const SAMPLE_OF_HELD_OUT: SetPlan = { ...HELD_OUT_SET, ofEach: 6 };

/** data/held-out.json. */
export interface Recorded {
  readonly all: HeldOut;
  readonly sample: HeldOut;
}

const RECORD = new URL("../data/held-out.json", import.meta.url);

export function loadRecorded(): Recorded {
  return JSON.parse(readFileSync(RECORD, "utf8")) as Recorded;
}

type Counts<Row extends string, Column extends string> = Record<Row, Record<Column, number>>;

export interface HeldOut {
  readonly firstSeed: number;
  readonly frames: number;
  /** What a frame is (row) and what it was classified as (column). */
  readonly confusion: Counts<SurfaceKind, RegionClass>;
  /** What the rule made of good and of defective frames. */
  readonly calls: Counts<"good" | "defective", Verdict["call"]>;
  readonly byDifficulty: Record<Difficulty, DifficultyFigures>;
}

export interface DifficultyFigures {
  /** Frames with a defect, and of those the ones where some region's box overlaps the true one by `FOUND_FROM`. */
  defects: number;
  found: number;
  /** Median overlap (intersection over union) of the best region's box with the true one, of what was found. */
  boxOverlap: number;
  /** Good frames, and of those the ones with any region, before the classifier has sorted out brush marks and glare. */
  good: number;
  withRegions: number;
  /** After classifier and rule. */
  escaped: number;
  wronglyRejected: number;
  toInspector: number;
}

/** Intersection over union; a faint defect is often found in pieces. */
const FOUND_FROM = 0.1;

export function measure(plan: SetPlan = HELD_OUT_SET, model: ModelFile = loadModel()): HeldOut {
  const confusion = countsOf(SURFACE_KIND, REGION_CLASS);
  const calls = countsOf(["good", "defective"], CALL);
  const figures = Object.fromEntries(DIFFICULTY.map((name) => [name, noFigures()])) as HeldOut["byDifficulty"];
  const overlaps: Record<string, number[]> = {};
  let frames = 0;
  for (const { kind, difficulty, frame, box } of surfacesOf(plan)) {
    frames++;
    const detection = detect(frame);
    const classification = classify(detection, model);
    const { call } = judge(classification);
    const row = figures[difficulty];
    confusion[kind][classification.class]++;
    calls[kind === "ok" ? "good" : "defective"][call]++;
    if (call === "unsure") row.toInspector++;
    if (box === undefined) {
      row.good++;
      if (detection.regions.length > 0) row.withRegions++;
      if (call === "fail") row.wronglyRejected++;
    } else {
      row.defects++;
      if (call === "pass") row.escaped++;
      const best = Math.max(0, ...detection.regions.map((region) => overlap(region.box, box)));
      if (best < FOUND_FROM) continue;
      row.found++;
      overlaps[difficulty] = [...(overlaps[difficulty] ?? []), best];
    }
  }
  for (const name of DIFFICULTY) {
    const sorted = (overlaps[name] ?? []).sort((a, b) => a - b);
    figures[name].boxOverlap = Number((sorted[sorted.length >> 1] ?? 0).toFixed(2));
  }
  return { firstSeed: plan.firstSeed, frames, confusion, calls, byDifficulty: figures };
}

/** The tables of data/README.md. */
export function tablesOf({ confusion, calls, byDifficulty }: HeldOut): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  const head = (cells: readonly string[]) => [line(cells), `|${"---|".repeat(cells.length)}`];
  return [
    ...head(["truth, and classified as", ...REGION_CLASS]),
    ...SURFACE_KIND.map((kind) => line([kind, ...REGION_CLASS.map((name) => confusion[kind][name])])),
    "",
    ...head(["truth, and the rule's call", ...CALL]),
    ...(["good", "defective"] as const).map((truth) => line([truth, ...CALL.map((call) => calls[truth][call])])),
    "",
    ...head([
      "difficulty",
      "defects found",
      "box overlap, median",
      "good frames with regions",
      "defects passed",
      "good ones failed",
      "to the inspector",
    ]),
    ...DIFFICULTY.map((name) => {
      const of = byDifficulty[name];
      return line([
        name,
        `${of.found} of ${of.defects}`,
        of.boxOverlap.toFixed(2),
        `${of.withRegions} of ${of.good}`,
        of.escaped,
        of.wronglyRejected,
        of.toInspector,
      ]);
    }),
  ].join("\n");
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left) + 1;
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) + 1;
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (areaOf(a) + areaOf(b) - width * height);
}

function areaOf({ left, top, right, bottom }: Box): number {
  return (right - left + 1) * (bottom - top + 1);
}

function countsOf<Row extends string, Column extends string>(
  rows: readonly Row[],
  columns: readonly Column[],
): Counts<Row, Column> {
  const zeros = () => Object.fromEntries(columns.map((column) => [column, 0]));
  return Object.fromEntries(rows.map((row) => [row, zeros()])) as Counts<Row, Column>;
}

function noFigures(): DifficultyFigures {
  return {
    defects: 0,
    found: 0,
    boxOverlap: 0,
    good: 0,
    withRegions: 0,
    escaped: 0,
    wronglyRejected: 0,
    toInspector: 0,
  };
}

if (import.meta.main) {
  const recorded: Recorded = { all: measure(), sample: measure(SAMPLE_OF_HELD_OUT) };
  writeFileSync(RECORD, `${JSON.stringify(recorded, null, 2)}\n`);
  const { frames, firstSeed } = recorded.all;
  console.log(`${frames} held-out generated frames (seeds from ${firstSeed})\n\n${tablesOf(recorded.all)}`);
}
