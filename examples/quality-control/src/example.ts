// `npm run example -- quality-control`: 60 units come along a belt, some of them twice, and things go wrong on purpose.
// Boundary: runs the line in a folder that goes away, and prints what came of it; what must come of it is in the test.
// Invariant: ends with 0 only when the warehouse's books agree with the outcomes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { CONVEYOR_SEED, conveyorUnits } from "./conveyor.ts";
import { runLine } from "./line.ts";
import { reportOf } from "./report.ts";
import { documentOf, tableOf } from "./table.ts";

export const about =
  "Factory quality control: camera, defect detection, inspector, inventory with undo; every unit tracked once";

const simulated = [
  `surfaces:  generated (seed ${CONVEYOR_SEED}), not photographed; the classifier was trained on others of the same make`,
  "camera:    simulated; gives PNG, and sometimes a black picture or none",
  "people:    a script rules for the desk, through the same call that an inbox would make",
  "warehouse: a small service of its own, in its own process, with its own books; some of its faults are switched on",
];

export async function main({ json }: { readonly json: boolean }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "plumbline-quality-control-"));
  try {
    if (!json)
      console.log(`${styleText("bold", "Quality control, from the picture to the bin")}\n${simulated.join("\n")}\n`);
    const report = reportOf(await runLine(conveyorUnits(), { folder }));
    console.log(json ? JSON.stringify({ ...documentOf(report), simulated }, undefined, 2) : tableOf(report));
    if (report.problems.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
