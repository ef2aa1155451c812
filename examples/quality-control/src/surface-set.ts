// The sets of generated surfaces: to train on, to choose thresholds on, and held out to report on.
// Boundary: names seeds and counts; drawing is metal-surface.ts.
// Invariants: no seed is in two sets; every set has as many of each kind at each difficulty; the held-out one is used for
// figures only, never to choose anything.
import { DIFFICULTY, drawSurface, SURFACE_KIND, type Surface } from "./metal-surface.ts";

export interface SetPlan {
  readonly firstSeed: number;
  /** Frames of each of the four kinds at each of the four difficulties. */
  readonly ofEach: number;
}

export const TRAINING_SET: SetPlan = { firstSeed: 1_000_000, ofEach: 80 };
export const TUNING_SET: SetPlan = { firstSeed: 2_000_000, ofEach: 25 };
export const HELD_OUT_SET: SetPlan = { firstSeed: 3_000_000, ofEach: 30 };

/** More of each than any set has; so a smaller `ofEach` gives a part of the same set. */
const SEEDS_OF_EACH = 1000;

/** Drawn one by one, so that a set is never in memory as a whole. */
export function* surfacesOf({ firstSeed, ofEach }: SetPlan): Generator<Surface> {
  let seed = firstSeed;
  for (const difficulty of DIFFICULTY) {
    for (const kind of SURFACE_KIND) {
      for (let index = 0; index < ofEach; index++) yield drawSurface({ seed: seed + index, kind, difficulty });
      seed += SEEDS_OF_EACH;
    }
  }
}
