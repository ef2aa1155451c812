// The scans of the example: what is drawn in each, who reads its report, and what must come of it.
// Boundary: a list; playing it is play.ts. Seeds are from 5,000,000 on, which nothing was trained or evaluated on.
// Invariant: what is expected is written here before anything runs; the second of two identical scans has another id.
import { drawPhantom, type Lesion, type Wish } from "./phantom.ts";
import type { ScanOrder } from "./scan-order.ts";
import type { Language } from "./translate.ts";

export interface ScanCase {
  readonly scanId: string;
  readonly shows: string;
  readonly seed: number;
  readonly wish: Wish;
  readonly language: Language;
  /** Where the models do not agree: says what is drawn, or sleeps. The person is a script. */
  readonly radiologist?: "answers" | "sleeps";
  readonly expect: {
    readonly lesion: Lesion | "unclear";
    readonly via: "models" | "person" | "timeout";
    readonly segmentation?: "cache" | "second attempt";
  };
}

const malignant: Wish = { lesion: "malignant-like", size: 128 };

export const scanCases: readonly ScanCase[] = [
  {
    scanId: "scan-1",
    shows: "a clean scan",
    seed: 5_000_000,
    wish: { lesion: "none", size: 128 },
    language: "en",
    expect: { lesion: "none", via: "models" },
  },
  {
    scanId: "scan-2",
    shows: "a region that both models object to",
    seed: 5_000_000,
    wish: malignant,
    language: "en",
    expect: { lesion: "malignant-like", via: "models" },
  },
  {
    scanId: "scan-3",
    shows: "a patient who reads Spanish",
    seed: 5_000_001,
    wish: { lesion: "benign-like", size: 128 },
    language: "es",
    expect: { lesion: "benign-like", via: "models" },
  },
  {
    scanId: "scan-4",
    shows: "the models do not agree: a radiologist decides",
    seed: 5_000_000,
    wish: { ...malignant, hard: true },
    language: "en",
    radiologist: "answers",
    expect: { lesion: "malignant-like", via: "person" },
  },
  {
    scanId: "scan-5",
    shows: "the picture of scan-2 again: its mask comes from the cache",
    seed: 5_000_000,
    wish: malignant,
    language: "en",
    expect: { lesion: "malignant-like", via: "models", segmentation: "cache" },
  },
  {
    scanId: "scan-6",
    shows: "a large scan: out of memory (simulated), then in tiles",
    seed: 5_000_000,
    wish: { lesion: "benign-like", size: 192 },
    language: "en",
    expect: { lesion: "benign-like", via: "models", segmentation: "second attempt" },
  },
  {
    scanId: "scan-7",
    shows: "a disturbed scan, and nobody at the desk",
    seed: 5_000_000,
    wish: { lesion: "none", size: 128, stripes: true },
    language: "es",
    radiologist: "sleeps",
    expect: { lesion: "unclear", via: "timeout" },
  },
];

export function orderOf({ scanId, seed, wish, language }: Omit<ScanCase, "shows" | "expect">): ScanOrder {
  const { size, pixels } = drawPhantom(seed, wish);
  return { scanId, language, scan: { size, pixels } };
}
