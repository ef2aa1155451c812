// The flow's first part: a picture of the unit, what stands out in it, what that is, and what the rule makes of it.
// Boundary: steps and their contracts; what they do are plain functions of their own files.
// Invariants: no picture that breaks its contract is judged; without one, or without a model, the verdict is "unsure" and
// never a guess, and the belt goes on.
import { type FlowBuilder, optional, type Ref } from "plumbline";
import { Classification, classifyByShape, sumsToOne } from "./classify.ts";
import { Detection, detect } from "./detect.ts";
import { alive, decodePng, Frame, wellLit } from "./frame.ts";
import { judge, Verdict } from "./judge.ts";

/** A PNG of what lies under the camera. Asked again, it takes another picture. */
export type Camera = (unit: string, signal: AbortSignal) => Promise<Uint8Array>;

export interface Eyes {
  readonly camera: Camera;
  readonly classifier: (detection: Detection) => Classification;
}

export function seeingSteps($: FlowBuilder, unit: Ref<string>, { camera, classifier }: Eyes) {
  const captured = $.step("capture", {
    needs: { unit },
    output: Frame,
    checks: { "well lit": wellLit, alive },
    timeout: "2s",
    retry: { maxAttempts: 3, delay: "20ms", backoff: "fixed" },
  }).by({ name: "camera", run: async (needs, { signal }) => decodePng(await camera(needs.unit, signal)) });
  const frame = optional(captured, { onFailure: true }); // a broken camera must not stop the belt: a person looks instead
  const detected = $.step("detect", {
    needs: { frame },
    when: (needs) => needs.frame !== undefined,
    kind: "pure",
    output: Detection,
  }).by(function residuals(needs) {
    return detect(needs.frame as Frame);
  });
  const classification = $.step("classify", {
    needs: { detection: detected },
    kind: "pure",
    output: Classification,
    checks: { "probabilities sum to 1": sumsToOne },
  }).by(
    { name: "trained model", run: (needs) => classifier(needs.detection) },
    { name: "shape alone", run: (needs) => classifyByShape(needs.detection) },
  );
  const verdict = $.step("judge", {
    needs: { classification: optional(classification) },
    kind: "pure",
    output: Verdict,
  }).by(function rule(needs) {
    return judge(needs.classification);
  });
  return { frame, detection: optional(detected), verdict };
}
