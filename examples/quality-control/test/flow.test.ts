// Goal: the flow on its own, in memory: what is sure goes its way, what is not goes to a person, what fails leaves nothing.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, openEngine } from "plumbline";
import { afterAll, beforeAll, expect, expectTypeOf, test } from "vitest";
import { qualityControl } from "../src/configured-flow.ts";
import { conveyorUnits } from "../src/conveyor.ts";
import { qualityControlFlow } from "../src/flow.ts";
import { encodePng, SIDE } from "../src/frame.ts";
import { readBooks, setFault } from "../src/inventory/client.ts";
import { type InventoryProcess, startInventory } from "../src/inventory/process.ts";
import { drawSurface, type SurfaceKind } from "../src/metal-surface.ts";
import type { UnitDecision } from "../src/unit-decision.ts";

const SEED = 77;
const folder = mkdtempSync(join(tmpdir(), "quality-flow-"));
const kinds = new Map<string, SurfaceKind | "black">();
const black = await encodePng({ width: SIDE, height: SIDE, pixels: new Uint8Array(SIDE * SIDE) });
const plain = (kind: SurfaceKind) => encodePng(drawSurface({ seed: SEED, kind, difficulty: "plain" }).frame);

let warehouse: InventoryProcess;
let engine: Engine;
let flow: ReturnType<typeof qualityControlFlow>;
beforeAll(async () => {
  warehouse = await startInventory({ db: join(folder, "inventory.db") });
  flow = qualityControlFlow({
    camera: async (unit) => {
      const kind = kinds.get(unit) ?? "ok";
      return kind === "black" ? black : plain(kind);
    },
    warehouse: warehouse.baseUrl,
    warehouseTimeout: "1s",
    inspectorTimeout: "20s",
  });
  engine = await openEngine({ flows: [flow] });
});
afterAll(async () => {
  await engine.close();
  await warehouse.stop();
  rmSync(folder, { recursive: true });
});

test("the answer of the flow is typed", () => {
  expectTypeOf<NonNullable<typeof flow.gives>>().toEqualTypeOf<UnitDecision>();
});

test("a good unit goes into stock and gets its label, by the rule", async () => {
  const { outcome, output } = await (await start("U-101", "ok")).result();
  expect(outcome).toBe("succeeded");
  expect(output).toMatchObject({ unit: "U-101", passed: true, finding: "none", via: "rule", placed: { bin: "stock" } });
  const { labels } = await readBooks(warehouse.baseUrl);
  expect(labels.filter(({ unit }) => unit === "U-101")).toMatchObject([{ valid: true }]);
});

test.each(["scratch", "pit", "stain"] as const)("a unit with a %s goes into scrap, without a label", async (kind) => {
  const unit = `U-11${kind.length}`;
  const { output } = await (await start(unit, kind)).result();
  expect(output).toMatchObject({ passed: false, finding: kind, via: "rule", placed: { bin: "scrap" } });
  const { labels } = await readBooks(warehouse.baseUrl);
  expect(labels.filter((label) => label.unit === unit)).toEqual([]);
});

test("a unit that comes along again is the same run, and is moved once", async () => {
  const first = await start("U-120", "ok");
  const second = await start("U-120", "ok");
  const { output } = await first.result();
  const third = await start("U-120", "ok");
  expect([second.id, third.id, third.created]).toEqual([first.id, first.id, false]);
  expect((await third.result()).output).toEqual(output);
  expect(await movementsOf("U-120")).toEqual(["moved stock"]);
});

test("without a usable picture a person decides, and the run is degraded", async () => {
  const run = await start("U-130", "black");
  await rule(run.id, { passed: true, finding: "none" });
  const { outcome, output, degradations } = await run.result();
  expect(outcome).toBe("degraded");
  expect(output).toMatchObject({ passed: true, via: "person", placed: { bin: "stock" } });
  expect(degradations.map(({ path }) => path)).toContain("capture");
});

test("an inspector's ruling is held to its contract, and the unit still waits", async () => {
  const run = await start("U-131", "black");
  await expect(rule(run.id, { passed: "yes", finding: "none" })).rejects.toMatchObject({ code: "decision-invalid" });
  await rule(run.id, { passed: false, finding: "stain" });
  expect((await run.result()).output).toMatchObject({ passed: false, finding: "stain", placed: { bin: "scrap" } });
});

test("what the warehouse refuses was never done: the run fails and there is nothing to undo", async () => {
  await setFault(warehouse.baseUrl, { unit: "U-140", fault: "refuse" });
  const { outcome, failedAt, standing } = await (await start("U-140", "ok")).result();
  expect([outcome, failedAt, standing]).toEqual(["failed", "place.stock.move", []]);
  expect(await movementsOf("U-140")).toEqual([]);
});

test("a label that cannot be printed undoes the movement", async () => {
  await setFault(warehouse.baseUrl, { unit: "U-141", fault: "refuse-label" });
  const { outcome, failedAt } = await (await start("U-141", "ok")).result();
  expect([outcome, failedAt]).toEqual(["failed", "place.stock.label"]);
  expect(await movementsOf("U-141")).toEqual(["moved stock", "undone stock"]);
});

test("a warehouse that moves and answers garbage is in doubt: asked again under the same key, it moved once", async () => {
  await setFault(warehouse.baseUrl, { unit: "U-142", fault: "garbage-after-moving", times: 1 });
  expect((await (await start("U-142", "ok")).result()).output).toMatchObject({ placed: { bin: "stock" } });
  expect(await movementsOf("U-142")).toEqual(["moved stock"]);
});

test("the samples are units of the example's belt, and what they say they are", () => {
  const units = new Map(conveyorUnits().map((unit) => [unit.unit, unit]));
  const sampleOf = (name: string) => units.get((qualityControl.samples[name] as { unit: string }).unit);
  const kinds = Object.keys(qualityControl.samples).map((name) => [name, sampleOf(name)?.surface.kind]);
  expect(Object.fromEntries(kinds)).toEqual({ stain: "stain", scratch: "scratch", good: "ok", black: "ok" });
  expect(sampleOf("black")?.cameraFault).toBe("black");
});

test("the README shows every step", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const drawn = readme.slice(readme.indexOf("```mermaid"), readme.indexOf("```\n", readme.indexOf("```mermaid") + 4));
  const names = qualityControl.plan.scopes.flatMap(({ nodes }) => nodes.map(({ name }) => name));
  expect(names.length).toBeGreaterThan(8);
  for (const name of names) expect(drawn).toContain(name);
});

function start(unit: string, kind: SurfaceKind | "black") {
  kinds.set(unit, kind);
  return engine.start(flow, { unit }, { key: unit });
}

/** Rules as soon as somebody may. */
async function rule(run: string, decision: unknown): Promise<void> {
  for await (const { entry } of engine.watch(run)) {
    if (entry.kind === "approval.requested") break;
  }
  await engine.decide({ run, decision, by: "a test" });
}

async function movementsOf(unit: string): Promise<string[]> {
  const { movements } = await readBooks(warehouse.baseUrl);
  return movements.filter((row) => row.unit === unit).map(({ kind, bin }) => `${kind} ${bin}`);
}
