// Says what the committed models are worth on generated scans that none of them has seen: part of npm run train.
// Boundary: measures and prints; writes data/evaluation.json, which data/README.md quotes and a test holds to the models.
// Invariants: seeds from 1,000,000 on, which no training uses; easy and hard scans are told apart; a region that was
// not found counts as an overlap of 0 instead of being left out.
import { writeFileSync } from "node:fs";
import { detectAnomaly } from "./anomaly.ts";
import { classify } from "./classify.ts";
import { combine } from "./combine.ts";
import { measure } from "./features.ts";
import { unpackMask } from "./mask.ts";
import { drawPhantom, LESION, type Lesion, type Wish } from "./phantom.ts";
import { preprocess } from "./preprocess.ts";
import { segment } from "./segmentation.ts";

/** Overlap (intersection over union) from which a region counts as found. */
const FOUND_FROM = 0.3;

interface Group {
  /** Scans. */
  n: number;
  /** Scans with a region that was found, and the mean overlap over all scans with a region. */
  found: number;
  meanOverlap: number;
  /** Scans without a region in which one was marked. */
  falseRegions: number;
  /** Scans whose class was right, among those where the two models agreed. */
  agreed: number;
  agreedAndRight: number;
}

export type Evaluation = Readonly<Record<string, Readonly<Group>>>;

export const GROUPS: Readonly<Record<string, { readonly firstSeed: number; readonly wish: Wish }>> = Object.fromEntries(
  [
    ...[false, true].flatMap((hard) =>
      LESION.map((lesion, at) => [
        `${lesion}, ${hard ? "hard" : "plain"}`,
        { firstSeed: 1_000_000 + 10_000 * (at + (hard ? 3 : 0)), wish: { lesion, size: 128, hard } },
      ]),
    ),
    ["stripes", { firstSeed: 1_060_000, wish: { lesion: "none", size: 128, stripes: true } }],
  ],
);

/** One group of held-out scans; all of its scans are of one wish. */
export async function evaluateGroup(name: string, n: number): Promise<Group> {
  const { firstSeed, wish } = GROUPS[name] as { firstSeed: number; wish: Wish };
  const group: Group = { n, found: 0, meanOverlap: 0, falseRegions: 0, agreed: 0, agreedAndRight: 0 };
  for (let at = 0; at < n; at++) {
    const phantom = drawPhantom(firstSeed + at, wish);
    const slice = preprocess(phantom);
    const mask = unpackMask(await segment(slice, { tile: 128 }));
    const features = measure(slice, mask);
    if (wish.lesion === "none") {
      if (features.regions > 0) group.falseRegions++;
    } else {
      const overlap = overlapOf(mask, phantom.mask);
      group.meanOverlap += overlap / n;
      if (overlap >= FOUND_FROM) group.found++;
    }
    const finding = combine(classify(features), detectAnomaly(features));
    if (finding.agreed) group.agreed++;
    if (finding.agreed && finding.lesion === (wish.lesion satisfies Lesion)) group.agreedAndRight++;
  }
  return group;
}

function overlapOf(mask: Uint8Array, truth: Uint8Array): number {
  let [both, either] = [0, 0];
  mask.forEach((marked, at) => {
    if (marked === 1 && truth[at] === 1) both++;
    if (marked === 1 || truth[at] === 1) either++;
  });
  return either === 0 ? 1 : both / either;
}

if (import.meta.main) {
  const evaluation: Record<string, Group> = {};
  for (const name of Object.keys(GROUPS)) {
    const group = await evaluateGroup(name, 100);
    evaluation[name] = { ...group, meanOverlap: Number(group.meanOverlap.toFixed(3)) };
  }
  console.table(evaluation);
  writeFileSync(new URL("../data/evaluation.json", import.meta.url), `${JSON.stringify(evaluation, undefined, 2)}\n`);
}
