// The batch of the example: 60 units in the order in which they come along, what is true of each, and what goes wrong.
// Boundary: data only, drawn from a seed; who takes pictures of it is camera.ts, who runs it line.ts.
// Invariants: the same units every time; no seed is one that the model was trained, tuned or measured on; whatever must go
// wrong at the warehouse happens to good plain units, so that the belt surely gets them there.
import { pick, randomFrom } from "@plumbline/example-local-models/seeded-random.ts";
import type { Fault } from "./inventory/stock-ledger.ts";
import { DIFFICULTY, type Difficulty, SURFACE_KIND, type SurfaceKind } from "./metal-surface.ts";

export const CONVEYOR_SEED = 20260518;
const FIRST_SURFACE = 4_000_000;
const UNITS = 60;

export type CameraFault = "black once" | "black" | "no picture";

export interface ConveyorUnit {
  readonly unit: string;
  readonly surface: { readonly seed: number; readonly kind: SurfaceKind; readonly difficulty: Difficulty };
  /** What happens to this one, for the table. */
  readonly story?: string;
  readonly warehouseFault?: { readonly fault: Fault; readonly times?: number };
  readonly cameraFault?: CameraFault;
  readonly inspector?: "never answers";
  /** It comes along again: once while the first pass is still worked on, once after it. */
  readonly again?: boolean;
  /** The classifier gives nonsense while it is on the belt. */
  readonly modelBroken?: boolean;
}

type Special = Omit<ConveyorUnit, "unit" | "surface"> & { readonly kind?: SurfaceKind; readonly faint?: boolean };

/** By position on the belt. */
const specials: Readonly<Record<number, Special>> = {
  3: { story: "comes along again, twice", again: true },
  8: {
    story: "the warehouse moves it and its answer is lost, once",
    warehouseFault: { fault: "hang-after-moving", times: 1 },
  },
  12: { story: "the label fails after it was moved", warehouseFault: { fault: "refuse-label" } },
  17: { story: "the warehouse moves it and never answers", warehouseFault: { fault: "hang-after-moving" } },
  21: { story: "comes along again, twice", again: true, kind: "pit" },
  24: {
    story: "the warehouse moves it and answers garbage, once",
    warehouseFault: { fault: "garbage-after-moving", times: 1 },
  },
  29: { story: "the warehouse refuses it", warehouseFault: { fault: "refuse" } },
  33: { story: "the first picture is black", cameraFault: "black once" },
  38: { story: "every picture is black", cameraFault: "black" },
  41: { story: "every picture is black, and nobody looks", cameraFault: "black", inspector: "never answers" },
  45: { story: "the camera answers with no picture", cameraFault: "no picture", kind: "scratch" },
  58: { story: "the model gives nonsense", modelBroken: true, kind: "scratch" },
  59: { story: "the model gives nonsense", modelBroken: true },
  60: { story: "the model gives nonsense", modelBroken: true, kind: "stain" },
};

/** Most parts are good, and most of what is wrong is easy to see; the hard ones are still more than on a real line. */
export function conveyorUnits(): ConveyorUnit[] {
  const random = randomFrom(CONVEYOR_SEED);
  return Array.from({ length: UNITS }, (_, index) => {
    const [drawnKind, drawnDifficulty] = [
      random() < 0.5 ? "ok" : pick(SURFACE_KIND, random),
      random() < 0.4 ? "plain" : pick(DIFFICULTY, random),
    ];
    const { kind, ...special } = specials[index + 1] ?? { kind: drawnKind };
    const plain = index + 1 in specials;
    return {
      unit: `U-${String(index + 1).padStart(3, "0")}`,
      surface: {
        seed: FIRST_SURFACE + index,
        kind: kind ?? "ok",
        difficulty: plain ? "plain" : drawnDifficulty,
      },
      ...special,
    };
  });
}
