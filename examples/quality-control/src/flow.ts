// The flow of one unit on the conveyor: picture, detection, class, pass or fail, bin and label.
// Boundary: wiring only. What a step does is a plain function of its own file; camera, classifier and warehouse come in from
// whoever starts it, so that tests, example and production differ in nothing else.
// Invariants: one run a unit, by its number as the key; without a usable picture or a sure class a person decides; where the
// unit lies agrees with the decision, or the run fails and the movement is undone.
import { type Duration, flow } from "plumbline";
import { type Classification, classify, loadModel } from "./classify.ts";
import type { Detection } from "./detect.ts";
import { label, moveInto, type Warehouse } from "./placing-steps.ts";
import { type Camera, seeingSteps } from "./seeing-steps.ts";
import { placedAsDecided, Ruling, sameUnit, Unit, UnitDecision } from "./unit-decision.ts";

export interface QualityControlParts {
  readonly camera: Camera;
  /** Base URL of the inventory service. */
  readonly warehouse: string;
  /** How long one call of it may take. Default 5 s. */
  readonly warehouseTimeout?: Duration;
  /** How long the inspectors have. Default 10 min: the shift goes on. */
  readonly inspectorTimeout?: Duration;
  /** Default: the committed model. */
  readonly classifier?: (detection: Detection) => Classification;
}

export function qualityControlFlow({
  camera,
  warehouse: baseUrl,
  warehouseTimeout = "5s",
  inspectorTimeout = "10m",
  classifier = committedClassifier(),
}: QualityControlParts) {
  const warehouse: Warehouse = { baseUrl, timeout: warehouseTimeout };
  return flow("quality-control", {
    input: Unit,
    output: UnitDecision,
    checks: { "placed as decided": placedAsDecided, "same unit": sameUnit },
    deadline: "1h",
    samples: {
      stain: { unit: "U-001" },
      scratch: { unit: "U-002" },
      good: { unit: "U-004" },
      black: { unit: "U-038" },
    },
    build($, { unit }) {
      const { frame, detection, verdict } = seeingSteps($, unit, { camera, classifier });
      const decision = $.branch("decide", {
        needs: { verdict },
        choose: (needs) => needs.verdict.call,
        cases: {
          pass: () => ({ passed: true, finding: verdict.class, via: "rule" as const }),
          fail: () => ({ passed: false, finding: verdict.class, via: "rule" as const }),
          unsure: ($) =>
            $.approval("inspector", {
              title: "Is this unit good?",
              needs: { unit, verdict, frame, detection },
              decision: Ruling,
              desk: "inspection",
              timeout: inspectorTimeout,
              // A good part in scrap costs a part; a bad one in stock costs a customer.
              onTimeout: (needs) => ({ passed: false, finding: needs.verdict.class, note: "nobody looked in time" }),
            }),
        },
      });
      const placed = $.branch("place", {
        needs: { passed: decision.passed },
        choose: (needs) => (needs.passed ? "stock" : "scrap"),
        cases: {
          stock: ($) => {
            const movement = moveInto("stock", $, { unit, finding: decision.finding }, warehouse);
            const { labelId } = label($, unit, movement.movementId, warehouse);
            return { bin: "stock" as const, movementId: movement.movementId, labelId };
          },
          scrap: ($) => {
            const { movementId } = moveInto("scrap", $, { unit, finding: decision.finding }, warehouse);
            return { bin: "scrap" as const, movementId };
          },
        },
      });
      return { unit, passed: decision.passed, finding: decision.finding, via: decision.via, placed };
    },
  });
}

function committedClassifier(): (detection: Detection) => Classification {
  const model = loadModel();
  return (detection) => classify(detection, model);
}
