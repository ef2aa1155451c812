// The camera over the belt, simulated: draws the surface of the unit under it and gives it as PNG.
// Boundary: units in, PNG bytes out; it counts its exposures, so that a fault can be over after the first.
// Invariant: a picture is what the unit's seed draws; what a fault gives instead can be seen to be no picture of metal.
import type { CameraFault, ConveyorUnit } from "./conveyor.ts";
import { encodePng, SIDE } from "./frame.ts";
import { drawSurface } from "./metal-surface.ts";
import type { Camera } from "./seeing-steps.ts";

export interface SimulatedCamera {
  readonly take: Camera;
  /** Pictures taken of a unit so far. */
  readonly exposuresOf: (unit: string) => number;
}

export function simulatedCamera(units: readonly ConveyorUnit[]): SimulatedCamera {
  const exposures = new Map<string, number>();
  const byNumber = new Map(units.map((unit) => [unit.unit, unit]));
  return {
    exposuresOf: (unit) => exposures.get(unit) ?? 0,
    take: async (number, signal) => {
      signal.throwIfAborted();
      const unit = byNumber.get(number);
      if (unit === undefined) throw new Error(`no unit ${number} under the camera`);
      const exposure = (exposures.get(number) ?? 0) + 1;
      exposures.set(number, exposure);
      return faultyPicture(unit.cameraFault, exposure) ?? (await encodePng(drawSurface(unit.surface).frame));
    },
  };
}

function faultyPicture(fault: CameraFault | undefined, exposure: number): Promise<Uint8Array> | Uint8Array | undefined {
  if (fault === "no picture") return new TextEncoder().encode("sensor busy");
  if (fault === "black" || (fault === "black once" && exposure === 1)) return black();
  return undefined;
}

function black(): Promise<Uint8Array> {
  const pixels = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => (at * 7) % 3);
  return encodePng({ width: SIDE, height: SIDE, pixels });
}
