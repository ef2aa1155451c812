// The line: takes the conveyor's units through an engine, some at a time, each exactly once by its number.
// Boundary: wires camera, warehouse, classifier, engine and inspector, waits for the end; what is shown is table.ts.
// Invariants: a unit is started under its own number, however often it comes along; the warehouse's faults are switched on
// before the belt moves; the classifier is broken only after all other units have ended.
import { join } from "node:path";
import { inParallel } from "@plumbline/example-local-services/work-queue.ts";
import { openEngine, type RunResult, sqlite } from "plumbline";
import { simulatedCamera } from "./camera.ts";
import { type Classification, classify, loadModel } from "./classify.ts";
import type { ConveyorUnit } from "./conveyor.ts";
import { qualityControlFlow } from "./flow.ts";
import { scriptedInspector } from "./inspector.ts";
import { type Books, readBooks, setFault } from "./inventory/client.ts";
import { startInventory } from "./inventory/process.ts";
import type { UnitDecision } from "./unit-decision.ts";

/** Most of a unit's time is waiting for the warehouse's disk. */
const AT_A_TIME = 8;
/** Two calls of this length are how long a dead answer costs; the others take milliseconds. */
const WAREHOUSE_TIMEOUT = "1500ms";
/** Short, so that the one that nobody looks at does not hold up the example. */
const INSPECTOR_TIMEOUT = "5s";

export interface InspectedUnit {
  readonly unit: ConveyorUnit;
  readonly result: RunResult<UnitDecision>;
  /** Runs that its passes under the camera gave; more than one would be a unit counted twice. */
  readonly runs: readonly string[];
  readonly passes: number;
  readonly exposures: number;
}

export interface Inspected {
  readonly units: readonly InspectedUnit[];
  readonly books: Books;
  readonly ms: number;
}

export interface LineOptions {
  /** Both databases. Run again on the same ones, it goes on where it was killed. */
  readonly folder: string;
  readonly onEnd?: (unit: string) => void;
}

/** Runs the whole belt. */
export async function runLine(conveyor: readonly ConveyorUnit[], { folder, onEnd }: LineOptions): Promise<Inspected> {
  const camera = simulatedCamera(conveyor);
  const model = loadModel();
  let broken = false;
  await using warehouse = await startInventory({ db: join(folder, "inventory.db") });
  await switchFaultsOn(warehouse.baseUrl, conveyor);
  const flow = qualityControlFlow({
    camera: camera.take,
    warehouse: warehouse.baseUrl,
    warehouseTimeout: WAREHOUSE_TIMEOUT,
    inspectorTimeout: INSPECTOR_TIMEOUT,
    classifier: (detection) => (broken ? nonsense : classify(detection, model)),
  });
  const engine = await openEngine({ store: sqlite(join(folder, "plumbline.db")), flows: [flow] });
  const begun = performance.now();
  const inspect = async (unit: ConveyorUnit): Promise<InspectedUnit> => {
    // Another pass comes while the first is still being worked on, or after it: it makes no difference.
    const passes = await Promise.all(
      Array.from({ length: unit.again ? 2 : 1 }, () => engine.start(flow, { unit: unit.unit }, { key: unit.unit })),
    );
    const result = await (passes[0] as (typeof passes)[number]).result();
    onEnd?.(unit.unit);
    const late = unit.again ? [await engine.start(flow, { unit: unit.unit }, { key: unit.unit })] : [];
    const runs = [...new Set([...passes, ...late].map(({ id }) => id))];
    const exposures = camera.exposuresOf(unit.unit);
    return { unit, result, runs, passes: passes.length + late.length, exposures };
  };
  const batch = async () => {
    const { before = [], after = [] } = Object.groupBy(conveyor, (unit) => (unit.modelBroken ? "after" : "before"));
    const inspected = await inParallel(before, AT_A_TIME, inspect);
    broken = true;
    return [...inspected, ...(await inParallel(after, AT_A_TIME, inspect))];
  };
  try {
    const units = await scriptedInspector(engine, conveyor).during(batch());
    return { units, books: await readBooks(warehouse.baseUrl), ms: performance.now() - begun };
  } finally {
    await engine.close();
  }
}

/** What a model gives whose weights were lost: broken in a way that only its contract sees. */
const nonsense: Classification = {
  class: "none",
  defect: 0,
  certainty: 0.9,
  probabilities: { none: 0.9, scratch: 0.9, pit: 0.9, stain: 0.9 },
};

async function switchFaultsOn(warehouse: string, conveyor: readonly ConveyorUnit[]): Promise<void> {
  for (const { unit, warehouseFault } of conveyor) {
    if (warehouseFault) await setFault(warehouse, { unit, ...warehouseFault });
  }
}
