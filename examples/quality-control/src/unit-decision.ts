// What goes into the flow and what comes out: a unit, an inspector's ruling, and where the unit lies in the end.
// Boundary: contracts and the checks across their fields; pure.
// Invariants: a unit that passed lies in stock, one that failed in scrap; a label is for units in stock alone.
import { z } from "zod";
import { REGION_CLASS } from "./classify.ts";

/** The number on the part. Not the picture: a unit that passes the camera twice must be the same input. */
export const Unit = z.object({ unit: z.string().regex(/^U-\d{3,}$/) });

/** What an inspector says, or the line itself when none answers. */
export const Ruling = z.object({
  passed: z.boolean(),
  /** What the inspector saw; the classifier's word when they say nothing else. */
  finding: z.enum(REGION_CLASS),
  note: z.string().max(200).optional(),
});
export type Ruling = z.infer<typeof Ruling>;

/** `rule`: the line decided by itself. The others are how an approval ends. */
export const VIA = ["rule", "person", "timeout", "breaker"] as const;

export const UnitDecision = z.object({
  unit: z.string(),
  passed: z.boolean(),
  finding: z.enum(REGION_CLASS),
  via: z.enum(VIA),
  placed: z.discriminatedUnion("bin", [
    z.object({ bin: z.literal("stock"), movementId: z.string(), labelId: z.string() }),
    z.object({ bin: z.literal("scrap"), movementId: z.string() }),
  ]),
});
export type UnitDecision = z.infer<typeof UnitDecision>;

export function placedAsDecided({ unit, passed, placed }: UnitDecision): true | string {
  const bin = passed ? "stock" : "scrap";
  return placed.bin === bin || `${unit} ${passed ? "passed" : "failed"} and lies in ${placed.bin}`;
}

export function sameUnit({ unit }: UnitDecision, asked: { readonly unit: string }): true | string {
  return unit === asked.unit || `asked about ${asked.unit}, answered about ${unit}`;
}
