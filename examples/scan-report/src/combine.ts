// Puts the opinions of classifier and detector together, and says when a person must look.
// Boundary: two opinions in, a finding out; who is asked and how long is the flow's.
// Invariant: what is not agreed is never answered by this program alone: `agreed` is false, with a reason in words.
import { z } from "zod";
import type { Anomaly } from "./anomaly.ts";
import type { Classification } from "./classify.ts";
import { LESION } from "./phantom.ts";

/** Nearer to one half than this, the classifier has no opinion. */
const UNSURE_WITHIN = 0.2;

export const Finding = z.object({
  lesion: z.enum(LESION),
  agreed: z.boolean(),
  /** Why a person must look; empty when both models agree. */
  reasons: z.array(z.string()),
});
export type Finding = z.infer<typeof Finding>;

export function combine({ lesion, probability }: Classification, { unusual, score, about }: Anomaly): Finding {
  const reasons: string[] = [];
  if (unusual && about === "slice") {
    reasons.push(
      `the detector finds the slice as a whole unusual (${score.toFixed(2)}), the classifier says ${lesion}`,
    );
  } else if (unusual && lesion !== "malignant-like") {
    reasons.push(`the classifier says ${lesion}, the detector says unusual (${score.toFixed(2)})`);
  }
  if (!unusual && lesion === "malignant-like") {
    reasons.push(`the classifier says malignant-like, the detector says usual (${score.toFixed(2)})`);
  }
  if (lesion !== "none" && Math.abs(probability - 0.5) < UNSURE_WITHIN) {
    reasons.push(`the classifier is unsure (${probability.toFixed(2)})`);
  }
  return { lesion, agreed: reasons.length === 0, reasons };
}
