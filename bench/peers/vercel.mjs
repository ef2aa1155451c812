// Vercel's Workflow SDK in its local world: JSON files on the disk and a queue in memory, all in this process.
// Boundary: handlers are called in process, as its own plugin for tests does it. Files are written and renamed without a sync:
// they survive the death of the process, not the loss of power. "polled" asks for the status every few milliseconds, where
// `returnValue` asks once a second. Invariant: flows are compiled once for what they say, before anything is timed in later rounds.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StandaloneBuilder } from "@workflow/builders";
import { createLocalWorld } from "@workflow/world-local";
import { start } from "workflow/api";
import { setWorld } from "workflow/runtime";

const pollMs = 5;
const sources = ["vercel-flows.mjs", "four-steps.mjs"];

export async function open(folder, { polled = false } = {}) {
  const built = await compiled();
  const world = createLocalWorld({ dataDir: join(folder, "workflow-data") });
  setWorld(world);
  const load = createRequire(import.meta.url);
  world.registerHandler("__wkf_step_", load(join(built, "steps.cjs")).POST);
  world.registerHandler("__wkf_workflow_", load(join(built, "workflows.cjs")).POST);
  await world.start?.();
  const { workflows } = JSON.parse(readFileSync(join(built, ".well-known/workflow/v1/manifest.json"), "utf8"));
  const named = Object.assign({}, ...Object.values(workflows));
  const answer = async (name, args) => {
    const run = await start({ workflowId: named[name].workflowId }, args);
    while (polled && ["pending", "running"].includes(await run.status)) await sleep(pollMs);
    return run.returnValue;
  };
  return {
    four: () => answer("fourSteps", [0]),
    carry: (kind) => answer("carry", [kind]),
    close: () => world.close?.(),
  };
}

/** The folder of the compiled flows, which depends on what they say. */
async function compiled() {
  const here = import.meta.dirname;
  const hash = createHash("sha256");
  for (const source of sources) hash.update(readFileSync(join(here, source)));
  const workingDir = join(here, ".workflow", hash.digest("hex").slice(0, 16));
  const done = join(workingDir, "done");
  if (existsSync(done)) return workingDir;
  mkdirSync(workingDir, { recursive: true });
  for (const source of sources) copyFileSync(join(here, source), join(workingDir, source));
  const before = process.cwd();
  process.chdir(workingDir); // its compiler keeps a cache wherever it stands
  await new StandaloneBuilder({
    buildTarget: "standalone",
    workingDir,
    stepsBundlePath: "steps.cjs",
    workflowsBundlePath: "workflows.cjs",
    webhookBundlePath: "webhook.cjs",
  }).build();
  process.chdir(before);
  writeFileSync(done, "");
  return workingDir;
}
