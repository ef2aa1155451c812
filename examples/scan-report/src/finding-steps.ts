// The flow's first part: a scan is prepared, marked, measured and judged twice.
// Boundary: steps, their retries and their cache; the work is done by the models that the flow was given.
// Invariants: a mask is asked of the network once for a picture; out of memory asks again with a smaller tile, and
// nothing else does; the two opinions do not see each other.
import type { Failure, FlowBuilder, Ref } from "plumbline";
import { Anomaly } from "./anomaly.ts";
import { Classification } from "./classify.ts";
import { Finding } from "./combine.ts";
import { Features } from "./features.ts";
import { Mask } from "./mask.ts";
import { Slice } from "./preprocess.ts";
import type { ScanModels } from "./scan-models.ts";

/** Sides of a tile by attempt: the whole scan first, then what fits into less memory. */
const TILES = [192, 96, 48];

/** Raise it when the network or the way scans are prepared changes: kept masks are then not reused. */
export const SEGMENTATION_VERSION = "1";

export function findingSteps($: FlowBuilder, scan: Ref<Slice>, models: ScanModels) {
  const slice = $.step("preprocess", { needs: { scan }, kind: "pure", output: Slice }).by(function prepare(needs) {
    return models.preprocess(needs.scan);
  });
  const mask = $.step("segment", {
    needs: { slice }, // and not the scan's id: the same picture is the same question
    kind: "pure",
    output: Mask,
    version: SEGMENTATION_VERSION,
    cache: { maxAge: "30d" },
    timeout: "30s",
    // The next attempt comes with a smaller tile, so there is nothing to wait for.
    retry: { maxAttempts: TILES.length, delay: "1ms", backoff: "fixed", retryIf: isOutOfMemory },
  }).by(async function network(needs, { attempt, signal, note }) {
    const marked = await models.segment(needs.slice, { tile: TILES[attempt - 1] ?? 48, signal });
    note({ tile: marked.tile, tiles: marked.tiles });
    return marked;
  });
  const features = $.step("measure", { needs: { slice, mask }, kind: "pure", output: Features }).by(
    function figures(needs) {
      return models.measure(needs.slice, needs.mask);
    },
  );
  const classification = $.step("classify", { needs: { features }, kind: "pure", output: Classification }).by(
    function regression(needs) {
      return models.classify(needs.features);
    },
  );
  const anomaly = $.step("detect-anomaly", { needs: { features }, kind: "pure", output: Anomaly }).by(
    function isolationForest(needs) {
      return models.detectAnomaly(needs.features);
    },
  );
  const finding = $.step("combine", { needs: { classification, anomaly }, kind: "pure", output: Finding }).by(
    function agreement(needs) {
      return models.combine(needs.classification, needs.anomaly);
    },
  );
  return { slice, mask, features, classification, anomaly, finding };
}

/** Anything else fails the same with a smaller tile. */
function isOutOfMemory({ code }: Failure): boolean {
  return code === "simulated-out-of-memory";
}
