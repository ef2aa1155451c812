// Pass, fail or unsure: what the line does with a unit whose frame was classified, and why, in a sentence.
// Boundary: pure; a classification (or none, when there was no picture) in, a verdict out. People are the flow's.
// Invariants: without a picture nothing passes and nothing fails; what lies between the two limits goes to a person.
import { z } from "zod";
import { type Classification, REGION_CLASS } from "./classify.ts";

export const CALL = ["pass", "fail", "unsure"] as const;

export const Verdict = z.object({
  call: z.enum(CALL),
  class: z.enum(REGION_CLASS),
  reason: z.string().min(1),
});
export type Verdict = z.infer<typeof Verdict>;

/**
 * Probabilities of a defect, chosen on the 400 tuning frames: a lower first limit of 0.1 would send 11 more units to the
 * inspector to catch 2 more defects, and no good frame reached the second one. What lies between is the inspector's.
 */
const PASSES_BELOW = 0.2;
const FAILS_FROM = 0.9;

export function judge(classification: Classification | undefined): Verdict {
  if (classification === undefined) return { call: "unsure", class: "none", reason: "there is no usable picture" };
  const { class: found, defect, certainty, region } = classification;
  const likely = `${(100 * defect).toFixed(0)} % likely`;
  if (region === undefined) return { call: "pass", class: "none", reason: "nothing stands out" };
  if (defect < PASSES_BELOW) return { call: "pass", class: "none", reason: `a defect is only ${likely}` };
  if (defect < FAILS_FROM) return { call: "unsure", class: found, reason: `a defect is ${likely}` };
  return { call: "fail", class: found, reason: `${found}, ${(100 * certainty).toFixed(0)} % certain` };
}
